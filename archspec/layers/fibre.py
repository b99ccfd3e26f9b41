"""Moves along the group axis."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Restrict(nn.Module):
    """(B, C, N, *S) to (B, C·N/K, K, *S): each coset of the subgroup becomes a channel. `rows` is (N/K, K)."""

    index: Tensor

    def __init__(self, rows: NDArray[np.int64], channels: int) -> None:
        super().__init__()
        self.cosets, self.order = rows.shape
        self.channels = channels
        self.register_buffer("index", torch.from_numpy(rows.reshape(-1).copy()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        y = x.index_select(2, self.index).flatten(1, 2)
        return y.unflatten(1, (self.channels * self.cosets, self.order)) if self.order > 1 else y

    def plain(self) -> nn.Module:
        """A reordering of the folded channels."""
        size = len(self.index)
        if torch.equal(self.index, torch.arange(size, device=self.index.device)):
            return nn.Identity()
        return _Reorder((torch.arange(self.channels, device=self.index.device)[:, None] * size + self.index).flatten())


class GroupPool(nn.Module):
    """(B, C, N, *S) to (B, C, *S): maximum or mean over the group."""

    def __init__(self, channels: int, order: int, reduce: str) -> None:
        super().__init__()
        self.channels, self.order, self.reduce = channels, order, reduce

    def forward(self, x: Tensor) -> Tensor:
        return torch.amax(x, 2) if self.reduce == "max" else torch.mean(x, 2)

    def plain(self) -> nn.Module:
        """The same after unfolding the channels."""
        return _Unfolded(self)


class _Reorder(nn.Module):
    index: Tensor

    def __init__(self, index: Tensor) -> None:
        super().__init__()
        self.register_buffer("index", index)

    def forward(self, x: Tensor) -> Tensor:
        return torch.index_select(x, 1, self.index)


class _Unfolded(nn.Module):
    def __init__(self, pool: GroupPool) -> None:
        super().__init__()
        self.channels, self.order, self.reduce = pool.channels, pool.order, pool.reduce

    def forward(self, x: Tensor) -> Tensor:
        y = torch.unflatten(x, 1, (self.channels, self.order))
        return torch.amax(y, 2) if self.reduce == "max" else torch.mean(y, 2)
