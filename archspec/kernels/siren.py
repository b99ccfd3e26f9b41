"""Kernels that are sine networks (SIREN)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from archspec.geometry.sampling import Sampling
from archspec.kernels.kernel import Oscillating, dense_macs
from archspec.schema.model import later

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


class Siren(Oscillating):
    """A sine network from coordinates to weights, as in CKConv (Romero et al. 2021, arXiv 2102.02611, eq. 5).

    `bandwidth` is the highest frequency of its first layer as a fraction of the Nyquist frequency of the taps; a raw
    `omega_0` instead reproduces a paper. `omega_group` is the frequency factor of the coordinates of the group.
    With `first_omega_0` it is initialised as in Sitzmann et al. 2020 and Knigge et al. 2022: the first layer's weights
    are uniform within ±1 / (number of coordinates), the biases zero.
    """

    growth: ClassVar[float] = 3.5
    kind: Literal["siren"] = "siren"
    hidden: int = Field(default=32, ge=1, le=1024, description="width of the hidden layers")
    layers: int = Field(default=3, ge=2, le=16, description="linear layers, the last one included")
    weight_norm: bool = Field(default=False, description="weight normalisation, as in CKConv")
    learn_omega: bool = Field(default=False, description="train the frequency factor too")
    first_omega_0: float | None = later(
        None, gt=0, le=1e5, description="separate raw frequency factor of the first layer"
    )

    def learns(self) -> frozenset[str]:
        return super().learns() | ({"omega"} if self.learn_omega is not False else set())

    def params(self, where: Sampling) -> int:
        hidden, deep = self.hidden, self.layers - 2
        units = hidden * (self.layers - 1) + where.rows
        weights = where.inputs * hidden + deep * hidden**2 + hidden * where.rows
        factors = 1 + (self.first_omega_0 is not None and deep > 0)
        return weights + units + (units if self.weight_norm else 0) + self.learn_omega * factors

    def macs(self, where: Sampling, samples: int) -> int:
        return dense_macs(samples, [where.inputs, *[self.hidden] * (self.layers - 1), where.rows])

    def frequency(self, where: Sampling) -> float:
        # Smaller first weights lower the first layer's frequencies, but later layers add to these: aliasing follows
        # the factor.
        return self.first_omega_0 or self._factor(where)

    def simplified(self) -> Self:
        if self.first_omega_0 and self.layers == 2:  # no other layer has a factor
            fields = {name: type(self).model_fields[name].default for name in ("omega_0", "bandwidth")}
            unused = any(getattr(self, name) != value for name, value in fields.items())
            return self.with_fields(fields) if unused else self
        return super().simplified()

    def _factor(self, where: Sampling) -> float:
        """The frequency factor ω of the hidden layers, the first included unless `first_omega_0` is set."""
        return self.omega_0 or max(1.0, self.bandwidth * where.nyquist)

    def shared(self) -> int:
        return self.hidden + 1

    def lower(self, where: Sampling) -> KernelModule:
        from archspec.layers.kernels.siren import Siren as Layer

        return Layer(
            where.rows,
            where.inputs,
            len(where.sizes),
            self.hidden,
            self.layers,
            self._factor(where),
            self.omega_group,
            self.weight_norm,
            self.learn_omega,
            self.first_omega_0,
        )
