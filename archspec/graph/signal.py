"""The one type on every edge of an architecture."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from archspec.geometry.groups import TRIVIAL, Group


class SignalError(ValueError):
    """An architecture does not fit together; the message says where, what and what to do.

    `field` is the field of the block that is wrong; `within` says that the message begins with a place inside it.
    """

    def __init__(self, message: str, field: str | None = None, within: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.within = within


class Signal(NamedTuple):
    """`channels` fields over a grid, each with one value per element of `group`.

    Tensor layout: (B, C, *grid) when `group` is trivial, else (B, C, G, *grid).
    `pooled` is the group whose axis was pooled away: the grid still turns under it, the fibre no longer does.
    `partial`: only some elements of the group count, which are learned (see Partial).
    `ahead`: so many turns the next convolution gives, spread over a sector of the circle; `scattered`: the elements
    are such turns, and the group only says how many.
    `spacing` is the distance of its points per axis in steps of the grid that sizes are stated for; empty: 1.
    """

    channels: int
    grid: tuple[int, ...]
    group: Group = TRIVIAL
    pooled: Group = TRIVIAL
    spacing: tuple[Fraction, ...] = ()
    partial: bool = False
    ahead: int = 0
    scattered: bool = False

    @property
    def dims(self) -> int:
        return len(self.grid)

    @property
    def positions(self) -> int:
        """Number of points of the grid."""
        count = 1
        for size in self.grid:
            count *= size
        return count

    @property
    def maps(self) -> int:
        """Channels × group elements: the channels a plain network of this shape would have."""
        return self.channels * self.group.order

    @property
    def symmetry(self) -> Group:
        """The group that still moves this signal: of its fibre or, once pooled, of its grid."""
        return TRIVIAL if self.partial else self.pooled if self.group.trivial else self.group

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        fibre = () if self.group.trivial else (self.group.order,)
        return (self.channels, *fibre, *self.grid)

    @property
    def steps(self) -> tuple[Fraction, ...]:
        """Distance of the points per axis."""
        return self.spacing or (Fraction(1),) * len(self.grid)

    @property
    def reference(self) -> tuple[int, ...]:
        """Points per axis of the grid that sizes are stated for."""
        return (
            tuple(round(n * step) for n, step in zip(self.grid, self.steps, strict=True)) if self.spacing else self.grid
        )

    def strides(self, stride: int) -> tuple[int, ...]:
        """A stride in steps of the reference grid as points per axis of this one; every point stays every point."""
        if not self.spacing or stride == 1:
            return (stride,) * self.dims
        return tuple(max(1, round(stride / step)) for step in self.spacing)

    def strided(self, grid: tuple[int, ...], strides: tuple[int, ...], stride: int) -> Signal:
        """The same on a grid of every n-th point, where on the reference grid it is every `stride`-th."""
        if not self.spacing:
            return self._replace(grid=grid)
        spacing = tuple(step * n / stride for step, n in zip(self.spacing, strides, strict=True))
        return self._replace(grid=grid, spacing=() if all(s == 1 for s in spacing) else spacing)

    def __str__(self) -> str:
        grid = "×".join(map(str, self.grid)) or "no grid"
        fibre = "" if self.group.trivial else f" on {'part of ' if self.partial else ''}{self.group}"
        if not self.pooled.trivial:
            fibre = f" pooled over {self.pooled}"
        return f"{self.channels} channels{fibre}, {grid}"
