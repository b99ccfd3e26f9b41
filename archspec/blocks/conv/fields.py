"""The five independent choices of a convolution as fields, and what follows from them alone."""

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
    """How a convolution on the scales S2, C4xS3 … works: a kernel reads its own scale and the next coarser ones."""

    span: int = Field(default=3, ge=1, le=16, description="scales that a kernel reads, its own the first")
    crop: bool = Field(default=False, description="give only scales whose kernel is not cut off by the last one")
    smooth: bool = Field(
        default=True, description="smooth by a quadratic spline as wide as the taps are apart, before they are applied"
    )


DEFAULT_SCALES = Scales()


class Fields(Primitive):
    """What `Conv` and `Lift` share. Sizes and strides are in steps of the reference grid, the input's unless stated."""

    channels: Channels = Field(description="fields of the output; each has one value per group element")
    kernel_size: Taps | tuple[Taps, ...] = Field(
        default=3, description="taps per axis; with a learned window, the largest size it can grow to"
    )
    kernel: AnyKernel = Field(default=Table(), description="how the weights are made")
    window: AnyWindow | None = Field(default=None, description="what limits the kernel's extent")
    factorisation: Factorisation = Field(
        default="full", description="all at once, or in parts that are cheaper: see docs/symmetry.md"
    )
    stride: int = Field(default=1, ge=1, le=64)
    padding: Literal["same", "valid"] = "same"
    causal: bool = Field(default=False, description="1-D: no output sees a later input")
    allow_even: bool = Field(
        default=False, description="even sizes under 'same' padding, their centre half a step late (CCNN's code)"
    )
    resampling: Literal["physical", "stretched"] = Field(
        default="physical", description="on another grid: the same extent, or stretched as by CKConv's code (causal)"
    )
    bias: bool | Literal["per_element"] = Field(default=True, description="one per channel, shared over the group")
    algorithm: Literal["auto", "direct", "fft"] = Field(
        default="auto", description="by sums over taps or by Fourier transforms; auto is the faster by measurement"
    )
    scales: Scales = Field(default=DEFAULT_SCALES, description="on scales, which ones a kernel reads")
    band_limit: Literal["none", "regularise", "mask"] = Field(
        default="none",
        description="penalise frequencies the grid cannot hold (see alias_penalty), or leave them out of the kernel",
    )

    def acting(self, x: Signal) -> Group:
        """The group of the output."""
        return x.group

    @property
    def depthwise(self) -> bool:
        """Whether the stage over the taps convolves each channel by itself."""
        return self.factorisation not in ("full", "kernel_separable")

    @property
    def transformable(self) -> bool:
        """Whether Fourier transforms can do it: they give every position, each map from one or from all."""
        return self.stride == 1 and self.factorisation != "group_depthwise"

    @property
    def padded(self) -> str:
        """`same`, `valid` or `causal`."""
        return "causal" if self.causal and self.padding == "same" else self.padding

    def sums_only(self, x: Signal) -> bool:
        """Whether nothing but sums over taps can do it."""
        return self.acting(x).scaling or on_a_sector(x)

    def stretched(self, x: Signal) -> bool:
        """Whether it is sampled as CKConv's code does it on another grid."""
        return self.tap_grid(x).stretched and bool(x.spacing)

    def tap_grid(self, x: Signal) -> TapGrid:
        """Where its taps lie."""
        sizes = self.sizes(x)
        stretched = self.resampling == "stretched" and max(sizes) > 1  # one tap has no extent
        return TapGrid(sizes, x.spacing, self.causal, stretched=stretched)

    def sizes(self, x: Signal) -> tuple[int, ...]:
        """Taps per axis on the reference grid."""
        return per_axis(self.kernel_size, x, "kernel_size")


def on_a_sector(x: Signal) -> bool:
    """Whether a convolution that reads `x` gives, or reads, elements spread over a sector of the circle."""
    return x.scattered or x.ahead > 0
