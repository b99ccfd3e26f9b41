"""Channel and spatial attention that is equivariant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from archspec.blocks.conv.conv import Conv, Convolution, Lift
from archspec.blocks.conv.fields import Taps
from archspec.blocks.pointwise import Pointwise
from archspec.geometry.fourier import Target
from archspec.geometry.groups import TRIVIAL, Group, is_subgroup
from archspec.graph.block import Primitive
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal, SignalError
from archspec.kernels import AnyKernel, Table
from archspec.kernels.windows import AnyWindow

if TYPE_CHECKING:
    from torch import nn


class Attention(Primitive):
    """x - α_S·α_C·x, with channel attention α_C and spatial attention α_S (Romero et al. 2020, arXiv 2002.03830).

    This is the form on feature maps: α_C is computed from the mean and the maximum over the grid by two linear maps,
    α_S from the mean and the maximum over the channels of α_C·x by a convolution. Placed before a convolution, it makes
    an attentive group convolution.
    """

    kind: Literal["attention"] = "attention"
    ratio: int = Field(default=2, ge=1, le=1024, description="channels per hidden channel of the channel attention")
    kernel_size: Taps = Field(default=7, description="taps per axis of the spatial attention's convolution")
    kernel: AnyKernel = Field(default=Table(), description="kernel of that convolution")
    window: AnyWindow | None = Field(default=None, description="window of that convolution")
    group: Group = Field(
        default=TRIVIAL,
        json_schema_extra={"default": "C1"},
        description="on a plain signal: the group under which spatial attention is equivariant, that of the next Lift",
    )

    def spatial(self, x: Signal) -> Convolution:
        """The convolution of the spatial attention."""
        fields: dict[str, Any] = {
            "channels": 1,
            "kernel_size": self.kernel_size,
            "kernel": self.kernel,
            "window": self.window,
        }
        if x.group.trivial:
            return Lift.model_construct(**{**_DEFAULTS, **fields, "group": self.group, "bias": False})
        return Conv.model_construct(**{**_DEFAULTS, **fields, "bias": False})

    def linear(self, x: Signal) -> tuple[tuple[Pointwise, Signal], tuple[Pointwise, Signal]]:
        """The two linear maps of the channel attention, each with its input signal."""
        hidden = max(1, x.channels // self.ratio)
        pooled = x._replace(grid=(1,) * x.dims, spacing=())
        narrow = Pointwise.model_construct(channels=hidden, bias=False)
        wide = Pointwise.model_construct(channels=x.channels, bias=False)
        return (narrow, pooled), (wide, pooled._replace(channels=hidden))

    def infer(self, x: Signal) -> Signal:
        if not x.group.trivial and not self.group.trivial:
            raise SignalError(f"the signal is already on {x.group}; leave group out", "group")
        if self.group.scaling:
            raise SignalError(f"attention is under turns and flips, not scales; use {self.group.turning}", "group")
        self.spatial(x).infer(x._replace(channels=2, pooled=TRIVIAL))
        if not is_subgroup(x.pooled, self.group, x.dims):
            raise SignalError(
                f"spatial attention under {self.group} alone breaks {x.pooled}, which was pooled before; use "
                f"group='{x.pooled}', or Restrict() before it to give that symmetry up",
                "group",
            )
        return x

    def cost(self, x: Signal) -> Cost:
        return self.cost_for(x, "torch")

    def cost_for(self, x: Signal, target: Target) -> Cost:
        (narrow, pooled), (wide, hidden) = self.linear(x)
        once, twice = wide.cost(hidden), narrow.cost(pooled)
        return self.spatial(x).cost_for(x._replace(channels=2), target) + once + twice + Cost(macs=twice.macs)

    def receptive_field(self, x: Signal) -> float:
        return self.spatial(x).receptive_field(x._replace(channels=2))

    def reads_ahead(self, x: Signal) -> bool:
        return x.positions > 1

    def warnings(self, x: Signal) -> Iterator[str]:
        yield from self.spatial(x).warnings(x._replace(channels=2))

    def simplified(self, x: Signal) -> Primitive | None:
        kernel = self.kernel.simplified()
        return self if kernel == self.kernel else self.with_fields({"kernel": kernel})

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.attention import Attention as Layer

        narrow, wide = (linear.lower(read) for linear, read in self.linear(x))
        spatial = self.spatial(x)
        order = spatial.acting(x).order if x.group.trivial else 1
        return Layer(narrow, wide, spatial.lower(x._replace(channels=2)), x.channels, x.group.order, x.dims, order)


_DEFAULTS: dict[str, Any] = {
    name: field.default for name, field in Convolution.model_fields.items() if not field.is_required()
}
