"""Kernels of diagonal state-space models."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.geometry.cropping import unit
from archspec.geometry.groups import Group
from archspec.geometry.sampling import Sampling
from archspec.kernels.kernel import Kernel

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


class S4D(Kernel):
    """The kernel of a diagonal state-space model, K(t) = 2 Re Σₙ Cₙ (e^{ΔAₙ} - 1)/Aₙ · e^{ΔAₙ t} (Gu et al. 2022).

    arXiv 2206.11893, section 3. Initialised as S4D-Lin, Aₙ = -½ + iπn, with the step Δ log-uniform from `slowest` to
    `fastest`. A kernel that is not causal has separate weights C for each direction of time.
    """

    growth: ClassVar[float] = 2.4
    kind: Literal["s4d"] = "s4d"
    states: int = Field(default=16, ge=1, le=1024, description="number of complex states, conjugate pairs counted once")
    slowest: float = Field(default=1e-3, gt=0, le=1, description="smallest initial step Δ")
    fastest: float = Field(default=1e-1, gt=0, le=10, description="largest initial step Δ")

    def params(self, where: Sampling) -> int:
        sides = 1 if where.causal else 2
        return where.rows * (1 + self.states * (2 + 2 * sides))

    def macs(self, where: Sampling, samples: int) -> int:
        """Real part of the sum of complex exponentials times complex weights; for each direction unless causal."""
        return where.rows * self.states * samples * (2 if where.causal else 4)

    def unsuited(self, dims: int, group: Group, on_reference: bool) -> str | None:
        if dims != 1 or not group.trivial:
            return "S4D is for plain series; use Siren, Magnet or Hyena here"
        return None

    def lower(self, where: Sampling) -> KernelModule:
        from archspec.layers.kernels.s4d import S4D as Layer

        return Layer(where.rows, self.states, where.causal, unit(where.sizes), self.slowest, self.fastest)
