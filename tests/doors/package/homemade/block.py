"""A block: every channel times a factor of its own. It reads parts of groups, scales and offsets."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec import Cost, Primitive, Signal

if TYPE_CHECKING:
    from torch import nn


class Gain(Primitive):
    """Multiply every channel by a learned factor, shared over the group."""

    reads_partial: ClassVar[str] = "unaffected"
    reads_scales: ClassVar[bool] = True
    kind: Literal["gain"] = "gain"
    start: float = Field(default=1.0, gt=0, description="factor it begins with")

    def infer(self, x: Signal) -> Signal:
        return x

    def cost(self, x: Signal) -> Cost:
        return Cost(params=x.channels)

    def has_kernel_at_turns(self, x: Signal) -> bool:
        return False

    def summary(self) -> str | None:
        return "gain"

    def lower(self, x: Signal) -> nn.Module:
        return _layer()(x.channels, x.group.order, x.dims, self.start)


def _layer() -> type[nn.Module]:
    from homemade.layer import Gain as Layer

    return Layer
