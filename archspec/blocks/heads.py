"""Heads, the last block of an architecture: scores of classes, numbers, or numbers at each position."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.blocks.pointwise import Pointwise
from archspec.graph.block import HEADS, Primitive
from archspec.graph.cost import Cost
from archspec.graph.grids import require_no_group
from archspec.graph.signal import Signal, SignalError
from archspec.schema.kinds import Kinds

if TYPE_CHECKING:
    from torch import nn

Pooling = Literal["mean", "max", "last"]


class Head(Primitive):
    """The last block of an architecture."""

    family: ClassVar[Kinds] = HEADS


class Readout(Head):
    """A head that pools the grid and maps the channels to `outputs` numbers."""

    pool: Pooling = Field(default="mean", description="how the grid is pooled; 'last' takes the last step of a series")

    def width(self) -> int:
        """Number of outputs of the head."""
        raise AssertionError

    def infer(self, x: Signal) -> Signal:
        require_no_group(x, "the head")
        if self.pool == "last" and x.dims != 1:
            raise SignalError(f"pool='last' is for series, this grid has {x.dims} axes; use 'mean' or 'max'", "pool")
        if self.pool == "last" and not x.pooled.trivial:
            raise SignalError(f"{x.pooled} moves the last step elsewhere; use pool='mean' or 'max'", "pool")
        return Signal(self.width(), ())

    def cost(self, x: Signal) -> Cost:
        return Cost(macs=x.channels * self.width(), params=(x.channels + 1) * self.width())

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.heads import Readout as Layer

        return Layer(x.channels, self.width(), self.pool, x.dims)


class Classifier(Readout):
    """One score (logit) for each of `classes` classes; output (B, classes)."""

    kind: Literal["classifier"] = "classifier"
    classes: int = Field(ge=1, le=1_000_000, description="how many classes there are")

    def width(self) -> int:
        return self.classes


class Regressor(Readout):
    """`outputs` real numbers; output (B, outputs)."""

    kind: Literal["regressor"] = "regressor"
    outputs: int = Field(default=1, ge=1, le=1_000_000, description="numbers for each example")

    def width(self) -> int:
        return self.outputs


class Dense(Head):
    """`outputs` numbers at each position of the grid, such as a segmentation's scores; output (B, outputs, *grid)."""

    kind: Literal["dense"] = "dense"
    outputs: int = Field(ge=1, le=1_000_000, description="numbers, or scores of classes, at each position")

    def infer(self, x: Signal) -> Signal:
        require_no_group(x, "the head")
        return x._replace(channels=self.outputs)

    def cost(self, x: Signal) -> Cost:
        return Cost(macs=x.positions * x.channels * self.outputs, params=(x.channels + 1) * self.outputs)

    def lower(self, x: Signal) -> nn.Module:
        return Pointwise(channels=self.outputs).lower(x)
