"""The ordinary convolution kernel: a table of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from archspec.geometry.groups import Group
from archspec.geometry.sampling import Sampling
from archspec.kernels.kernel import Kernel

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


class Table(Kernel):
    """An independent weight at every tap: the ordinary convolution kernel."""

    continuous: ClassVar[bool] = False
    kind: Literal["table"] = "table"

    def learns(self) -> frozenset[str]:
        return frozenset()

    def params(self, where: Sampling) -> int:
        return where.rows * where.elements * where.tap_count

    def macs(self, where: Sampling, samples: int) -> int:
        """Multiply-accumulates for interpolating the table on turned grids; none where turns map taps onto taps."""
        turned = samples > where.elements * where.tap_count
        return where.rows * where.tap_count * samples if turned else 0

    def lower(self, where: Sampling) -> KernelModule:
        from archspec.layers.kernels.table import Table as Layer

        return Layer(where.rows, where.elements, where.tap_count)

    def unsuited(self, dims: int, group: Group, on_reference: bool) -> str | None:
        if on_reference:
            return None
        return "a table has weights at its own taps only; use Spline(degree=1) to interpolate them, or another kernel"
