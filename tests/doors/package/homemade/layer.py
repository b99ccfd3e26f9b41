"""The layer of the block."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.layer import Active, Layer


class Gain(Layer):
    """(B, C, *S) or (B, C, N, *S), scaled along C."""

    prunable: ClassVar[bool] = True

    def __init__(self, channels: int, order: int, dims: int, start: float) -> None:
        super().__init__()
        self.order, self.dims = order, dims
        self.factor = nn.Parameter(torch.full((channels,), start))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor.view(-1, *(1,) * (x.dim() - 2))

    def prune(self, active: Active) -> None:
        self.order = len(active.gives)

    def plain(self, target: str = "torch") -> nn.Module:
        return _Folded(self.factor.detach().repeat_interleave(self.order).view(-1, *(1,) * self.dims))


class _Folded(nn.Module):
    def __init__(self, factor: Tensor) -> None:
        super().__init__()
        self.factor = nn.Parameter(factor)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor
