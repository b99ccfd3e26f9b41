"""The positions of the K taps of a kernel. Arrays only, no torch."""

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
    """The positions of a kernel's taps: as offsets in steps of the reference grid, and as coordinates from -1 to 1.

    Attributes:
        sizes: taps per axis on the reference grid.
        spacing: distance of the taps per axis, in reference steps; empty where it is 1.
        causal: whether the last tap is the current step, at coordinate 1; else the centre is at 0.
        cropped: taps per axis on the reference grid after cropping by a window; empty if nothing is cropped.
        stretched: whether another grid is sampled as in CKConv's published code, see `_stretch`.
    """

    sizes: tuple[int, ...]
    spacing: tuple[Fraction, ...] = ()
    causal: bool = False
    cropped: tuple[int, ...] = ()
    stretched: bool = False

    @property
    def taps(self) -> tuple[int, ...]:
        """Number of taps per axis on this grid."""
        if not self.spacing:
            return self.cropped or self.sizes
        if self.stretched:
            return (round(self.sizes[0] / self.spacing[0]),)
        return tuple(
            _taps_within(k, s, self.causal) for k, s in zip(self.cropped or self.sizes, self.spacing, strict=True)
        )

    @property
    def radius(self) -> float:
        """Reference steps per unit of the coordinates: the distance from the centre to the outermost tap."""
        return unit(self.sizes)

    def offsets(self) -> Array:
        """(K, dims): offsets of the taps from the centre (causal: from the current step), in reference steps."""
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
        """Distance of the taps per axis, in reference steps."""
        return self.spacing or (Fraction(1),) * len(self.sizes)

    def coordinates(self, offsets: Array) -> Array:
        """The coordinates of offsets, the input of a continuous kernel; shapes (…, dims)."""
        scaled: Array = offsets / self.radius
        return scaled + 1.0 if self.causal else scaled

    def shares(self) -> Array | None:
        """(K,): the volume that each tap represents, in cells of the reference grid; None if it is 1 for all.

        For an outermost tap only the part of its cell inside the kernel's extent counts, so that the sum over taps
        approximates the same integral on every grid.
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
        """Half width, in taps, of the low-pass filter over the taps; 0 for none."""
        return self._stretch()[2] if self.stretched and self.spacing else 0

    def _stretch(self) -> tuple[float, float, int]:
        """Coordinate of the last tap, factor of all taps, and smoothing, as in CKConv's published code (causal series).

        The oldest tap stays at coordinate -1. The others follow at the distance given by the ratio of lengths, rounded
        to a whole number, or are stretched over the kernel if the ratio is not whole. A finer grid is smoothed.
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
    """(K,): the values of a disc through the outermost taps, falling to zero over `softness` reference steps."""
    distance = np.linalg.norm(grid.offsets(), axis=1)
    radius = (min(grid.sizes) - 1) / 2
    weights: Array = np.clip((radius + softness - distance) / softness, 0.0, 1.0)
    return weights


def _taps_within(size: int, step: Fraction, causal: bool) -> int:
    """Number of taps at this distance whose cells overlap an extent of `size` reference cells."""
    extent = size - Fraction(1, 2) if causal else Fraction(size, 2)
    side = math.ceil(extent / step + Fraction(1, 2)) - 1
    return side + 1 if causal else 2 * side + 1
