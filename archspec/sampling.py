"""Where a convolution kernel is sampled, and how its samples make the expanded bank. Arrays only, no torch.

Letters: N elements of the group, M elements a kernel has on its own group axis (N, or 1), K taps, R kernels.
The bank is ψ(h⁻¹u, h⁻¹h'): for quarter turns and flips the samples are those of one grid, permuted; other angles
need samples on the turned grids (or, for a table, interpolation between its taps).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from archspec.groups import Group

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Lattice(NamedTuple):
    """Where the taps of one kernel lie. Offsets are in steps of the reference grid, coordinates span [-1, 1] over it.

    Attributes:
        sizes: taps per axis on the reference grid.
        spacing: distance of the points of this grid per axis, in reference steps; empty where it is the reference.
        causal: the last tap is the current step, at coordinate 1; else the centre is at 0.
        kept: taps per axis on the reference grid that a window leaves of `sizes`; empty where it leaves all.
        stretched: sampled on another grid as the published code of CKConv does it, see `_stretch`.
    """

    sizes: tuple[int, ...]
    spacing: tuple[Fraction, ...] = ()
    causal: bool = False
    kept: tuple[int, ...] = ()
    stretched: bool = False

    @property
    def taps(self) -> tuple[int, ...]:
        """Taps per axis on this grid."""
        if not self.spacing:
            return self.kept or self.sizes
        if self.stretched:
            return (round(self.sizes[0] / self.spacing[0]),)
        return tuple(
            _taps_within(k, s, self.causal) for k, s in zip(self.kept or self.sizes, self.spacing, strict=True)
        )

    @property
    def radius(self) -> float:
        """Reference steps from the kernel's centre to coordinate 1."""
        return max(1.0, (max(self.sizes) - 1) / 2)

    def offsets(self) -> Array:
        """(K, dims) offsets of the taps from the kernel's centre (causal: from the current step)."""
        if self.stretched and self.spacing:
            last, _, _ = self._stretch()
            stretched: Array = (np.linspace(-1, last, self.taps[0])[:, None] - 1) * self.radius
            return stretched
        axes = []
        for count, step, size in zip(self.taps, self.steps, self.sizes, strict=True):
            centre = count - 1 if self.causal else (count - 1) / 2
            late = 0.0 if self.causal or self.spacing else (size - count) % 2 / 2  # an even size cropped to an odd one
            axes.append((np.arange(count) - centre) * float(step) + late)
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))

    @property
    def steps(self) -> tuple[Fraction, ...]:
        """Distance of the points per axis."""
        return self.spacing or (Fraction(1),) * len(self.sizes)

    def coordinates(self, offsets: Array) -> Array:
        """What a continuous kernel sees of offsets."""
        scaled: Array = offsets / self.radius
        return scaled + 1.0 if self.causal else scaled

    def shares(self) -> Array | None:
        """(K,) what each tap stands for, in cells of the reference grid; None where it is one cell each.

        A tap at the rim counts with the share of its cell that lies inside the kernel's extent, so that the sum over
        taps is the same integral on every grid.
        """
        if not self.spacing:
            return None
        if self.stretched:
            return np.full(self.taps, self._stretch()[1])
        axes = []
        for count, size, step in zip(self.taps, self.kept or self.sizes, self.spacing, strict=True):
            reach = np.abs(np.arange(count) - (count - 1 if self.causal else (count - 1) / 2)) * float(step)
            extent = size - 0.5 if self.causal else size / 2
            before = reach - float(step) / 2
            inside = np.minimum(reach + float(step) / 2, extent) - (
                before if self.causal else np.maximum(before, -extent)
            )
            axes.append(inside)
        shares: Array = np.prod(np.stack(np.meshgrid(*axes, indexing="ij")), axis=0).reshape(-1)
        return shares

    @property
    def smoothing(self) -> int:
        """Half width of the low-pass filter over the taps; 0 for none."""
        return self._stretch()[2] if self.stretched and self.spacing else 0

    def _stretch(self) -> tuple[float, float, int]:
        """Coordinate of the last tap, factor and smoothing, as CKConv's published code has them (causal series).

        The oldest tap stays where it was; the others follow at the ratio of lengths rounded to a whole number, or are
        stretched over the kernel where it is not whole. A finer grid is smoothed.
        """
        before, now = self.sizes[0], self.taps[0]
        step = 2 / (before - 1)
        if before > now:
            ratio = round(before / now)
            return 1 - (before - 1) % ratio * step, float(ratio), 0
        ratio = round(now / before)
        return 1 + (now - 1) % ratio * step / ratio, 1 / ratio, ratio if ratio > 1 else 0


@dataclass(frozen=True)
class Sampling:
    """The sampling of one kernel on a group.

    Attributes:
        taps: taps per axis.
        points: (P, dims + e) coordinates of the samples: space, then the group embedding.
        index: (N, M, K) which sample stands at bank[h, h', tap].
        turns: (K₀, N·K) interpolation from a table's K₀ taps to the turned grids; None when `index` alone does it.
        kept: (K,) which of a table's taps these are; None when they are all.
        factor: (K,) what each tap is multiplied by; None where it is 1.
        smoothing: half width of the low-pass filter over the taps; 0 for none.
    """

    taps: tuple[int, ...]
    points: Array
    index: NDArray[np.int64]
    turns: Array | None
    kept: NDArray[np.int64] | None
    factor: Array | None
    smoothing: int = 0


@lru_cache(maxsize=4096)
def sample_count(group: Group, taps: tuple[int, ...], mixing: bool) -> tuple[int, int]:
    """P and dims + e of the sampling, without making it."""
    action = group.action(len(taps))
    turned = 1 if action.exact or math.prod(taps) == 1 else group.order
    elements = group.order if mixing else 1
    return turned * elements * math.prod(taps), len(taps) + (action.embedding.shape[1] if mixing else 0)


@lru_cache(maxsize=256)
def sampling(
    group: Group, lattice: Lattice, mixing: bool, softness: float | None = None, scale: float = 1.0
) -> Sampling:
    """The sampling of a kernel on `group`; with `mixing` the kernel has an axis over the group's elements too.

    `softness` is that of the disc which limits the kernel, if one does; `scale` a factor of all taps.
    """
    taps = lattice.taps
    action = group.action(len(taps))
    order, elements, count = group.order, group.order if mixing else 1, math.prod(taps)
    offsets = lattice.offsets()
    relative = action.relative if mixing else np.zeros((order, 1), dtype=np.int64)
    embedding = action.embedding if mixing else np.zeros((1, 0))
    turned = np.einsum("hji,kj->hki", action.matrices, offsets)
    if action.exact or count == 1:
        grids, turns = offsets[None], None
        at = np.arange(count)[None] if group.trivial else _tap_at(turned, lattice)
        index = relative[:, :, None] * count + at[:, None, :]
    else:
        grids, turns = turned, _interpolation(turned, lattice.sizes)
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
    whole = Lattice(lattice.sizes, causal=lattice.causal)
    kept = _tap_at(offsets, whole) if partly else None
    factors = [lattice.shares(), None if softness is None else disc(lattice, softness)]
    known = [f for f in factors if f is not None]
    factor = scale * np.prod(known, axis=0) if known or scale != 1 else None
    if factor is not None and factor.ndim == 0:
        factor = np.full(count, scale)
    return Sampling(taps, points, index, turns, kept, factor, lattice.smoothing)


def sampled(
    group: Group, lattice: Lattice, mixing: bool, softness: float | None, scale: float, kept: tuple[int, ...]
) -> Sampling:
    """As `sampling`, of the taps that a window keeps."""
    return sampling(group, lattice._replace(kept=kept), mixing, softness, scale)


def one_tap(group: Group, dims: int) -> Callable[[tuple[int, ...]], Sampling]:
    """The sampling of a linear map at each position that convolves over the group."""
    return partial(sampled, group, Lattice((1,) * dims), True, None, 1.0)


def disc(lattice: Lattice, softness: float) -> Array:
    """(K,) weights of a disc through the outermost taps whose rim falls to zero over `softness` reference steps."""
    distance = np.linalg.norm(lattice.offsets(), axis=1)
    radius = (min(lattice.sizes) - 1) / 2
    weights: Array = np.clip((radius + softness - distance) / softness, 0.0, 1.0)
    return weights


def _taps_within(size: int, step: Fraction, causal: bool) -> int:
    """Taps of a grid of this step whose cell reaches into an extent of `size` reference cells."""
    extent = size - Fraction(1, 2) if causal else Fraction(size, 2)
    side = math.ceil(extent / step + Fraction(1, 2)) - 1
    return side + 1 if causal else 2 * side + 1


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
