"""Where a convolution kernel is sampled, and how its samples make the expanded bank. Arrays only, no torch.

Letters: N elements of the group, M elements a kernel has on its own group axis (N, or 1), K taps, R kernels.
The bank is ψ(h⁻¹u, h⁻¹h'): for quarter turns and flips the samples are those of one grid, permuted; other angles
need samples on the turned grids (or, for a table, interpolation between its taps).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from archspec.groups import Group

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Sampling:
    """The sampling of one kernel of `taps` taps per axis on a group.

    Attributes:
        points: (P, dims + e) coordinates of the samples: space, the kernel spanning [-1, 1], then the group embedding.
        index: (N, M, K) which sample stands at bank[h, h', tap].
        turns: (K, N·K) interpolation from a table's taps to the turned grids; None when `index` alone does it.
    """

    points: NDArray[np.float64]
    index: NDArray[np.int64]
    turns: NDArray[np.float64] | None


@lru_cache(maxsize=4096)
def sample_count(group: Group, taps: tuple[int, ...], mixing: bool) -> tuple[int, int]:
    """P and dims + e of the sampling, without making it."""
    action = group.action(len(taps))
    turned = 1 if action.exact or math.prod(taps) == 1 else group.order
    elements = group.order if mixing else 1
    return turned * elements * math.prod(taps), len(taps) + (action.embedding.shape[1] if mixing else 0)


@lru_cache(maxsize=256)
def sampling(group: Group, taps: tuple[int, ...], mixing: bool) -> Sampling:
    """The sampling of a kernel on `group`; with `mixing` the kernel has an axis over the group's elements too."""
    dims = len(taps)
    action = group.action(dims)
    order, elements, count = group.order, group.order if mixing else 1, math.prod(taps)
    offsets = tap_offsets(taps)
    radius = max(1.0, (max(taps) - 1) / 2)
    relative = action.relative if mixing else np.zeros((order, 1), dtype=np.int64)
    embedding = action.embedding if mixing else np.zeros((1, 0))
    turned = np.einsum("hji,kj->hki", action.matrices, offsets)
    if action.exact or count == 1:
        grids = offsets[None]
        tap = _nearest(turned, offsets)
        index = relative[:, :, None] * count + tap[:, None, :]
        turns = None
    else:
        grids = turned
        start = np.arange(order)[:, None, None] * elements * count
        index = start + relative[:, :, None] * count + np.arange(count)
        turns = _interpolation(turned, taps)
    points = np.concatenate(
        [
            np.broadcast_to(grids[:, None] / radius, (len(grids), elements, count, dims)),
            np.broadcast_to(embedding[None, :, None], (len(grids), elements, count, embedding.shape[1])),
        ],
        axis=-1,
    ).reshape(-1, dims + embedding.shape[1])
    return Sampling(points, index, turns)


def tap_offsets(taps: tuple[int, ...]) -> NDArray[np.float64]:
    """(K, dims) offsets of the taps from the kernel's centre, in grid steps."""
    axes = [np.arange(k) - (k - 1) / 2 for k in taps]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(taps))


def disc(taps: tuple[int, ...], softness: float) -> NDArray[np.float64]:
    """(K,) weights of a disc through the outermost taps whose rim falls to zero over `softness` grid steps."""
    distance = np.linalg.norm(tap_offsets(taps), axis=1)
    radius = (min(taps) - 1) / 2
    weights: NDArray[np.float64] = np.clip((radius + softness - distance) / softness, 0.0, 1.0)
    return weights


def _nearest(points: NDArray[np.float64], offsets: NDArray[np.float64]) -> NDArray[np.int64]:
    distance = np.abs(points[:, :, None] - offsets).max(axis=-1)
    assert distance.min(axis=-1).max() < 1e-6, "an exact group maps taps onto taps"
    return np.asarray(distance.argmin(axis=-1))


def _interpolation(points: NDArray[np.float64], taps: tuple[int, ...]) -> NDArray[np.float64]:
    """(K, N·K) multilinear weights of each tap at each turned tap; zero outside the table."""
    places = (points + (np.array(taps) - 1) / 2).reshape(-1, len(taps))
    low = np.floor(places + 1e-9)
    weights = np.zeros((math.prod(taps), len(places)))
    for corner in product((0, 1), repeat=len(taps)):
        at = (low + corner).astype(np.int64)
        share = np.prod(1 - np.abs(places - at), axis=1)
        inside = np.all((at >= 0) & (at < np.array(taps)), axis=1) & (share > 1e-12)
        rows = np.ravel_multi_index(tuple(at[inside].T), taps)
        np.add.at(weights, (rows, np.flatnonzero(inside)), share[inside])
    return weights
