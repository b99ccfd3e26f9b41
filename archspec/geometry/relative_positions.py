"""The keys of self-attention for each point of the grid, and their relative coordinates. Arrays only, no torch.

Letters: N elements of the group, P points of the grid, K keys per point, U distinct relative coordinates of one axis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from archspec.geometry.groups import Group
from archspec.geometry.tap_grid import TapGrid, disc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

RIM = 0.5  # width of the soft rim of a disc, in steps of the reference grid
Shape = Literal["auto", "disc", "square"]


class View(NamedTuple):
    """Which keys each point has: those in a window around it, or all points of the grid.

    Attributes:
        group: the group of the output.
        grid: points per axis.
        window: extent of the window per axis, in reference steps; None for all points.
        spacing: distance of the points per axis, in reference steps; empty where it is 1.
        shape: shape of the window; `auto` is a disc if the group has turns other than quarter turns, else a square.
    """

    group: Group
    grid: tuple[int, ...]
    window: int | None
    spacing: tuple[Fraction, ...] = ()
    shape: Shape = "auto"

    @property
    def round(self) -> bool:
        """Whether the window is a disc; in one dimension it is an interval in either case, and this is False."""
        dims = len(self.grid)
        disc = self.shape == "disc" or (self.shape == "auto" and not self.group.action(dims).exact)
        return disc and self.window is not None and dims > 1

    @property
    def taps(self) -> TapGrid:
        """The window as the taps of a kernel; without a window, all offsets between two points of the grid."""
        if self.window is not None:
            return TapGrid((self.window,) * len(self.grid), self.spacing)
        steps = self.spacing or (Fraction(1),) * len(self.grid)
        return TapGrid(tuple(2 * round(n * step) - 1 for n, step in zip(self.grid, steps, strict=True)), self.spacing)


@dataclass(frozen=True)
class Positions:
    """The arrays of a view that a layer needs.

    Attributes:
        keys: (P, K): index of the point of each key; None if every point has all points as keys.
        weight: (P, K): added to the scores, -inf for keys outside the grid; None if all are zero.
        coordinates: per axis (U,): the distinct relative coordinates, turned back by every element; a window spans
            [-1, 1].
        index: per axis, the index of the coordinate for each element and key, (N, K); if every point has all points as
            keys, p·U + index for query point p, (P, N, K).
    """

    keys: Integers | None
    weight: Floats | None
    coordinates: tuple[Floats, ...]
    index: tuple[Integers, ...]


@lru_cache(maxsize=4096)
def counts(view: View) -> tuple[int, tuple[int, ...]]:
    """K, and U of each axis, computed without the arrays."""
    keys = math.prod(view.grid)
    if view.round or not view.group.action(len(view.grid)).exact:
        offsets, _ = _offsets(view)
        return len(offsets) if view.window else keys, tuple(len(values) for values, _ in _turned(view, offsets))
    taps = view.taps.taps if view.window else tuple(2 * n - 1 for n in view.grid)
    return math.prod(taps) if view.window else keys, taps


@lru_cache(maxsize=64)
def positions(view: View) -> Positions:
    """The arrays of a view, cached."""
    offsets, weight = _offsets(view)
    turned = _turned(view, offsets)
    radius = view.taps.radius
    coordinates = tuple(values / radius for values, _ in turned)
    grid = view.grid
    points = np.indices(grid).reshape(len(grid), -1).T
    if view.window is None:
        way = points[None] - points[:, None] + np.array(grid) - 1  # (P query, P key, dims)
        which = np.ravel_multi_index(tuple(np.moveaxis(way, -1, 0)), tuple(2 * n - 1 for n in grid))
        start = np.arange(len(points))[:, None, None]
        pairs = (start * len(values) + np.moveaxis(at[:, which], 0, 1) for values, at in turned)
        return Positions(None, None, coordinates, tuple(pairs))
    steps = np.array([float(s) for s in view.taps.steps])
    near = points[:, None] + np.rint(offsets / steps).astype(np.int64)
    inside = np.all((near >= 0) & (near < np.array(grid)), axis=-1)
    keys = np.ravel_multi_index(tuple(np.moveaxis(np.where(inside[..., None], near, 0), -1, 0)), grid)
    added = np.where(inside, weight, -np.inf)
    return Positions(keys, added if np.any(added) else None, coordinates, tuple(at for _, at in turned))


def _offsets(view: View) -> tuple[Floats, Floats]:
    """(K, dims), offsets of the keys in reference steps, and (K,), the logarithms of their weights.

    The weight of a key is the fraction of its cell inside the window, times that of the disc for a round window.
    """
    taps = view.taps
    if view.window is None:
        axes = [(np.arange(2 * n - 1) - (n - 1)) * float(s) for n, s in zip(view.grid, taps.steps, strict=True)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes)), np.zeros(1)
    shares = taps.shares()
    weight = np.ones(math.prod(taps.taps)) if shares is None else shares
    if view.round:
        weight = weight * disc(taps, RIM)
    return taps.offsets()[weight > 0], np.log(weight[weight > 0])


def _turned(view: View, offsets: Floats) -> list[tuple[Floats, Integers]]:
    """Per axis, the distinct values of the offsets turned back by all elements, (U,), and the index of each, (N, K)."""
    turned = np.einsum("hji,kj->hki", view.group.action(len(view.grid)).matrices, offsets)
    found = []
    for values in np.moveaxis(turned, -1, 0):
        _, first, at = np.unique(np.round(values, 9), return_index=True, return_inverse=True)
        found.append((values.reshape(-1)[first], at.reshape(values.shape)))
    return found
