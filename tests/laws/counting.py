"""What torch does in one pass, counted: FLOPs, and the numbers that softmaxes write."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from archspec.testing import counted_flops as counted

aten = torch.ops.aten
__all__ = ["counted", "shared_out"]


def shared_out(model: nn.Module, x: Tensor) -> int:
    """Numbers that softmaxes write in one forward pass; written out, one begins with exponentials."""
    with Shares() as shares:
        model(x)
    return shares.written


class Shares(TorchDispatchMode):
    """Counts what softmaxes write."""

    written = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if function.overloadpacket in (aten._softmax, aten.exp):
            self.written += result.numel()
        return result
