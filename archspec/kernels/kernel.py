"""What every kernel is: parameters, the work of making its samples, a torch module that makes them."""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field

from archspec.geometry.groups import Group
from archspec.geometry.sampling import Sampling
from archspec.schema.kinds import Kinds
from archspec.schema.model import Model

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule


KERNELS = Kinds("archsearch.kernels", "kernel")


class Kernel(Model):
    """How the weights of a convolution are made.

    Attributes:
        continuous: a function of the coordinates, those of the group too, that can be sampled anywhere.
        band_limits: how its frequencies can be limited.
        growth: by how much signals grow with each convolution without a norm, about: above 1 for smooth kernels, whose
            answer to a smooth signal is larger than to noise. As tests/benchmarks/depth_without_norms.py measures it.
    """

    continuous: ClassVar[bool] = True
    band_limits: ClassVar[tuple[str, ...]] = ()
    growth: ClassVar[float] = 1.0
    family: ClassVar[Kinds] = KERNELS
    kind: str

    @property
    def coordinates(self) -> str:
        """Those of the group's elements: `circle`, cosine and sine, or `interval`, the angle over π less one."""
        return "circle"

    @abstractmethod
    def params(self, where: Sampling) -> int:
        """Number of parameters."""

    @abstractmethod
    def macs(self, where: Sampling, samples: int) -> int:
        """Multiply-accumulates that make the kernels at that many points."""

    @abstractmethod
    def lower(self, where: Sampling) -> KernelModule:
        """A torch module as `archspec.layers.kernels` describes."""

    def learns(self) -> frozenset[str]:
        return frozenset(("kernel",))

    def simplified(self) -> Self:
        """The same kernel, with what has no effect at its default."""
        return self

    def unsuited(self, dims: int, group: Group, on_reference: bool) -> str | None:
        """Why it cannot be a kernel there, and what to do; None if it can."""
        return None

    def shared(self) -> int | None:
        """Functions of the coordinates that every kernel is a sum of, a constant among them; None if there are none."""
        return None

    def frequency(self, where: Sampling) -> float | None:
        """Highest frequency it is begun with, in radians per unit of the coordinates; None if that is not known."""
        return None


AnyKernel = Annotated[Kernel, KERNELS]


class Oscillating(Kernel):
    """A network whose first frequencies are set by `bandwidth` or, to reproduce a paper, by a raw `omega_0`."""

    bandwidth: float = Field(default=0.5, gt=0, le=8, description="fraction of the taps' Nyquist frequency")
    omega_0: float | None = Field(default=None, gt=0, le=1e5, description="raw frequency factor; overrides bandwidth")
    omega_group: float = Field(default=3.0, gt=0, le=1e3, description="frequency factor of the group coordinates")
    angle: Literal["circle", "interval"] = Field(
        default="circle", description="how C_n's angles are seen: cosine and sine, or over π less one as in the papers"
    )

    @property
    def coordinates(self) -> str:
        return self.angle

    def simplified(self) -> Self:
        default = type(self).model_fields["bandwidth"].default
        overridden = self.omega_0 is not None and self.bandwidth != default
        return self.with_fields({"bandwidth": default}) if overridden else self


def dense_macs(samples: int, widths: list[int]) -> int:
    """Multiply-accumulates of linear layers of these widths, at every sample."""
    return samples * sum(a * b for a, b in pairwise(widths))
