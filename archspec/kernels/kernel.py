"""The base class of kernels: number of parameters, cost of sampling, and the torch module that computes the samples."""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field

from archspec.geometry.groups import Group
from archspec.geometry.sampling import Sampling
from archspec.moved import former_names
from archspec.schema.kinds import Kinds
from archspec.schema.model import Model

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


KERNELS = Kinds("archsearch.kernels", "kernel")


class Kernel(Model):
    """How the weights of a convolution are computed.

    Attributes:
        continuous: whether it is a function of coordinates, of the grid and of the group, that can be sampled anywhere.
        band_limits: the values of a convolution's `band_limit`, besides `none`, that it supports.
        growth: approximate factor by which each convolution without a norm increases the standard deviation of signals:
            above 1 for smooth kernels, whose response to a smooth signal is larger than to noise. Measured by
            tests/benchmarks/depth_without_norms.py.
    """

    continuous: ClassVar[bool] = True
    band_limits: ClassVar[tuple[str, ...]] = ()
    growth: ClassVar[float] = 1.0
    family: ClassVar[Kinds] = KERNELS
    kind: str

    @property
    def coordinates(self) -> str:
        """Coordinates of the group's elements: `circle` (cosine and sine) or `interval` (angle / π - 1)."""
        return "circle"

    @abstractmethod
    def params(self, where: Sampling) -> int:
        """Number of parameters of all kernels of a layer."""

    @abstractmethod
    def macs(self, where: Sampling, samples: int) -> int:
        """Multiply-accumulates for evaluating all kernels of a layer at that many points."""

    @abstractmethod
    def lower(self, where: Sampling) -> KernelModule:
        """A new torch module that computes the samples, as described in `archspec.layers.kernels`."""

    def learns(self) -> frozenset[str]:
        return frozenset(("kernel",))

    def simplified(self) -> Self:
        """The same kernel, with fields that have no effect set to their defaults."""
        return self

    def unsuited(self, dims: int, group: Group, on_reference: bool) -> str | None:
        """Why it cannot be used here, and what to do, in a sentence; None if it can.

        Args:
            dims: number of axes of the grid.
            group: the group of the convolution.
            on_reference: whether the signal is on the reference grid, so that every tap is a sampling point.
        """
        return None

    def shared(self) -> int | None:
        """Number of functions, one of them constant, of which every kernel is a linear combination; None if not so."""
        return None

    def frequency(self, where: Sampling) -> float | None:
        """Highest frequency at initialisation, in radians per unit of the coordinates; None if it is not known."""
        return None


AnyKernel = Annotated[Kernel, KERNELS]


class Oscillating(Kernel):
    """A network whose initial frequencies are set by `bandwidth` or, to reproduce a paper, by a raw `omega_0`."""

    bandwidth: float = Field(default=0.5, gt=0, le=8, description="fraction of the taps' Nyquist frequency")
    omega_0: float | None = Field(default=None, gt=0, le=1e5, description="raw frequency factor; overrides bandwidth")
    omega_group: float = Field(default=3.0, gt=0, le=1e3, description="frequency factor of the group coordinates")
    angle: Literal["circle", "interval"] = Field(
        default="circle", description="C_n's angles as cosine and sine, or as angle / π - 1 as in the papers"
    )

    @property
    def coordinates(self) -> str:
        return self.angle

    def simplified(self) -> Self:
        default = type(self).model_fields["bandwidth"].default
        overridden = self.omega_0 is not None and self.bandwidth != default
        return self.with_fields({"bandwidth": default}) if overridden else self


def dense_macs(samples: int, widths: list[int]) -> int:
    """Multiply-accumulates of a chain of linear layers of these widths, applied to every sample."""
    return samples * sum(a * b for a, b in pairwise(widths))


if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
