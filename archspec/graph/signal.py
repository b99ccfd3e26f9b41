"""The one type on every edge of an architecture."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from archspec.geometry.groups import TRIVIAL, Group


class SignalError(ValueError):
    """Blocks of an architecture do not fit together; the message says where, what is wrong and what to do.

    Attributes:
        message: the sentence.
        field: name of the wrong field of the block, if it is one.
        within: whether the message already begins with the path of a node inside the block.
    """

    def __init__(self, message: str, field: str | None = None, within: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.within = within


class Signal(NamedTuple):
    """The type of a tensor between two blocks: channels over a grid, each with one value per element of a group.

    Tensor layout: (B, C, *grid) when `group` is trivial, else (B, C, G, *grid).

    Attributes:
        channels: number of fields, C.
        grid: points per axis, 0 to 3 axes.
        group: the group of the fibre, of order G; trivial for a plain signal.
        pooled: the group whose axis was pooled away; turning the input still turns the grid, but there is no fibre.
        spacing: distance of the points per axis, in steps of the reference grid; empty where it is 1.
        partial: whether only some elements of the group are active, which is learned (see Partial).
        ahead: number of turns in the output of the next convolution, spread over a learned sector; 0 without one.
        scattered: whether the elements are such turns; then `group` has as many elements, but other angles.
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
        """The group under which this signal is equivariant: that of its fibre or, once pooled, that of its grid."""
        return TRIVIAL if self.partial else self.pooled if self.group.trivial else self.group

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        fibre = () if self.group.trivial else (self.group.order,)
        return (self.channels, *fibre, *self.grid)

    @property
    def steps(self) -> tuple[Fraction, ...]:
        """Distance of the points per axis, in steps of the reference grid."""
        return self.spacing or (Fraction(1),) * len(self.grid)

    @property
    def reference(self) -> tuple[int, ...]:
        """Points per axis of the reference grid, for which sizes and strides are stated."""
        return (
            tuple(round(n * step) for n, step in zip(self.grid, self.steps, strict=True)) if self.spacing else self.grid
        )

    def strides(self, stride: int) -> tuple[int, ...]:
        """A stride, given in steps of the reference grid, in points of this grid per axis; stride 1 stays 1."""
        if not self.spacing or stride == 1:
            return (stride,) * self.dims
        return tuple(max(1, round(stride / step)) for step in self.spacing)

    def strided(self, grid: tuple[int, ...], strides: tuple[int, ...], stride: int) -> Signal:
        """This signal after a stride.

        Args:
            grid: points per axis of the result.
            strides: the stride per axis, in points of this grid.
            stride: the same stride in steps of the reference grid.
        """
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
