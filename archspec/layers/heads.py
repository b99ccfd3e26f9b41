"""Heads: pool the grid, then a linear map."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from archspec.layers.inheriting import seen
from archspec.layers.layer import Layer

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target
    from archspec.geometry.units import Units


class Readout(Layer):
    """(B, C, *S) to (B, outputs)."""

    def __init__(self, channels: int, outputs: int, pool: str, dims: int) -> None:
        super().__init__()
        self.pool, self.axes = pool, tuple(range(2, 2 + dims))
        self.linear = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        if self.pool == "last":
            pooled = x[..., -1]
        else:
            pooled = torch.mean(x, self.axes) if self.pool == "mean" else torch.amax(x, self.axes)
        scores: Tensor = self.linear(pooled)
        return scores

    def plain(self, target: Target = "torch") -> nn.Module:
        """Itself: nothing in it but torch."""
        return copy.deepcopy(self)

    @torch.no_grad()
    def inherit(self, other: nn.Module, reads: Units, gives: Units) -> int:
        """Take over the linear map from the channels that the parent has; see `Layer.inherit`."""
        if not isinstance(other, Readout) or other.linear.out_features != self.linear.out_features:
            return 0
        self.linear.weight.copy_(seen(other.linear.weight[..., None], reads, gives)[..., 0])
        self.linear.bias.copy_(other.linear.bias)
        return self.linear.out_features * (1 + int((reads.of >= 0).any(1).sum()))
