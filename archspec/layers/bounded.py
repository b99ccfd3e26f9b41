"""Numbers that are kept within bounds, and are learned at the bounds too."""

from __future__ import annotations

import torch
from torch import Tensor


def bounded(x: Tensor, low: float, high: float) -> Tensor:
    """`x.clamp(low, high)`, with the gradient of x at the bounds too, and none beyond them.

    From torch 2.15 on, `clamp` itself has none at the bounds: what begins there would never be learned.
    """
    return torch.where((x >= low) & (x <= high), x, x.detach().clamp(low, high))
