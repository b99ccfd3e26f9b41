"""Where the taps of one kernel lie. Arrays only, no torch; K taps."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from archspec.geometry.cropping import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class TapGrid(NamedTuple):
    """Where the taps of one kernel lie. Offsets are in steps of the reference grid, coordinates span [-1, 1] over it.

    Attributes:
        sizes: taps per axis on the reference grid.
        spacing: distance of the points of this grid per axis, in reference steps; empty where it is the reference.
        causal: the last tap is the current step, at coordinate 1; else the centre is at 0.
        cropped: taps per axis on the reference grid that a window leaves of `sizes`; empty where it leaves all.
        stretched: sampled on another grid as the published code of CKConv does it, see `_stretch`.
    """

    sizes: tuple[int, ...]
    spacing: tuple[Fraction, ...] = ()
    causal: bool = False
    cropped: tuple[int, ...] = ()
    stretched: bool = False

    @property
    def taps(self) -> tuple[int, ...]:
        """Taps per axis on this grid."""
        if not self.spacing:
            return self.cropped or self.sizes
        if self.stretched:
            return (round(self.sizes[0] / self.spacing[0]),)
        return tuple(
            _taps_within(k, s, self.causal) for k, s in zip(self.cropped or self.sizes, self.spacing, strict=True)
        )

    @property
    def radius(self) -> float:
        """Reference steps from the kernel's centre to coordinate 1, its outermost tap."""
        return unit(self.sizes)

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
        for count, size, step in zip(self.taps, self.cropped or self.sizes, self.spacing, strict=True):
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
        smoothed = ratio > 1 and now > 2 * ratio  # as many taps at either end stay as they are
        return 1 + (now - 1) % ratio * step / ratio, 1 / ratio, ratio if smoothed else 0


def disc(grid: TapGrid, softness: float) -> Array:
    """(K,) weights of a disc through the outermost taps whose rim falls to zero over `softness` reference steps."""
    distance = np.linalg.norm(grid.offsets(), axis=1)
    radius = (min(grid.sizes) - 1) / 2
    weights: Array = np.clip((radius + softness - distance) / softness, 0.0, 1.0)
    return weights


def _taps_within(size: int, step: Fraction, causal: bool) -> int:
    """Taps of a grid of this step whose cell reaches into an extent of `size` reference cells."""
    extent = size - Fraction(1, 2) if causal else Fraction(size, 2)
    side = math.ceil(extent / step + Fraction(1, 2)) - 1
    return side + 1 if causal else 2 * side + 1
