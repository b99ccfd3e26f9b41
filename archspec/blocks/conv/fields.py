"""The fields of a convolution, and properties that follow from them alone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from archspec.geometry.groups import Group
from archspec.geometry.tap_grid import TapGrid
from archspec.graph.block import Channels, Primitive
from archspec.graph.grids import per_axis
from archspec.graph.signal import Signal
from archspec.kernels import AnyKernel, Table
from archspec.kernels.windows import AnyWindow
from archspec.schema.model import Model

Taps = Annotated[int, Field(ge=1, le=1_048_576)]
Factorisation = Literal["full", "kernel_separable", "depthwise_separable", "group_separable", "group_depthwise"]


class Scales(Model):
    """Settings of a convolution on scales (S2, C4xS3 …): its kernel spans a scale and the next coarser ones."""

    span: int = Field(default=3, ge=1, le=16, description="number of input scales of a kernel, its own the first")
    crop: bool = Field(default=False, description="output only scales whose kernel has all its input scales")
    smooth: bool = Field(
        default=True, description="first smooth the input by a quadratic B-spline as wide as the dilation"
    )


DEFAULT_SCALES = Scales()


class Fields(Primitive):
    """The fields of `Conv` and `Lift`. Sizes and strides are in steps of the reference grid, by default the input's."""

    channels: Channels = Field(description="fields of the output; each has one value per group element")
    kernel_size: Taps | tuple[Taps, ...] = Field(
        default=3, description="taps per axis; with a learned window, the largest size it can grow to"
    )
    kernel: AnyKernel = Field(default=Table(), description="how the weights are computed")
    window: AnyWindow | None = Field(default=None, description="factor that limits the kernel's extent")
    factorisation: Factorisation = Field(
        default="full", description="one stage, or cheaper separable ones: see docs/symmetry.md"
    )
    stride: int = Field(default=1, ge=1, le=64, description="every how many points there is an output, per axis")
    padding: Literal["same", "valid"] = Field(default="same", description="zeros that keep the grid, or none")
    causal: bool = Field(default=False, description="1-D: no output depends on a later input")
    allow_even: bool = Field(
        default=False, description="allow even sizes with 'same' padding, centred half a step late (as CCNN's code)"
    )
    resampling: Literal["physical", "stretched"] = Field(
        default="physical", description="on another grid: keep the extent, or stretch it as CKConv's code does (causal)"
    )
    bias: bool | Literal["per_element"] = Field(
        default=True, description="add a bias per channel, shared over the group"
    )
    algorithm: Literal["auto", "direct", "fft"] = Field(
        default="auto", description="sums over taps, Fourier transforms, or the faster of both as measured (auto)"
    )
    scales: Scales = Field(default=DEFAULT_SCALES, description="settings on groups with scales")
    band_limit: Literal["none", "regularise", "mask"] = Field(
        default="none",
        description="penalise frequencies above Nyquist (see alias_penalty), or mask them in the kernel",
    )

    def acting(self, x: Signal) -> Group:
        """The group of the output."""
        return x.group

    @property
    def depthwise(self) -> bool:
        """Whether the stage over the taps convolves each channel separately."""
        return self.factorisation not in ("full", "kernel_separable")

    @property
    def transformable(self) -> bool:
        """Whether Fourier transforms can compute it: they have no strides, and a map depends on one map or on all."""
        return self.stride == 1 and self.factorisation != "group_depthwise"

    @property
    def padded(self) -> str:
        """Kind of padding: `same`, `valid` or `causal`."""
        return "causal" if self.causal and self.padding == "same" else self.padding

    def sums_only(self, x: Signal) -> bool:
        """Whether only sums over taps can compute it: on scales and on sectors."""
        return self.acting(x).scaling or on_a_sector(x)

    def stretched(self, x: Signal) -> bool:
        """Whether its kernel is sampled on another grid in the way of CKConv's code."""
        return self.tap_grid(x).stretched and bool(x.spacing)

    def tap_grid(self, x: Signal) -> TapGrid:
        """Positions of its taps."""
        sizes = self.sizes(x)
        stretched = self.resampling == "stretched" and max(sizes) > 1  # one tap has no extent
        return TapGrid(sizes, x.spacing, self.causal, stretched=stretched)

    def sizes(self, x: Signal) -> tuple[int, ...]:
        """Taps per axis on the reference grid."""
        return per_axis(self.kernel_size, x, "kernel_size")


def on_a_sector(x: Signal) -> bool:
    """Whether input or output elements of a convolution of `x` are turns spread over a learned sector."""
    return x.scattered or x.ahead > 0
