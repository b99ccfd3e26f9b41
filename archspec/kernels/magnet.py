"""MAGNets: multiplicative anisotropic Gabor networks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.geometry.groups import Group
from archspec.geometry.sampling import Sampling
from archspec.kernels.kernel import Oscillating, dense_macs

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


class Magnet(Oscillating):
    """A product of Gabor filters with linear maps between (FlexConv, Romero et al. 2022, arXiv 2110.08059, 3.2).

    gᵢ(p) = exp(-½ Σ_d (γᵢ_d (p_d - μᵢ_d))²) · sin(Wᵢ p + bᵢ); z₀ = g₀, zᵢ = gᵢ · (Aᵢ zᵢ₋₁ + cᵢ); k = A z_L + c.
    `bandwidth` bounds the sum of the filters' frequencies at initialisation, as a fraction of the Nyquist frequency of
    the taps. A raw `omega_0` (in cycles per unit, FlexConv's input scale 25.6 is 2.04) selects the published
    initialisation: W uniform · 2π·omega_0·γ, γ drawn from Gamma(6/(i+1), 1).
    """

    band_limits: ClassVar[tuple[str, ...]] = ("regularise", "mask")
    growth: ClassVar[float] = 4.5
    kind: Literal["magnet"] = "magnet"
    hidden: int = Field(default=32, ge=1, le=1024, description="number of filters in each layer")
    layers: int = Field(default=3, ge=1, le=16, description="linear maps L between the L + 1 layers of filters")
    steerable: bool = Field(default=False, description="2-D: learn an orientation for each Gaussian")

    def params(self, where: Sampling) -> int:
        hidden = self.hidden
        filters = (self.layers + 1) * (3 * where.inputs + 1 + self.steerable) * hidden
        return filters + self.layers * (hidden + 1) * hidden + (hidden + 1) * where.rows

    def macs(self, where: Sampling, samples: int) -> int:
        hidden = self.hidden
        filters = (self.layers + 1) * samples * where.inputs * hidden
        return filters + dense_macs(samples, [*[hidden] * (self.layers + 1), where.rows])

    def frequency(self, where: Sampling) -> float:
        if self.omega_0 is not None:
            return 2 * math.pi * self.omega_0
        return max(1.0, self.bandwidth * where.nyquist)

    def unsuited(self, dims: int, group: Group, on_reference: bool) -> str | None:
        if self.steerable and (dims != 2 or not group.trivial):
            return "a steerable Magnet is for plain images; use steerable=False"
        return None

    def shared(self) -> int:
        return self.hidden + 1

    def lower(self, where: Sampling) -> KernelModule:
        from archspec.layers.kernels.magnet import Magnet as Layer

        return Layer(
            where.rows,
            where.inputs,
            len(where.sizes),
            self.hidden,
            self.layers,
            self.frequency(where),
            self.omega_group,
            as_published=self.omega_0 is not None,
            steerable=self.steerable,
            centre=1.0 if where.causal else 0.0,
            spread=where.spread,
        )
