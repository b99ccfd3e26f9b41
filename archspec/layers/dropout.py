"""Dropout that is equivariant."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.layers.layer import Active, Layer

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target


class Dropout(Layer):
    """Sets points, or whole channels, to zero in training; the `shared` axes after the channels share one mask."""

    prunable: ClassVar[bool] = True

    def __init__(self, rate: float, channels: bool, shared: int, dims: int) -> None:
        super().__init__()
        self.rate, self.channels, self.shared, self.dims = rate, channels, shared, dims

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        points = (1,) * self.dims if self.channels else tuple(x.shape[2 + self.shared :])
        mask = F.dropout(
            torch.ones(*x.shape[:2], *(1,) * self.shared, *points, dtype=x.dtype, device=x.device), self.rate
        )
        return x * mask

    def prune(self, active: Active) -> None:
        """Do nothing: it is the identity in evaluation."""

    def plain(self, target: Target = "torch") -> nn.Module:
        """The identity."""
        return nn.Identity()
