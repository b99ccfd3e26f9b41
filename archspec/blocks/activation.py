"""Activation functions and dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.graph.block import Primitive
from archspec.graph.signal import Signal

if TYPE_CHECKING:
    from torch import nn


class Activation(Primitive):
    """A pointwise nonlinearity, which commutes with every group."""

    reads_partial: ClassVar[str] = "unaffected"
    reads_scales: ClassVar[bool] = True
    kind: Literal["activation"] = "activation"
    function: Literal["relu", "gelu", "silu", "tanh", "leaky_relu", "elu"] = "relu"

    def infer(self, x: Signal) -> Signal:
        return x

    def has_kernel_at_turns(self, x: Signal) -> bool:
        return False

    def spread(self, x: Signal, given: float) -> float:
        return min(given, 1.0) if self.function == "tanh" else 0.6 * given

    def lower(self, x: Signal) -> nn.Module:
        from torch import nn

        kinds: dict[str, type[nn.Module]] = {
            "relu": nn.ReLU,
            "gelu": nn.GELU,
            "silu": nn.SiLU,
            "tanh": nn.Tanh,
            "leaky_relu": nn.LeakyReLU,
            "elu": nn.ELU,
        }
        return kinds[self.function]()


class Dropout(Primitive):
    """Set values to zero at random in training, with one mask for all elements of the group."""

    reads_partial: ClassVar[str] = "unaffected"
    reads_scales: ClassVar[bool] = True
    draws: ClassVar[bool] = True
    kind: Literal["dropout"] = "dropout"
    rate: float = Field(default=0.1, ge=0, lt=1, description="probability that a value is set to zero")
    channels: bool = Field(default=False, description="drop whole channels, not single points")

    def infer(self, x: Signal) -> Signal:
        return x

    def has_kernel_at_turns(self, x: Signal) -> bool:
        return False

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.dropout import Dropout as Layer

        return Layer(self.rate, self.channels, 0 if x.group.trivial else 1, x.dims)

    def simplified(self, x: Signal) -> Primitive | None:
        return self if self.rate else None
