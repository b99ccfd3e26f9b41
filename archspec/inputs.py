"""The inputs of architectures: plain signals on one, two or three axes."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from archspec.graph.signal import Signal
from archspec.schema.kinds import Kinds
from archspec.schema.model import Model

Extent = Annotated[int, Field(ge=1, le=100_000_000)]


INPUTS = Kinds("archsearch.inputs", "input")


class Input(Model):
    """The base class of inputs, plain signals of `channels` channels."""

    family: ClassVar[Kinds] = INPUTS
    _grid_field: ClassVar[str] = "size"
    channels: int = Field(default=1, ge=1, le=65_536, description="numbers at each point, such as 3 of a colour image")

    @property
    @abstractmethod
    def grid(self) -> tuple[int, ...]:
        """Number of points per axis."""

    def resized(self, grid: tuple[int, ...]) -> Self:
        """The same kind of input on another grid."""
        field = type(self)._grid_field
        return type(self)(channels=self.channels, **{field: grid[0] if field == "length" else grid})

    @cached_property
    def signal(self) -> Signal:
        """The signal of the input."""
        return Signal(self.channels, self.grid)


class Series(Input):
    """A sequence of `length` steps; layout (B, channels, length)."""

    family: ClassVar[Kinds] = INPUTS
    _grid_field: ClassVar[str] = "length"
    kind: Literal["series"] = "series"
    length: Extent = Field(description="steps")

    @property
    def grid(self) -> tuple[int, ...]:
        return (self.length,)


class Image(Input):
    """An image of `size` (rows, columns); layout (B, channels, rows, columns)."""

    kind: Literal["image"] = "image"
    size: tuple[Extent, Extent] = Field(description="rows and columns")

    @property
    def grid(self) -> tuple[int, ...]:
        return self.size


class Volume(Input):
    """A volume of `size` (depth, rows, columns); layout (B, channels, depth, rows, columns)."""

    kind: Literal["volume"] = "volume"
    size: tuple[Extent, Extent, Extent] = Field(description="depth, rows and columns")

    @property
    def grid(self) -> tuple[int, ...]:
        return self.size


AnyInput = Annotated[Input, INPUTS]
INPUTS.write_out(Series, Image, Volume)
