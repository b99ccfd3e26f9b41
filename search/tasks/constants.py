"""Numbers that every step of a training needs on its device: they are copied there once."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=64)
def constant(numbers: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """The numbers as a tensor (n,), which everyone who asks shares: it must not be written to."""
    with torch.inference_mode(False):
        return torch.tensor(numbers, dtype=dtype, device=device)
