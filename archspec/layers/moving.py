"""Signals moved as a whole: turned and mirrored about the centre of their grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from archspec.layers.precision import Fixed


def keeps_grid(matrix: NDArray[np.float64]) -> bool:
    """Whether a matrix maps the points of a grid onto one another: quarter turns and flips."""
    return bool(np.abs(matrix - np.rint(matrix)).max(initial=0.0) < 1e-9)


def axes_of(matrix: NDArray[Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of a signed permutation of the grid's axes: those that `permuted` mirrors, and where it puts each."""
    dims = len(matrix)
    # Axis a of what is read lies along axis b of the result where the matrix has an entry.
    along = [int(np.flatnonzero(np.rint(row))[0]) for row in matrix]
    return tuple(a - dims for a, b in enumerate(along) if matrix[a][b] < 0), tuple(b - dims for b in along)


def permuted(x: Tensor, mirrored: tuple[int, ...], along: tuple[int, ...]) -> Tensor:
    """(…, *S) read at matrix·p about the centre of the grid, for the `axes_of` a matrix."""
    axes = tuple(range(-len(along), 0))
    y = torch.flip(x, mirrored) if mirrored else x
    return y if along == axes else torch.movedim(y, axes, along)


def places(matrix: NDArray[np.float64], size: tuple[int, int]) -> Tensor:
    """(*size, 2), float64: where `turned` reads for each point of the last two axes, (column, row) from -1 to 1."""
    points = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in size), indexing="ij"), -1)
    return torch.from_numpy((points @ matrix[-2:, -2:].T)[..., ::-1].copy())


def turned(x: Tensor, where: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(B, *shape) read at these places of its last two axes, bicubic; beyond the grid there are zeros."""
    flat = torch.reshape(x, (1, -1, *shape[-2:]))
    y = F.grid_sample(flat, torch.unsqueeze(where, 0), mode="bicubic", padding_mode="zeros", align_corners=True)
    return torch.reshape(y, (-1, *shape))


class Moves(Fixed):
    """Plain signals (B, C, *S) read at each of N matrices (N, dims, dims).

    Quarter turns and flips move numbers only; other turns are interpolated in the last two axes.
    """

    def __init__(self, matrices: NDArray[np.float64], channels: int, grid: tuple[int, ...]) -> None:
        super().__init__()
        self.shape, self.order = (channels, *grid), len(matrices)
        self.axes = [axes_of(matrix) if keeps_grid(matrix) else None for matrix in matrices]
        for i, matrix in enumerate(matrices):
            if self.axes[i] is None:
                self.fix(f"places_{i}", places(matrix, (grid[-2], grid[-1])))

    def one(self, x: Tensor, element: int) -> Tensor:
        """(B, C, *S) read at one of the matrices."""
        axes = self.axes[element]
        return turned(x, getattr(self, f"places_{element}"), self.shape) if axes is None else permuted(x, *axes)

    def each(self, x: Tensor) -> Tensor:
        """(N, B, C, *S): the same signals read at every matrix."""
        return torch.stack([self.one(x, i) for i in range(self.order)], 0)

    def apart(self, x: Tensor) -> Tensor:
        """(N·B, C, *S) to (N, B, C, *S): the i-th part read at the i-th matrix."""
        parts = torch.unflatten(x, 0, (self.order, -1))
        return torch.stack([self.one(torch.select(parts, 0, i), i) for i in range(self.order)], 0)

    def chosen(self, x: Tensor, elements: Tensor) -> Tensor:
        """(B, C, *S): each signal read at the matrix of its own of `elements` (B,)."""
        index = torch.reshape(elements, (1, -1, *(1,) * len(self.shape))).expand(1, -1, *self.shape)
        return torch.squeeze(torch.gather(self.each(x), 0, index), 0)

    def mixed(self, x: Tensor, weights: Tensor) -> Tensor:
        """(B, C, *S): the sum over the matrices, by weights (B, N)."""
        shares = torch.reshape(torch.transpose(weights, 0, 1), (self.order, -1, *(1,) * len(self.shape)))
        return torch.sum(self.each(x) * shares, 0)
