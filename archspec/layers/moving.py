"""Plain signals turned and mirrored as a whole, about the centre of their grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from archspec.layers.precision import Fixed


def keeps_grid(matrix: NDArray[np.float64]) -> bool:
    """Whether a matrix maps the grid onto itself, as quarter turns and flips do."""
    return bool(np.abs(matrix - np.rint(matrix)).max(initial=0.0) < 1e-9)


def axes_of(matrix: NDArray[Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The arguments of `permuted` for a signed permutation matrix: axes to mirror, and the new place of each axis."""
    dims = len(matrix)
    # Axis a of the input becomes axis b of the output where the matrix has an entry (a, b).
    along = [int(np.flatnonzero(np.rint(row))[0]) for row in matrix]
    return tuple(a - dims for a, b in enumerate(along) if matrix[a][b] < 0), tuple(b - dims for b in along)


def permuted(x: Tensor, mirrored: tuple[int, ...], along: tuple[int, ...]) -> Tensor:
    """(…, *S): x(matrix·p) at every point p, coordinates about the centre, given the `axes_of` the matrix."""
    axes = tuple(range(-len(along), 0))
    y = torch.flip(x, mirrored) if mirrored else x
    return y if along == axes else torch.movedim(y, axes, along)


def places(matrix: NDArray[np.float64], size: tuple[int, int]) -> Tensor:
    """(*size, 2), float64: the point at which `turned` samples for each point of the last two axes.

    As (column, row) from -1 to 1, the order of `torch.nn.functional.grid_sample`.
    """
    points = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in size), indexing="ij"), -1)
    return torch.from_numpy((points @ matrix[-2:, -2:].T)[..., ::-1].copy())


def turned(x: Tensor, where: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(B, *shape) sampled at points `where` of its last two axes, by bicubic interpolation; zero beyond the grid."""
    flat = torch.reshape(x, (1, -1, *shape[-2:]))
    y = F.grid_sample(flat, torch.unsqueeze(where, 0), mode="bicubic", padding_mode="zeros", align_corners=True)
    return torch.reshape(y, (-1, *shape))


class Moves(Fixed):
    """Moves plain signals (B, C, *S): x(p) becomes x(A·p) for each of N matrices A (N, dims, dims).

    Quarter turns and flips only permute values; other turns interpolate in the last two axes.
    """

    def __init__(self, matrices: NDArray[np.float64], channels: int, grid: tuple[int, ...]) -> None:
        super().__init__()
        self.shape, self.order = (channels, *grid), len(matrices)
        self.axes = [axes_of(matrix) if keeps_grid(matrix) else None for matrix in matrices]
        for i, matrix in enumerate(matrices):
            if self.axes[i] is None:
                self.fix(f"places_{i}", places(matrix, (grid[-2], grid[-1])))

    def one(self, x: Tensor, element: int) -> Tensor:
        """(B, C, *S) moved by the matrix with this index."""
        axes = self.axes[element]
        return turned(x, getattr(self, f"places_{element}"), self.shape) if axes is None else permuted(x, *axes)

    def each(self, x: Tensor) -> Tensor:
        """(N, B, C, *S): the signals moved by every matrix."""
        return torch.stack([self.one(x, i) for i in range(self.order)], 0)

    def apart(self, x: Tensor) -> Tensor:
        """(N·B, C, *S) to (N, B, C, *S): the i-th part of the batch moved by the i-th matrix."""
        parts = torch.unflatten(x, 0, (self.order, -1))
        return torch.stack([self.one(torch.select(parts, 0, i), i) for i in range(self.order)], 0)

    def chosen(self, x: Tensor, elements: Tensor) -> Tensor:
        """(B, C, *S): signal i moved by the matrix with index elements[i]; `elements` is (B,)."""
        index = torch.reshape(elements, (1, -1, *(1,) * len(self.shape))).expand(1, -1, *self.shape)
        return torch.squeeze(torch.gather(self.each(x), 0, index), 0)

    def mixed(self, x: Tensor, weights: Tensor) -> Tensor:
        """(B, C, *S): the sum over the matrices of the moved signals, with weights (B, N)."""
        shares = torch.reshape(torch.transpose(weights, 0, 1), (self.order, -1, *(1,) * len(self.shape)))
        return torch.sum(self.each(x) * shares, 0)
