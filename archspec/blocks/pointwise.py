"""Linear maps at each position."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.block import Channels, Primitive
from archspec.cost import Cost
from archspec.sampling import one_tap
from archspec.signal import Signal

if TYPE_CHECKING:
    from torch import nn


class Pointwise(Primitive):
    """A linear map of all channels at each position; on a group, a convolution over its elements too."""

    reads_partial: ClassVar[str] = "masked"
    kind: Literal["pointwise"] = "pointwise"
    channels: Channels = Field(description="fields of the output")
    bias: bool = Field(default=True, description="one per channel, shared over the group")

    def infer(self, x: Signal) -> Signal:
        return x._replace(channels=self.channels)

    def cost(self, x: Signal) -> Cost:
        return self.cost_of(x)

    def cost_of(self, x: Signal, kept: tuple[int, ...] = (), counts: tuple[int, int] | None = None) -> Cost:
        """The cost with the numbers of elements that are read and given, where fewer than all count."""
        order = x.group.order
        reads, gives = counts or (order, order)
        params = self.channels * x.channels * order + (self.channels if self.bias else 0)
        return Cost(macs=x.positions * x.channels * reads * self.channels * gives, params=params)

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.conv import pointwise

        return pointwise(x.channels, self.channels, one_tap(x.group, x.dims), x.dims, self.bias)
