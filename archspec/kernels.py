"""What a convolution kernel is made of, and what limits its extent. Schema and arithmetic; torch only when lowered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from archspec.model import Model
from archspec.sampling import Sampling, disc

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn


class Table(Model):
    """Free weights at every tap: the ordinary convolution kernel."""

    kind: Literal["table"] = "table"

    def simplified(self) -> Table:
        """The same kernel, what has no effect at its default."""
        return self

    def params(self, rows: int, elements: int, taps: int, inputs: int) -> int:
        return rows * elements * taps

    def macs(self, rows: int, elements: int, taps: int, samples: int, inputs: int) -> int:
        """MACs that make the kernels: those of turning the tables where taps do not fall onto taps."""
        return rows * taps * samples if samples > elements * taps else 0

    def lower(self, rows: int, elements: int, taps: tuple[int, ...], sampling: Sampling, variance: float) -> nn.Module:
        from archspec.layers.kernels import TableKernel

        return TableKernel(rows, elements, math.prod(taps), sampling.turns, variance)


class Siren(Model):
    """A sine network from coordinates to weights, as in CKConv (Romero et al. 2021, arXiv 2102.02611, eq. 5).

    `bandwidth` is the highest frequency of its first layer as a fraction of the Nyquist frequency of the taps; a raw
    `omega_0` in its place reproduces a paper. `omega_group` plays the same part along the group's angle.
    """

    kind: Literal["siren"] = "siren"
    hidden: int = Field(default=32, ge=1, le=1024, description="width of the hidden layers")
    layers: int = Field(default=3, ge=2, le=16, description="linear layers, the last one included")
    bandwidth: float = Field(default=0.5, gt=0, le=8, description="fraction of the taps' Nyquist frequency")
    omega_0: float | None = Field(default=None, gt=0, le=1e5, description="raw frequency factor; overrides bandwidth")
    omega_group: float = Field(default=3.0, gt=0, le=1e3, description="frequency factor of the group coordinates")

    def simplified(self) -> Siren:
        """The same kernel, what has no effect at its default."""
        default = type(self).model_fields["bandwidth"].default
        overridden = self.omega_0 is not None and self.bandwidth != default
        return self.with_fields({"bandwidth": default}) if overridden else self

    def params(self, rows: int, elements: int, taps: int, inputs: int) -> int:
        hidden = self.hidden
        return inputs * hidden + hidden + (self.layers - 2) * (hidden + 1) * hidden + (hidden + 1) * rows

    def macs(self, rows: int, elements: int, taps: int, samples: int, inputs: int) -> int:
        """MACs that make the kernels: the network at every sample."""
        return samples * (inputs * self.hidden + (self.layers - 2) * self.hidden**2 + self.hidden * rows)

    def omega(self, taps: tuple[int, ...]) -> float:
        """Frequency factor of the first layer, in radians per half kernel."""
        return self.omega_0 or max(1.0, self.bandwidth * math.pi * (max(taps) - 1) / 2)

    def lower(self, rows: int, elements: int, taps: tuple[int, ...], sampling: Sampling, variance: float) -> nn.Module:
        from archspec.layers.kernels import SirenKernel

        points = sampling.points
        return SirenKernel(
            rows,
            points,
            len(taps),
            self.hidden,
            self.layers,
            self.omega(taps),
            self.omega_group,
            variance,
            1 / elements,
        )


class Disc(Model):
    """A disc through the outermost taps with a soft rim: what turns other than quarter turns need."""

    kind: Literal["disc"] = "disc"
    softness: float = Field(default=0.5, gt=0, le=4, description="width of the rim, in grid steps")

    def weights(self, taps: tuple[int, ...]) -> NDArray[np.float64]:
        """(K,) factor of each tap."""
        return disc(taps, self.softness)


AnyKernel = Annotated[Table | Siren, Field(discriminator="kind")]
AnyWindow = Annotated[Disc, Field(description="what limits the kernel's extent")]
