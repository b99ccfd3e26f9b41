"""Linear maps at each position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from archspec.block import Channels, Primitive
from archspec.cost import Cost
from archspec.sampling import one_tap
from archspec.signal import Signal

if TYPE_CHECKING:
    from torch import nn


class Pointwise(Primitive):
    """A linear map of all channels at each position; on a group, a convolution over its elements too."""

    kind: Literal["pointwise"] = "pointwise"
    channels: Channels = Field(description="fields of the output")
    bias: bool = Field(default=True, description="one per channel, shared over the group")

    def infer(self, x: Signal) -> Signal:
        return x._replace(channels=self.channels)

    def cost(self, x: Signal) -> Cost:
        order = x.group.order
        params = self.channels * x.channels * order + (self.channels if self.bias else 0)
        return Cost(macs=x.positions * x.maps * self.channels * order, params=params)

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.conv import pointwise

        return pointwise(x.channels, self.channels, one_tap(x.group, x.dims), x.dims, self.bias)
