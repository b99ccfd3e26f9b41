"""Where a kernel is sampled: what a layer wants of it, as data. The samples themselves are in `samples`."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from archspec.geometry.cropping import unit
from archspec.geometry.groups import Group
from archspec.geometry.tap_grid import TapGrid

Coordinates = Literal["circle", "interval"]


class Sampling(NamedTuple):
    """Where a kernel is sampled, and how many kernels there are.

    Attributes:
        group: whose elements the kernel is moved by; turns and flips alone.
        taps: where they lie on the grid.
        rows: kernels, outputs × inputs, or one per channel.
        mixes: whether the kernel has an axis over the group's elements.
        span: scales that it reads; 1 without any.
        coordinates: how it sees elements: `circle`, cosine and sine, or `interval`, the angle over π less one.
        spatial: whether it is a function of the position too; else of the element alone, at one tap.
        rim: width of the soft rim of the disc that limits it, in steps of the reference grid; None without one.
        spread: half width of its window in coordinates; 1 without one.
        factor: of all samples.
        out: turns to sample it at in place of those of C_n, for what is given, in radians.
        read: those for what is read.
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
        """Elements on the kernel's own group axis."""
        return (self.group.order if self.mixes else 1) * self.span

    @property
    def sizes(self) -> tuple[int, ...]:
        """Taps per axis on the reference grid; none of a kernel on the group alone."""
        return self.taps.sizes if self.spatial else ()

    @property
    def tap_count(self) -> int:
        """Taps on the reference grid."""
        return math.prod(self.sizes)

    @property
    def causal(self) -> bool:
        """Whether coordinate 1 is the current step; else the centre is at 0."""
        return self.taps.causal

    @property
    def inputs(self) -> int:
        """Coordinates of a sample: one per axis of the grid, then those of the element, then the scale."""
        dims = len(self.taps.sizes)
        seen = 0
        if self.mixes:
            turned = 2 if self.coordinates == "circle" else 1
            seen = turned if self.out else self.group.action(dims).embedded(self.coordinates).shape[1]
        return len(self.sizes) + seen + (self.span > 1)

    @property
    def nyquist(self) -> float:
        """Highest frequency the taps can hold, in radians per unit of the coordinates."""
        return math.pi * unit(self.sizes)

    def points(self, taps: tuple[int, ...]) -> int:
        """How many samples there are at the elements of the group, with so many taps per axis."""
        exact = math.prod(taps) == 1 or self.group.action(len(taps)).exact
        return (1 if exact else self.group.order) * self.elements * math.prod(taps)

    def of_group(self) -> Sampling:
        """The same for a kernel on the group alone, a function of the element."""
        return self._replace(taps=TapGrid((1,) * len(self.taps.sizes)), spatial=False, rim=None)
