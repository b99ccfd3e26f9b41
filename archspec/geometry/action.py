"""The action of a finite group on the axes of a grid: matrices in double precision, and tables derived from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Action:
    """The action of a group on a grid of `dims` axes.

    Groups with scales have matrices but no tables, since products can be outside their finite range of scales.

    Attributes:
        matrices: (N, dims, dims), float64, acting on axis coordinates in array order.
    """

    matrices: NDArray[np.float64]

    @cached_property
    def product(self) -> NDArray[np.int64]:
        """(N, N): `product[a, b]` is the index of a·b."""
        return self.index_of(np.einsum("aij,bjk->abik", self.matrices, self.matrices))

    @cached_property
    def relative(self) -> NDArray[np.int64]:
        """(N, N): `relative[a, b]` is the index of a⁻¹·b."""
        return self.index_of(np.einsum("aji,bjk->abik", self.matrices, self.matrices))

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """(N,): whether each element maps the grid onto itself."""
        return np.asarray(np.all(np.abs(self.matrices - np.rint(self.matrices)) < 1e-9, axis=(1, 2)))

    @cached_property
    def exact(self) -> bool:
        """Whether every element maps the grid onto itself, as quarter turns and flips do."""
        return bool(self.whole.all())

    @cached_property
    def mixed_axes(self) -> tuple[tuple[int, int], ...]:
        """Pairs of axes that some element turns into one another; their lengths must be equal."""
        couples = np.abs(self.matrices).max(axis=0) > 1e-9
        dims = len(couples)
        return tuple((a, b) for a in range(dims) for b in range(a + 1, dims) if couples[a, b] or couples[b, a])

    @cached_property
    def moved_axes(self) -> tuple[int, ...]:
        """Axes that some element moves; strided grids must be symmetric along these."""
        dims = self.matrices.shape[1]
        return tuple(a for a in range(dims) if np.any(self.matrices[:, a, a] < 1 - 1e-9))

    @cached_property
    def embedding(self) -> NDArray[np.float64]:
        """(N, e): the elements as coordinates of a continuous kernel: (cos, sin) of an angle, ±1 for a reflection."""
        count, dims = self.matrices.shape[:2]
        turns = self.matrices[:, -2:, -2] if dims == 2 else self.matrices[:, :, :-1].reshape(count, -1)
        signs = np.linalg.det(self.matrices)[:, None]
        columns = np.concatenate([turns, signs], axis=1)
        return columns[:, np.ptp(columns, axis=0) > 1e-9]

    def embedded(self, coordinates: str) -> NDArray[np.float64]:
        """`embedding` for "circle"; for "interval" (N, 1), C_n's angle / π - 1, as in the code of the papers."""
        if coordinates == "circle":
            return self.embedding
        count = len(self.matrices)
        return np.linspace(-1, 1, count, endpoint=False)[:, None] if count > 1 else np.zeros((1, 0))

    def index_of(self, matrices: NDArray[np.float64]) -> NDArray[np.int64]:
        """(…): indices of the elements with matrices (…, dims, dims); ValueError if one is not in the group."""
        distance = np.abs(matrices[..., None, :, :] - self.matrices).max(axis=(-1, -2))
        if distance.min(axis=-1).max() > 1e-9:
            raise ValueError("not all of these matrices are elements of the group")
        return np.asarray(distance.argmin(axis=-1))


def planar(count: int, flips: bool, dims: int) -> NDArray[np.float64]:
    """(N, dims, dims): `count` turns of the last two axes and, with `flips`, each of them times the flip."""
    flip = np.eye(dims)
    flip[max(dims - 2, 0), max(dims - 2, 0)] = -1
    turns = turns_of(2 * math.pi * np.arange(count) / count, dims) if dims >= 2 else np.eye(dims)[None]
    return np.concatenate([turns, flip @ turns]) if flips else turns


def turns_of(angles: NDArray[np.float64], dims: int) -> NDArray[np.float64]:
    """(N, dims, dims): turns of the last two axes by N angles in radians, from the first of the two to the second."""
    c, s = np.cos(angles), np.sin(angles)
    # Quarter turns are made exact.
    quarter = np.abs(angles / (math.pi / 2) - np.rint(angles / (math.pi / 2))) < 1e-12
    c, s = np.where(quarter, np.rint(c), c), np.where(quarter, np.rint(s), s)
    matrices = np.tile(np.eye(dims), (len(angles), 1, 1))
    matrices[:, -2:, -2:] = np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)
    return matrices


def solid(name: str) -> NDArray[np.float64]:
    """(N, 3, 3): the turns of the tetrahedron (T), of the cube (O), or the latter and their mirror images (Oh)."""
    matrices = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            proper, even = np.linalg.det(matrix) > 0, np.prod(signs) > 0
            if name == "Oh" or (proper and (name == "O" or even)):
                matrices.append(matrix)
    return np.array(matrices)
