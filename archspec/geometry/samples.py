"""The sampling points of a convolution kernel, and the indices by which its samples form the bank. No torch.

Letters: N elements of the group, M elements on the kernel's own group axis (N, or 1; times Q for a kernel that spans Q
scales), K taps, R kernels, P samples. The bank is ψ(h⁻¹u, h⁻¹h'). For quarter turns and flips it consists of the
samples on one grid, permuted. Other angles need samples on every turned grid, which a table interpolates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from archspec.geometry.action import Action, turns_of
from archspec.geometry.sampling import Sampling
from archspec.geometry.tap_grid import TapGrid, disc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """The sampling points of a kernel, and how its samples form the bank.

    Attributes:
        taps: taps per axis.
        points: (P, dims + e) coordinates of the samples: position, then the embedding of the group element.
        index: (N, M, K): bank[h, h', tap] is the sample with this index.
        turns: (K₀, F·K): interpolation matrix from a table's K₀ taps to the taps of F turned grids. The other turned
            grids are permutations of these: of the eight of C8, F is two. None where no interpolation is needed.
        alike: (N, K): index of each turned tap among these F·K; None where no interpolation is needed.
        subset: (K,): indices of these taps among a table's; None if they are all of them.
        factor: (K,): factor of each tap; None if all are 1.
        smoothing: half width, in taps, of a low-pass filter over the taps; 0 for none.
    """

    taps: tuple[int, ...]
    points: Array
    index: NDArray[np.int64]
    turns: Array | None = None
    alike: NDArray[np.int64] | None = None
    subset: NDArray[np.int64] | None = None
    factor: Array | None = None
    smoothing: int = 0


def samples(where: Sampling, cropped: tuple[int, ...] = ()) -> Samples:
    """The samples of a kernel, cached.

    Args:
        where: where the kernel is sampled.
        cropped: taps per axis on the reference grid after cropping by a window; empty if nothing is cropped.
    """
    # The number of kernels and the width of their window have no effect, so that they are not part of the cache's key.
    alike = where._replace(rows=1, spread=1.0, taps=where.taps._replace(cropped=cropped))
    if where.out:
        return _at_turns(alike)
    return _at_elements(alike) if where.spatial else _on_the_group(alike)


@lru_cache(maxsize=256)
def _at_elements(where: Sampling) -> Samples:
    """The samples of a kernel at the elements of its group."""
    group, grid = where.group, where.taps
    taps = grid.taps
    action = group.action(len(taps))
    order, count, offsets = group.order, math.prod(taps), grid.offsets()
    relative, embedding = _fibre(action, where.mixes, where.coordinates, where.span)
    elements = len(embedding)
    turned = np.einsum("hji,kj->hki", action.matrices, offsets)
    if action.exact or count == 1:
        grids, turns, alike = offsets[None], None, None
        at = np.arange(count)[None] if group.trivial else _tap_at(turned, grid)
        index = relative[:, :, None] * count + at[:, None, :]
    else:
        first, alike = _unlike(action, grid)
        grids, turns = turned, _interpolation(turned[first], grid.sizes)
        start = np.arange(order)[:, None, None] * elements * count
        index = start + relative[:, :, None] * count + np.arange(count)
    spatial = grid.coordinates(grids)
    points = np.concatenate(
        [
            np.broadcast_to(spatial[:, None], (len(grids), elements, count, spatial.shape[-1])),
            np.broadcast_to(embedding[None, :, None], (len(grids), elements, count, embedding.shape[1])),
        ],
        axis=-1,
    ).reshape(-1, spatial.shape[-1] + embedding.shape[1])
    partly = grid.cropped and not grid.spacing
    subset = _tap_at(offsets, TapGrid(grid.sizes, causal=grid.causal)) if partly else None
    return Samples(taps, points, index, turns, alike, subset, _factor(grid, where.rim, where.factor), grid.smoothing)


def _at_turns(where: Sampling) -> Samples:
    """The samples of a continuous kernel between the angles of output elements and those of input elements."""
    out, read, offsets = np.array(where.out), np.array(where.read), where.taps.offsets()
    angles = read[None, :] - out[:, None] if where.mixes else np.zeros((len(out), 1))
    if not where.mixes:
        embedding = np.zeros((len(out), 1, 0))
    elif where.coordinates == "circle":
        embedding = np.stack([np.cos(angles), np.sin(angles)], -1)
    else:
        embedding = (np.remainder(angles + 1e-12, 2 * math.pi) / math.pi - 1)[..., None]
    if where.span > 1:
        scales = np.broadcast_to(_positions_of(where.span)[None, :, None], (len(out), where.span, angles.shape[1]))
        tiled = np.tile(embedding, (1, where.span, 1))
        embedding = np.concatenate([tiled, scales.reshape(len(out), -1, 1)], -1)
    grids = np.einsum("hji,kj->hki", turns_of(out, len(where.taps.sizes)), offsets)
    spatial = where.taps.coordinates(grids)[:, None] if where.spatial else np.zeros((len(out), 1, len(offsets), 0))
    shape = (len(out), embedding.shape[1], len(offsets))
    parts = [np.broadcast_to(part, (*shape, part.shape[-1])) for part in (spatial, embedding[:, :, None])]
    points = np.concatenate(parts, -1)
    index = np.arange(math.prod(shape)).reshape(shape)
    factor = _factor(where.taps, where.rim, where.factor)
    return Samples(where.taps.taps, points.reshape(-1, points.shape[-1]), index, factor=factor)


def _on_the_group(where: Sampling) -> Samples:
    """The samples of a kernel over the group only: a linear map at each position that convolves over the elements."""
    dims = len(where.taps.sizes)
    relative, embedding = _fibre(where.group.action(dims), where.mixes, where.coordinates, where.span)
    factor = None if where.factor == 1 else np.full(1, where.factor)
    return Samples((1,) * dims, embedding, relative[:, :, None], factor=factor)


def _fibre(action: Action, mixing: bool, coordinates: str, span: int) -> tuple[NDArray[np.int64], Array]:
    """(N, M), the kernel's element for each output and input element, and (M, e), coordinates of the kernel's elements.

    Scales have evenly spaced coordinates from -1 to 1.
    """
    order = len(action.matrices)
    relative = action.relative if mixing else np.zeros((order, 1), dtype=np.int64)
    embedding = action.embedded(coordinates) if mixing else np.zeros((1, 0))
    if span == 1:
        return relative, embedding
    apart, scales = len(embedding), np.repeat(_positions_of(span), len(embedding))[:, None]
    embedding = np.concatenate([np.tile(embedding, (span, 1)), scales], 1)
    return np.concatenate([relative + apart * scale for scale in range(span)], 1), embedding


def _positions_of(span: int) -> Array:
    return np.linspace(-1, 1, span)


def _factor(grid: TapGrid, softness: float | None, scale: float) -> Array | None:
    known = [f for f in (grid.shares(), None if softness is None else disc(grid, softness)) if f is not None]
    if not known and scale == 1:
        return None
    factor: Array = scale * np.prod([np.ones(math.prod(grid.taps)), *known], axis=0)
    return factor


def _unlike(action: Action, grid: TapGrid) -> tuple[list[int], NDArray[np.int64]]:
    """The first F elements whose turned grids are not permutations of one another, and (N, K), see `Samples.alike`."""
    offsets, first, alike = grid.offsets(), list[int](), []
    for element, inverse in enumerate(action.relative[:, 0]):
        between = action.product[first, inverse] if first else np.zeros(0, dtype=np.int64)
        same = np.flatnonzero(action.whole[between])
        if len(same):
            at = _tap_at(offsets @ np.rint(action.matrices[between[same[0]]]).T, grid)
        else:
            same, at = np.array([len(first)]), np.arange(len(offsets))
            first.append(element)
        alike.append(same[0] * len(offsets) + at)
    return first, np.stack(alike)


def _tap_at(points: Array, grid: TapGrid) -> NDArray[np.int64]:
    """(…, K): index of the tap at each of the points (…, K, dims), all of which must be taps of the grid."""
    first = grid.offsets()[0]
    steps = np.array([float(s) for s in grid.steps])
    places = (points - first) / steps
    at = np.rint(places).astype(np.int64)
    assert np.abs(places - at).max() < 1e-6, "an exact group maps taps onto taps"
    return np.asarray(np.ravel_multi_index(tuple(np.moveaxis(at, -1, 0)), grid.taps))


def _interpolation(points: Array, taps: tuple[int, ...]) -> Array:
    """(K₀, N·K): weights of multilinear interpolation of a table at points (N, K, dims); zero outside the table."""
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
