"""Sine networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.kernels.kernel import Oscillating, Wanted, dense_macs

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


class Siren(Oscillating):
    """A sine network from coordinates to weights, as in CKConv (Romero et al. 2021, arXiv 2102.02611, eq. 5).

    `bandwidth` is the highest frequency of its first layer as a fraction of the Nyquist frequency of the taps; a raw
    `omega_0` in its place reproduces a paper. `omega_group` plays the same part along the group's angle.
    """

    growth: ClassVar[float] = 3.5
    kind: Literal["siren"] = "siren"
    hidden: int = Field(default=32, ge=1, le=1024, description="width of the hidden layers")
    layers: int = Field(default=3, ge=2, le=16, description="linear layers, the last one included")
    weight_norm: bool = Field(default=False, description="length and direction of each unit's weights apart (CKConv)")
    learn_omega: bool = Field(default=False, description="train the frequency factor too, from where it begins")

    def params(self, wanted: Wanted) -> int:
        hidden, deep = self.hidden, self.layers - 2
        units = hidden * (self.layers - 1) + wanted.rows
        weights = wanted.inputs * hidden + deep * hidden**2 + hidden * wanted.rows
        return weights + units + (units if self.weight_norm else 0) + self.learn_omega

    def macs(self, wanted: Wanted, samples: int) -> int:
        return dense_macs(samples, [wanted.inputs, *[self.hidden] * (self.layers - 1), wanted.rows])

    def frequency(self, wanted: Wanted) -> float:
        return self.omega_0 or max(1.0, self.bandwidth * wanted.nyquist)

    def shared(self) -> int:
        return self.hidden + 1

    def lower(self, wanted: Wanted) -> KernelModule:
        from archspec.layers.kernels.siren import Siren as Layer

        return Layer(
            wanted.rows,
            wanted.inputs,
            len(wanted.sizes),
            self.hidden,
            self.layers,
            self.frequency(wanted),
            self.omega_group,
            self.weight_norm,
            self.learn_omega,
        )
