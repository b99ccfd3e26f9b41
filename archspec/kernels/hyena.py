"""The implicit filter of Hyena."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from archspec.geometry.sampling import Sampling
from archspec.kernels.kernel import Kernel, dense_macs

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


class Hyena(Kernel):
    """A sine network of positional features times an exponential decay (Poli et al. 2023, arXiv 2302.10866).

    The frequency factor of the sines is learned. The decay rates range from `slowest` to `fastest` over the kernels of
    a layer and are not trained.
    """

    kind: Literal["hyena"] = "hyena"
    hidden: int = Field(default=32, ge=1, le=1024, description="width of the hidden layers")
    layers: int = Field(default=3, ge=2, le=16, description="linear layers, the last one included")
    bands: int = Field(default=8, ge=1, le=512, description="frequencies of the positional features, per coordinate")
    omega_0: float = Field(default=10.0, gt=0, le=1e4, description="initial frequency factor of the sines")
    fastest: float = Field(default=0.3, gt=0, le=100, description="kernel lengths until the fastest decay is at 1 %")
    slowest: float = Field(default=1.5, gt=0, le=100, description="kernel lengths until the slowest decay is at 1 %")

    def widths(self, where: Sampling) -> list[int]:
        """Widths of the linear layers."""
        return [where.inputs * (1 + 2 * self.bands), *[self.hidden] * (self.layers - 1), where.rows]

    def learns(self) -> frozenset[str]:
        return super().learns() | {"omega"}

    def params(self, where: Sampling) -> int:
        widths = self.widths(where)
        return dense_macs(1, widths) + sum(widths[1:-1]) + self.hidden

    def macs(self, where: Sampling, samples: int) -> int:
        return dense_macs(samples, self.widths(where))

    def lower(self, where: Sampling) -> KernelModule:
        from archspec.layers.kernels.hyena import Hyena as Layer

        return Layer(
            where.rows,
            where.inputs,
            len(where.sizes),
            self.hidden,
            self.layers,
            self.bands,
            self.omega_0,
            (self.fastest, self.slowest),
            where.causal,
        )
