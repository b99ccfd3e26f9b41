"""Normalisation with statistics and affine parameters shared over the group."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.graph.block import Primitive
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


class Norm(Primitive):
    """Normalise to mean 0 and variance 1, then apply a learned scale and shift per channel.

    Statistics are over batch, grid and group (`batch`); over channels and group at each position (`layer`); or over
    each set of channels, grid and group (`group`).
    """

    reads_partial: ClassVar[str] = "given"
    reads_scales: ClassVar[bool] = True
    kind: Literal["norm"] = "norm"
    type: Literal["batch", "layer", "group"] = "batch"
    groups: int = Field(default=1, ge=1, le=65_536, description="number of sets of channels, for type='group'")
    statistics: Literal["shared", "per_element"] = Field(
        default="shared", description="shared over the elements of the group; per_element is for plain signals only"
    )
    eps: float = Field(default=1e-5, gt=0, le=1, description="added to the variance")

    def infer(self, x: Signal) -> Signal:
        if self.statistics == "per_element" and not x.group.trivial:
            raise SignalError(
                f"statistics per element of {x.group} break its symmetry; use statistics='shared'", "statistics"
            )
        if x.partial and self.type != "batch":
            raise SignalError(
                f"type='{self.type}' would also normalise inactive elements of {x.group}; use type='batch'", "type"
            )
        if self.type == "group" and x.channels % self.groups:
            raise SignalError(f"{self.groups} sets do not divide {x.channels} channels; use a divisor", "groups")
        if self.type == "group" and x.channels == self.groups and x.group.order * x.positions == 1:
            raise SignalError(
                "a set of one channel at one position is one value, and minus its mean it is zero; use fewer sets, or "
                "type='batch'",
                "groups",
            )
        return x

    def cost(self, x: Signal) -> Cost:
        return Cost(params=2 * x.channels)

    @property
    def elementwise(self) -> bool:
        return self.type == "batch"

    def reads_ahead(self, x: Signal) -> bool:
        return self.type == "group" and x.positions > 1

    def has_kernel_at_turns(self, x: Signal) -> bool:
        return False

    def spread(self, x: Signal, given: float) -> float:
        return 1.0

    def simplified(self, x: Signal) -> Primitive | None:
        plainest = {"groups": self.groups if self.type == "group" else 1, "statistics": "shared"}
        changes = {field: value for field, value in plainest.items() if getattr(self, field) != value}
        return self.with_fields(changes) if changes else self

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.norm import BatchNorm, GroupNorm, LayerNorm

        grouped = not x.group.trivial
        match self.type:
            case "batch":
                return BatchNorm(x.channels, x.group.order, x.dims, self.eps)
            case "layer":
                return LayerNorm(x.channels, x.group.order, grouped, self.eps)
            case "group":
                return GroupNorm(x.channels, x.group.order, self.groups, self.eps)
