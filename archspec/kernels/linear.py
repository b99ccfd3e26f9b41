"""Kernels that are linear in their parameters: a fixed basis of functions with a weight for each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.geometry.cropping import unit
from archspec.geometry.groups import Group
from archspec.geometry.sampling import Sampling
from archspec.kernels.kernel import Kernel, dense_macs

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


class Fourier(Kernel):
    """Random Fourier features (Rahimi and Recht 2007): cosines and sines of fixed frequencies with a weight for each.

    The frequencies are uniform over a ball whose radius is `bandwidth` times the Nyquist frequency of the taps. So the
    kernel contains no higher frequencies whatever its weights are, and can use the whole band without aliasing.
    """

    band_limits: ClassVar[tuple[str, ...]] = ("mask",)
    kind: Literal["fourier"] = "fourier"
    features: int = Field(default=32, ge=1, le=4096, description="frequencies; each gives a cosine and a sine")
    bandwidth: float = Field(default=1.0, gt=0, le=8, description="fraction of the taps' Nyquist frequency")
    omega_group: float = Field(default=3.0, gt=0, le=1e3, description="frequency along the group coordinates")

    def params(self, where: Sampling) -> int:
        return (2 * self.features + 1) * where.rows

    def macs(self, where: Sampling, samples: int) -> int:
        return samples * where.inputs * self.features + samples * 2 * self.features * where.rows

    def frequency(self, where: Sampling) -> float:
        return max(1.0, self.bandwidth * where.nyquist)

    def shared(self) -> int:
        return 2 * self.features + 1

    def lower(self, where: Sampling) -> KernelModule:
        from archspec.layers.kernels.linear import Fourier as Layer

        return Layer(where.rows, where.inputs, len(where.sizes), self.features, self.frequency(where), self.omega_group)


class Spline(Kernel):
    """B-splines (Unser 1999): weights at evenly spaced knots, joined smoothly; degree 1 interpolates a table linearly.

    On a group each element has separate knots. On C_n, `around` places that many knots along the circle instead: then
    the kernel is a function of the angle too, and the order of the group is only where it is sampled.
    """

    growth: ClassVar[float] = 1.6
    kind: Literal["spline"] = "spline"
    knots: int | None = Field(default=None, ge=2, le=4096, description="knots per axis; by default one for each tap")
    degree: Literal[1, 2, 3] = Field(default=3, description="degree of the pieces: 1 is linear, 3 cubic")

    around: int | None = Field(default=None, ge=3, le=256, description="on C_n, number of knots along the circle")

    def unsuited(self, dims: int, group: Group, on_reference: bool) -> str | None:
        if self.around and not group.trivial and (not group.cyclic or group.order == 2):
            return f"knots around a circle are for the turns of C_n, not {group}; leave `around` out"
        return None

    def along(self, where: Sampling) -> int:
        """Number of knots along the group: `around`, or one for each element."""
        return self.around if self.around and where.elements > 1 else where.elements

    def count(self, where: Sampling) -> tuple[int, ...]:
        """Number of knots per axis, at most one for each tap."""
        return tuple(min(self.knots or size, size) for size in where.sizes)

    def params(self, where: Sampling) -> int:
        return where.rows * self.along(where) * math.prod(self.count(where))

    def macs(self, where: Sampling, samples: int) -> int:
        knots = math.prod(self.count(where))
        if self.along(where) == where.elements and not self.around:
            return dense_macs(samples, [knots, where.rows])
        along, grids = self.along(where), samples // where.elements
        return where.rows * along * (knots * grids + (samples if where.elements > 1 else 0))

    def frequency(self, where: Sampling) -> float:
        return where.nyquist * max((n / k for n, k in zip(self.count(where), where.sizes, strict=True)), default=1.0)

    def lower(self, where: Sampling) -> KernelModule:
        from archspec.layers.kernels.linear import Spline as Layer

        reach = tuple((size - 1) / 2 / unit(where.sizes) for size in where.sizes)
        around = self.around if where.elements > 1 else None
        return Layer(where.rows, where.elements, self.count(where), reach, self.degree, around)
