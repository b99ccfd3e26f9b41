"""Where a kernel is sampled, as data that can be compared and hashed; `samples` computes the arrays from it."""

from __future__ import annotations

import math
from typing import NamedTuple

from archspec.geometry.cropping import unit
from archspec.geometry.groups import Group
from archspec.geometry.tap_grid import TapGrid


class Sampling(NamedTuple):
    """Where the kernels of a layer are sampled, and how many kernels there are.

    Attributes:
        group: the group of turns and flips by whose elements the kernel is moved.
        taps: the positions of the taps.
        rows: number of kernels: outputs × inputs, or one per channel.
        mixes: whether the kernel has an axis over the group's elements.
        span: number of input scales that it spans; 1 without scales.
        coordinates: coordinates of the elements: `circle` (cosine and sine) or `interval` (angle / π - 1).
        spatial: whether it depends on the position; else on the element only, at one tap.
        rim: width of the soft rim of its disc window, in steps of the reference grid; None without a disc.
        spread: initial half width of its window, in coordinates; 1 without a window.
        factor: constant factor of all samples.
        out: angles of the output elements, in radians; empty for those of the group.
        read: angles of the input elements, in radians; empty for those of the group.
    """

    group: Group
    taps: TapGrid
    rows: int = 1
    mixes: bool = False
    span: int = 1
    coordinates: str = "circle"
    spatial: bool = True
    rim: float | None = None
    spread: float = 1.0
    factor: float = 1.0
    out: tuple[float, ...] = ()
    read: tuple[float, ...] = ()

    @property
    def elements(self) -> int:
        """Number of elements on the kernel's own group axis."""
        return (self.group.order if self.mixes else 1) * self.span

    @property
    def sizes(self) -> tuple[int, ...]:
        """Taps per axis on the reference grid; empty if the kernel does not depend on the position."""
        return self.taps.sizes if self.spatial else ()

    @property
    def tap_count(self) -> int:
        """Number of taps on the reference grid."""
        return math.prod(self.sizes)

    @property
    def causal(self) -> bool:
        """Whether it is causal: then coordinate 1 is the current step, else coordinate 0 the centre."""
        return self.taps.causal

    @property
    def inputs(self) -> int:
        """Number of coordinates of a sample: one per axis of the grid, then those of the element, then the scale."""
        dims = len(self.taps.sizes)
        seen = 0
        if self.mixes:
            turned = 2 if self.coordinates == "circle" else 1
            seen = turned if self.out else self.group.action(dims).embedded(self.coordinates).shape[1]
        return len(self.sizes) + seen + (self.span > 1)

    @property
    def nyquist(self) -> float:
        """Nyquist frequency of the taps, in radians per unit of the coordinates."""
        return math.pi * unit(self.sizes)

    def points(self, taps: tuple[int, ...]) -> int:
        """Number of samples for all elements of the group, with `taps` per axis."""
        exact = math.prod(taps) == 1 or self.group.action(len(taps)).exact
        return (1 if exact else self.group.order) * self.elements * math.prod(taps)

    def of_group(self) -> Sampling:
        """The same for a kernel that depends on the element only, not on the position."""
        return self._replace(taps=TapGrid((1,) * len(self.taps.sizes)), spatial=False, rim=None)
