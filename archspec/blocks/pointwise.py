"""Linear maps at each position."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.geometry.fourier import Target
from archspec.geometry.groups import Group
from archspec.geometry.sampling import Sampling
from archspec.geometry.tap_grid import TapGrid
from archspec.graph.block import Channels, LearnedSizes, Primitive
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


class Pointwise(Primitive):
    """A linear map of the channels at each position; on a group, also a convolution over its elements."""

    reads_partial: ClassVar[str] = "masked"
    reads_scales: ClassVar[bool] = True
    kind: Literal["pointwise"] = "pointwise"
    channels: Channels = Field(description="fields of the output")
    bias: bool = Field(default=True, description="add a bias per channel, shared over the group")
    elements: Literal["mixed", "shared"] = Field(
        default="mixed", description="mix the elements of the group, or map each by itself; scales are never mixed"
    )
    basis: Literal["regular", "irreducible"] = Field(
        default="regular",
        description="irreducible computes the same function block-diagonally, by irreducible representations of C_n or "
        "D1; for C2 and D1 (mirror-even and mirror-odd parts) with half the multiplications",
    )

    def infer(self, x: Signal) -> Signal:
        mixes = self.mixes(x) or x.group.scaling
        if self.basis == "irreducible" and mixes and (x.partial or not _cyclic(x.group)):
            what = f"part of {x.group}" if x.partial else str(x.group)
            raise SignalError(f"an irreducible basis is for C_n and D1, not {what}; use basis='regular'", "basis")
        if x.scattered and self.mixes(x):
            raise SignalError(
                "a table has no weights for turns of a sector; use elements='shared', or Conv(kernel_size=1)",
                "elements",
            )
        return x._replace(channels=self.channels)

    def mixes(self, x: Signal) -> bool:
        """Whether it mixes the elements of the group of `x`."""
        return self.elements == "mixed" and not x.group.trivial and not x.group.scaling

    def cost(self, x: Signal) -> Cost:
        return self.cost_now(x, LearnedSizes(), "torch")

    def cost_now(self, x: Signal, learned: LearnedSizes, target: Target) -> Cost:
        order, maps = x.group.order, x.channels * self.channels
        reads, gives = learned.elements or (order, order)
        bias = self.channels if self.bias else 0
        if not self.mixes(x):
            return Cost(macs=x.positions * maps * gives, params=maps + bias)
        params = maps * order + bias
        if self.basis == "regular":
            return Cost(macs=x.positions * maps * reads * gives, params=params)
        # Real representations of dimension 1 take one product each, those of dimension 2 four. The change of basis of
        # C2 needs sums and differences only.
        single = 2 - order % 2
        changing = (x.channels + self.channels) * order**2 if order > 2 else 0
        macs = x.positions * (maps * (single + 2 * (order - single)) + changing)
        return Cost(macs=macs, params=params, kernel_macs=maps * order**2)

    def has_kernel_at_turns(self, x: Signal) -> bool:
        return False

    def summary(self) -> str | None:
        return f"{self.channels}×1"

    def simplified(self, x: Signal) -> Primitive | None:
        plainest = {
            "elements": self.elements if not x.group.trivial and not x.group.scaling else "mixed",
            "basis": self.basis if self.mixes(x) else "regular",
        }
        changes = {field: value for field, value in plainest.items() if getattr(self, field) != value}
        return self.with_fields(changes) if changes else self

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.conv import pointwise
        from archspec.layers.irreducible import IrreduciblePointwise
        from archspec.layers.pointwise import SharedPointwise

        if not x.group.trivial and not self.mixes(x):
            return SharedPointwise(x.channels, self.channels, x.group.order, x.dims, self.bias)
        if self.basis == "irreducible" and self.mixes(x):
            return IrreduciblePointwise(x.channels, self.channels, x.group.order, x.grid, self.bias)
        where = Sampling(x.group, TapGrid((1,) * x.dims), x.channels * self.channels, mixes=True, spatial=False)
        return pointwise(x.channels, self.channels, where, self.bias)


def _cyclic(group: Group) -> bool:
    """Whether element n is the n-th power of element 1."""
    return group.cyclic or (group.order == 2 and not group.scaling)
