"""Layers that change the group axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archspec.layers.layer import Active, Layer
from archspec.layers.precision import Fixed

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target


class Restrict(Layer, Fixed):
    """(B, C, N, *S) to (B, C·N/K, K, *S): each coset of a subgroup of order K becomes a channel.

    Args:
        rows: (N/K, K) element indices, one coset per row.
        channels: C.
    """

    index: Tensor

    def __init__(self, rows: NDArray[np.int64], channels: int) -> None:
        super().__init__()
        self.cosets, self.order = rows.shape
        self.channels = channels
        self.fix("index", torch.tensor(rows.reshape(-1)))

    def forward(self, x: Tensor) -> Tensor:
        y = x.index_select(2, self.index).flatten(1, 2)
        return y.unflatten(1, (self.channels * self.cosets, self.order)) if self.order > 1 else y

    def plain(self, target: Target = "torch") -> nn.Module:
        """A permutation of the folded channels."""
        size = len(self.index)
        if torch.equal(self.index, torch.arange(size, device=self.index.device)):
            return nn.Identity()
        return _Reorder((torch.arange(self.channels, device=self.index.device)[:, None] * size + self.index).flatten())


class GroupPool(Layer):
    """(B, C, N, *S) to (B, C, *S): maximum or mean over the group."""

    prunable: ClassVar[bool] = True

    def __init__(self, channels: int, order: int, reduce: str) -> None:
        super().__init__()
        self.channels, self.order, self.reduce = channels, order, reduce
        self.shares: Tensor | None = None

    def forward(self, x: Tensor, weights: Tensor | None = None) -> Tensor:
        if weights is None:
            return torch.amax(x, 2) if self.reduce == "max" else torch.mean(x, 2)
        weighted = x * weights
        if self.reduce == "mean":
            return torch.sum(weighted, 2) / torch.sum(weights, 0)
        return torch.amax(weighted.masked_fill(weights == 0, -torch.inf), 2)

    def prune(self, active: Active) -> None:
        """Pool active elements only, times their weights."""
        self.order, self.shares = len(active.reads), active.weights

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same on the folded layout."""
        return _Unfolded(self)


class _Reorder(nn.Module):
    index: Tensor

    def __init__(self, index: Tensor) -> None:
        super().__init__()
        self.register_buffer("index", index)

    def forward(self, x: Tensor) -> Tensor:
        return torch.index_select(x, 1, self.index)


class SelectElements(Layer):
    """(B, C·N, *S) to (B, C·N', *S): select some elements of a folded signal.

    Args:
        places: positions of the selected elements among the N.
        order: N.
    """

    def __init__(self, places: list[int], order: int) -> None:
        super().__init__()
        self.places, self.order = places, order

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same; it needs to know how many channels there are."""
        return self

    def forward(self, x: Tensor) -> Tensor:
        apart = torch.unflatten(x, 1, (-1, self.order))
        return torch.flatten(torch.stack([torch.select(apart, 2, place) for place in self.places], 2), 1, 2)


class Weighted(Layer):
    """(B, C·N, *S) to (B, C·N, *S): each element of a folded signal times its weight, of `weights` (N,)."""

    weights: Tensor

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.register_buffer("weights", weights)

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same; it needs to know how many channels there are."""
        return self

    def forward(self, x: Tensor) -> Tensor:
        apart = torch.unflatten(x, 1, (-1, len(self.weights)))
        return torch.flatten(torch.movedim(torch.movedim(apart, 2, -1) * self.weights, -1, 2), 1, 2)


class _Unfolded(nn.Module):
    shares: Tensor | None

    def __init__(self, pool: GroupPool) -> None:
        super().__init__()
        self.register_buffer("shares", pool.shares)
        self.channels, self.order, self.reduce = pool.channels, pool.order, pool.reduce

    def forward(self, x: Tensor) -> Tensor:
        y = torch.unflatten(x, 1, (self.channels, self.order))
        if self.shares is not None:
            y = torch.movedim(torch.movedim(y, 2, -1) * self.shares, -1, 2)
            if self.reduce == "mean":
                return torch.sum(y, 2) / torch.sum(self.shares)
        return torch.amax(y, 2) if self.reduce == "max" else torch.mean(y, 2)
