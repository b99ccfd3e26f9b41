"""A kernel network of rectified linear units, the baseline of CKConv."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.geometry.sampling import Sampling
from archspec.kernels.kernel import Kernel, dense_macs

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


class Mlp(Kernel):
    """A network of rectified linear units from coordinates to weights; its kinks are spread over the kernel.

    The baseline of CKConv (Romero et al. 2021, section 4.2): being piecewise linear, it hardly fits high frequencies.
    """

    growth: ClassVar[float] = 4.5
    kind: Literal["mlp"] = "mlp"
    hidden: int = Field(default=32, ge=1, le=1024, description="width of the hidden layers")
    layers: int = Field(default=3, ge=2, le=16, description="linear layers, the last one included")

    def params(self, where: Sampling) -> int:
        widths = [where.inputs, *[self.hidden] * (self.layers - 1), where.rows]
        return dense_macs(1, widths) + sum(widths[1:])

    def macs(self, where: Sampling, samples: int) -> int:
        return dense_macs(samples, [where.inputs, *[self.hidden] * (self.layers - 1), where.rows])

    def shared(self) -> int:
        return self.hidden + 1

    def lower(self, where: Sampling) -> KernelModule:
        from archspec.layers.kernels.mlp import Mlp as Layer

        return Layer(where.rows, where.inputs, len(where.sizes), self.hidden, self.layers)
