"""Dropout that keeps a group's symmetry."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Dropout(nn.Module):
    """Zeroes points, or whole channels, in training; `shared` axes after the channels share one mask."""

    def __init__(self, rate: float, channels: bool, shared: int, dims: int) -> None:
        super().__init__()
        self.rate, self.channels, self.shared, self.dims = rate, channels, shared, dims

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = (1,) * self.dims if self.channels else tuple(x.shape[2 + self.shared :])
        mask = F.dropout(
            torch.ones(*x.shape[:2], *(1,) * self.shared, *kept, dtype=x.dtype, device=x.device), self.rate
        )
        return x * mask

    def plain(self) -> nn.Module:
        """Nothing, once training is over."""
        return nn.Identity()
