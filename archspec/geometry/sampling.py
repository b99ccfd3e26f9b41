"""Where a convolution kernel is sampled, and how its samples make the expanded bank. Arrays only, no torch.

Letters: N elements of the group, M elements a kernel has on its own group axis (N, or 1), K taps, R kernels.
On scales a kernel reads Q of them, and M is Q times as many. The bank is ψ(h⁻¹u, h⁻¹h'): for quarter turns and flips
the samples are those of one grid, permuted; other angles need samples on the turned grids (or, for a table,
interpolation between its taps).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from archspec.geometry.action import Action, turns_of
from archspec.geometry.groups import Group
from archspec.geometry.tap_grid import Lattice, disc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Coordinates = Literal["circle", "interval"]


@dataclass(frozen=True)
class Sampling:
    """The sampling of one kernel on a group.

    Attributes:
        taps: taps per axis.
        points: (P, dims + e) coordinates of the samples: space, then the group embedding.
        index: (N, M, K) which sample stands at bank[h, h', tap].
        turns: (K₀, F·K) interpolation from a table's K₀ taps to F of the turned grids, those which no others are
            permuted: of the eight of C8, two; None when `index` alone does it.
        alike: (N, K) which of these F·K is each of the turned taps.
        kept: (K,) which of a table's taps these are; None when they are all.
        factor: (K,) what each tap is multiplied by; None where it is 1.
        smoothing: half width of the low-pass filter over the taps; 0 for none.
    """

    taps: tuple[int, ...]
    points: Array
    index: NDArray[np.int64]
    turns: Array | None = None
    alike: NDArray[np.int64] | None = None
    kept: NDArray[np.int64] | None = None
    factor: Array | None = None
    smoothing: int = 0


@lru_cache(maxsize=4096)
def sample_count(
    group: Group, taps: tuple[int, ...], mixing: bool, coordinates: str = "circle", span: int = 1
) -> tuple[int, int]:
    """P and dims + e of the sampling, without making it."""
    action = group.action(len(taps))
    turned = 1 if action.exact or math.prod(taps) == 1 else group.order
    elements = group.order if mixing else 1
    embedded = group.action(len(taps)).embedded(coordinates).shape[1] if mixing else 0
    return turned * elements * span * math.prod(taps), len(taps) + embedded + (span > 1)


@lru_cache(maxsize=256)
def sampling(
    group: Group,
    lattice: Lattice,
    mixing: bool,
    softness: float | None = None,
    scale: float = 1.0,
    coordinates: str = "circle",
    span: int = 1,
) -> Sampling:
    """The sampling of a kernel on `group`; with `mixing` the kernel has an axis over the group's elements too.

    `softness` is that of the disc which limits the kernel, if one does; `scale` a factor of all taps; `span` the number
    of scales that it reads.
    """
    taps = lattice.taps
    action = group.action(len(taps))
    order, count, offsets = group.order, math.prod(taps), lattice.offsets()
    relative, embedding = _fibre(action, mixing, coordinates, span)
    elements = len(embedding)
    turned = np.einsum("hji,kj->hki", action.matrices, offsets)
    if action.exact or count == 1:
        grids, turns, alike = offsets[None], None, None
        at = np.arange(count)[None] if group.trivial else _tap_at(turned, lattice)
        index = relative[:, :, None] * count + at[:, None, :]
    else:
        first, alike = _unlike(action, lattice)
        grids, turns = turned, _interpolation(turned[first], lattice.sizes)
        start = np.arange(order)[:, None, None] * elements * count
        index = start + relative[:, :, None] * count + np.arange(count)
    spatial = lattice.coordinates(grids)
    points = np.concatenate(
        [
            np.broadcast_to(spatial[:, None], (len(grids), elements, count, spatial.shape[-1])),
            np.broadcast_to(embedding[None, :, None], (len(grids), elements, count, embedding.shape[1])),
        ],
        axis=-1,
    ).reshape(-1, spatial.shape[-1] + embedding.shape[1])
    partly = lattice.kept and not lattice.spacing
    kept = _tap_at(offsets, Lattice(lattice.sizes, causal=lattice.causal)) if partly else None
    return Sampling(taps, points, index, turns, alike, kept, _factor(lattice, softness, scale), lattice.smoothing)


class Place(NamedTuple):
    """Where a convolution samples its kernel; called with the taps that a window keeps, the sampling.

    Attributes:
        group: whose elements the kernel is moved by.
        lattice: of the taps.
        mixes: whether the kernel has an axis over the group's elements.
        softness: of the disc that limits the kernel; None without one.
        scale: a factor of all taps.
        coordinates: how the kernel sees the elements.
        spatial: whether it is a function of the position too.
        span: scales that it reads.
        out: turns to sample it at in place of those of C_n, for what is given; `read`: for what is read.
    """

    group: Group
    lattice: Lattice
    mixes: bool
    softness: float | None = None
    scale: float = 1.0
    coordinates: str = "circle"
    spatial: bool = True
    span: int = 1
    out: tuple[float, ...] = ()
    read: tuple[float, ...] = ()

    def __call__(self, kept: tuple[int, ...]) -> Sampling:
        if self.out:
            return turned(self._replace(lattice=self.lattice._replace(kept=kept)))
        if not self.spatial:
            return at_one_tap(self)
        lattice = self.lattice._replace(kept=kept)
        return sampling(self.group, lattice, self.mixes, self.softness, self.scale, self.coordinates, self.span)


def turned(place: Place) -> Sampling:
    """The sampling of a continuous kernel between any two sets of turns: of the output, and of what is read."""
    out, read, offsets = np.array(place.out), np.array(place.read), place.lattice.offsets()
    angles = read[None, :] - out[:, None] if place.mixes else np.zeros((len(out), 1))
    if not place.mixes:
        embedding = np.zeros((len(out), 1, 0))
    elif place.coordinates == "circle":
        embedding = np.stack([np.cos(angles), np.sin(angles)], -1)
    else:
        embedding = (np.remainder(angles + 1e-12, 2 * math.pi) / math.pi - 1)[..., None]
    if place.span > 1:
        scales = np.broadcast_to(_places_of(place.span)[None, :, None], (len(out), place.span, angles.shape[1]))
        tiled = np.tile(embedding, (1, place.span, 1))
        embedding = np.concatenate([tiled, scales.reshape(len(out), -1, 1)], -1)
    grids = np.einsum("hji,kj->hki", turns_of(out, len(place.lattice.sizes)), offsets)
    spatial = place.lattice.coordinates(grids)[:, None] if place.spatial else np.zeros((len(out), 1, len(offsets), 0))
    shape = (len(out), embedding.shape[1], len(offsets))
    parts = [np.broadcast_to(part, (*shape, part.shape[-1])) for part in (spatial, embedding[:, :, None])]
    points = np.concatenate(parts, -1)
    index = np.arange(math.prod(shape)).reshape(shape)
    factor = _factor(place.lattice, place.softness, place.scale)
    return Sampling(place.lattice.taps, points.reshape(-1, points.shape[-1]), index, factor=factor)


def at_one_tap(place: Place) -> Sampling:
    """The sampling of a kernel on the group alone: a linear map at each position that convolves over the elements."""
    dims = len(place.lattice.sizes)
    relative, embedding = _fibre(place.group.action(dims), place.mixes, place.coordinates, place.span)
    factor = None if place.scale == 1 else np.full(1, place.scale)
    return Sampling((1,) * dims, embedding, relative[:, :, None], factor=factor)


def one_tap(group: Group, dims: int, scale: float = 1.0, coordinates: str = "circle", span: int = 1) -> Place:
    """Where a linear map at each position samples a kernel on the group alone."""
    return Place(group, Lattice((1,) * dims), True, None, scale, coordinates, spatial=False, span=span)


def _fibre(action: Action, mixing: bool, coordinates: str, span: int) -> tuple[NDArray[np.int64], Array]:
    """(N, M) which of the kernel's own elements stands at each that is read, and (M, e) their coordinates.

    Scales are seen as even places from -1 to 1.
    """
    order = len(action.matrices)
    relative = action.relative if mixing else np.zeros((order, 1), dtype=np.int64)
    embedding = action.embedded(coordinates) if mixing else np.zeros((1, 0))
    if span == 1:
        return relative, embedding
    apart, scales = len(embedding), np.repeat(_places_of(span), len(embedding))[:, None]
    embedding = np.concatenate([np.tile(embedding, (span, 1)), scales], 1)
    return np.concatenate([relative + apart * scale for scale in range(span)], 1), embedding


def _places_of(span: int) -> Array:
    return np.linspace(-1, 1, span)


def _factor(lattice: Lattice, softness: float | None, scale: float) -> Array | None:
    known = [f for f in (lattice.shares(), None if softness is None else disc(lattice, softness)) if f is not None]
    if not known and scale == 1:
        return None
    factor: Array = scale * np.prod([np.ones(math.prod(lattice.taps)), *known], axis=0)
    return factor


def _unlike(action: Action, lattice: Lattice) -> tuple[list[int], NDArray[np.int64]]:
    """The first F elements whose turned grids are no permutations of one another, and (N, K) what each is."""
    offsets, first, alike = lattice.offsets(), list[int](), []
    for element, inverse in enumerate(action.relative[:, 0]):
        between = action.product[first, inverse] if first else np.zeros(0, dtype=np.int64)
        same = np.flatnonzero(action.whole[between])
        if len(same):
            at = _tap_at(offsets @ np.rint(action.matrices[between[same[0]]]).T, lattice)
        else:
            same, at = np.array([len(first)]), np.arange(len(offsets))
            first.append(element)
        alike.append(same[0] * len(offsets) + at)
    return first, np.stack(alike)


def _tap_at(points: Array, lattice: Lattice) -> NDArray[np.int64]:
    """Which tap lies at each of the points (…, K, dims); on a lattice that an exact group maps onto itself."""
    first = lattice.offsets()[0]
    steps = np.array([float(s) for s in lattice.steps])
    places = (points - first) / steps
    at = np.rint(places).astype(np.int64)
    assert np.abs(places - at).max() < 1e-6, "an exact group maps taps onto taps"
    return np.asarray(np.ravel_multi_index(tuple(np.moveaxis(at, -1, 0)), lattice.taps))


def _interpolation(points: Array, taps: tuple[int, ...]) -> Array:
    """(K₀, N·K) multilinear weights of each tap at each turned tap; zero outside the table."""
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
