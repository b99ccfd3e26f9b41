"""The convolution family: one block, five independent choices; `Lift` is the same from a plain signal to a group."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from archspec.block import Channels, Primitive, per_axis, require_unpooled, slide
from archspec.blocks import conv_checks as checks
from archspec.blocks import conv_cost
from archspec.cost import Cost
from archspec.cropping import equalised
from archspec.groups import Group, groups_for
from archspec.kernels import AnyKernel, Table
from archspec.kernels.kernel import Wanted
from archspec.sampling import Lattice, one_tap, sample_count, sampled
from archspec.signal import Signal, SignalError
from archspec.windows import AnyWindow, Disc, Learned

if TYPE_CHECKING:
    from torch import nn

Taps = Annotated[int, Field(ge=1, le=1_048_576)]


class Convolution(Primitive):
    """What `Conv` and `Lift` share. Sizes and strides are in steps of the reference grid, the input's unless stated."""

    channels: Channels = Field(description="fields of the output; each has one value per group element")
    kernel_size: Taps | tuple[Taps, ...] = Field(
        default=3, description="taps per axis; with a learned window, the largest size it can grow to"
    )
    kernel: AnyKernel = Field(default=Table(), description="how the weights are made")
    window: AnyWindow | None = Field(default=None, description="what limits the kernel's extent")
    factorisation: Literal["full", "depthwise_separable"] = Field(
        default="full", description="all at once, or each channel over space and then all channels at each position"
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
    band_limit: Literal["none", "regularise", "mask"] = Field(
        default="none",
        description="penalise frequencies the grid cannot hold (see alias_penalty), or leave them out of the kernel",
    )

    def acting(self, x: Signal) -> Group:
        """The group of the output."""
        return x.group

    def infer(self, x: Signal) -> Signal:
        group, same = self.acting(x), self.padding == "same"
        if not x.pooled.trivial:
            require_unpooled(x, "a convolution")
        sizes = per_axis(self.kernel_size, x, "kernel_size")
        if self.causal and len(x.grid) != 1:
            raise SignalError(f"causal is for series, this grid has {len(x.grid)} axes; use causal=False", "causal")
        even = not all(k % 2 for k in sizes)
        if even and same and not self.causal and not (self.allow_even and group.trivial and not x.spacing):
            raise SignalError(
                f"{checks.text(sizes)} taps have no centre, so 'same' padding would shift the signal by half a "
                "step; use an odd size, or padding='valid'",
                "kernel_size",
            )
        checks.size(self, x, sizes)
        checks.parts(self, x, group)
        if not group.trivial:
            checks.symmetry(self, x, group, sizes)
        strides = x.strides(self.stride)
        grid = slide(x, group, sizes, strides, same, "kernel_size")
        if not x.spacing:
            return Signal(self.channels, grid, group)
        return x.strided(grid, strides, self.stride)._replace(channels=self.channels, group=group)

    def cost(self, x: Signal) -> Cost:
        return self.cost_of(x, self.kept(x))

    def cost_of(self, x: Signal, kept: tuple[int, ...]) -> Cost:
        """The cost with the taps that a learned window leaves by now (empty: all)."""
        return conv_cost.cost(self, x, kept)

    def warnings(self, x: Signal) -> Iterator[str]:
        group, sizes = self.acting(x), per_axis(self.kernel_size, x, "kernel_size")
        if group.action(x.dims).exact or max(sizes) == 1:
            return
        yield f"turns of {group} other than quarter turns are approximate on a grid; measure them with certify()"
        frequency = self.kernel.frequency(self.wanted(x))
        if frequency is not None and frequency > max(sizes) - 1 and self.kernel.kind != "spline":
            yield (
                f"frequency {frequency:.3g} aliases under turns of {group} at {checks.text(sizes)} taps; "
                f"keep it at {max(sizes) - 1} or below"
            )
        if isinstance(self.kernel, Table):
            yield f"a table is interpolated for the turns of {group}; a continuous kernel (Siren) is sampled instead"

    def simplified(self, x: Signal) -> Primitive | None:
        sizes = per_axis(self.kernel_size, x, "kernel_size")
        plain = self.kernel.kind == "table" and self.factorisation == "full" and self.acting(x) == x.group
        if max(sizes) == 1 and self.stride == 1 and plain and not isinstance(self.window, Learned):
            from archspec.blocks.pointwise import Pointwise

            return Pointwise(channels=self.channels, bias=bool(self.bias))
        plainest: dict[str, Any] = {
            "kernel_size": sizes[0] if len(set(sizes)) == 1 else sizes,
            "kernel": self.kernel.simplified(),
            "algorithm": conv_cost.stated_algorithm(self, x),
            "bias": bool(self.bias),  # per element, of a plain signal, is per channel
        }
        changes = {field: value for field, value in plainest.items() if getattr(self, field) != value}
        return self.with_fields(changes) if changes else self

    def lower(self, x: Signal) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        from archspec.layers.conv import GroupConv, pointwise

        group, wanted = self.acting(x), self.wanted(x)
        lattice, mixing, window = self.lattice(x), self.mixes(x), self.window
        softness = window.softness if isinstance(window, Disc) else None
        # Group order, like kernel size, is only where a continuous kernel is sampled: the mean over the elements.
        quadrature = 1 / wanted.elements if self.kernel.continuous else 1.0
        crop = None
        if isinstance(window, Learned) and window.crop:
            crop = (self.causal, window.bucketed, group.action(x.dims).mixed_axes)
        kernel = self.kernel.lower(wanted)
        if self.band_limit != "none":
            kernel.limit_band(wanted.nyquist / float(max(lattice.steps)), masked=self.band_limit == "mask")
        spatial = GroupConv(
            kernel,
            window.lower(wanted, x.channels if self.depthwise else self.channels) if window else None,
            partial(sampled, group, lattice, mixing, softness, quadrature),
            wanted.sizes,
            self.kept(x),
            inputs=x.channels,
            outputs=x.channels if self.depthwise else self.channels,
            order=group.order,
            lifts=x.group.trivial,
            depthwise=self.depthwise,
            energy=1.0 if self.depthwise else 1 / x.channels,
            crop=crop,
            stride=x.strides(self.stride),
            padding=self.padded,
            algorithm=self.algorithm,
            grid=x.grid,
            bias=bool(self.bias),
        )
        if not self.depthwise:
            return spatial
        mix = pointwise(x.channels, self.channels, one_tap(group, x.dims), x.dims, bool(self.bias))
        return nn.Sequential(OrderedDict(spatial=spatial, mixing=mix))

    @property
    def depthwise(self) -> bool:
        """Whether each channel is convolved by itself, before a map of all channels at each position."""
        return self.factorisation != "full"

    @property
    def padded(self) -> str:
        """`same`, `valid` or `causal`."""
        return "causal" if self.causal and self.padding == "same" else self.padding

    def stretched(self, x: Signal) -> bool:
        """Whether it is sampled as CKConv's code does it on another grid."""
        return self.resampling == "stretched" and bool(x.spacing)

    def mixes(self, x: Signal) -> bool:
        """Whether the kernel has an axis over the group's elements."""
        return not self.depthwise and not x.group.trivial

    def lattice(self, x: Signal) -> Lattice:
        sizes = per_axis(self.kernel_size, x, "kernel_size")
        return Lattice(sizes, x.spacing, self.causal, stretched=self.resampling == "stretched")

    def wanted(self, x: Signal) -> Wanted:
        group, sizes, mixing = self.acting(x), per_axis(self.kernel_size, x, "kernel_size"), self.mixes(x)
        return Wanted(
            rows=x.channels if self.depthwise else self.channels * x.channels,
            elements=group.order if mixing else 1,
            sizes=sizes,
            inputs=sample_count(group, sizes, mixing)[1],
            causal=self.causal,
            spread=self.window.spread() if self.window else 1.0,
        )

    def kept(self, x: Signal) -> tuple[int, ...]:
        """Taps per axis that the window leaves as it begins; empty: all."""
        if not isinstance(self.window, Learned):
            return ()
        wanted = self.wanted(x)
        kept = equalised(self.window.kept(wanted), self.acting(x).action(x.dims).mixed_axes)
        return () if kept == wanted.sizes else kept


class Conv(Convolution):
    """A convolution; its symmetry is that of the signal it reads.

    On a group, (f⋆ψ)(x, h) = Σ_c Σ_h' Σ_u f_c(x+u, h') ψ_c(h⁻¹u, h⁻¹h') (Cohen & Welling 2016, arXiv 1602.07576).
    """

    kind: Literal["conv"] = "conv"


class Lift(Convolution):
    """A convolution from a plain signal onto a group: (f⋆ψ)(x, h) = Σ_c Σ_u f_c(x+u) ψ_c(h⁻¹u).

    Lifting onto C1 is the plain convolution.
    """

    kind: Literal["lift"] = "lift"
    group: Group = Field(description="the symmetry: C1, C4, D4, C8, … , in three dimensions also T, O, Oh")

    def acting(self, x: Signal) -> Group:
        return self.group

    def infer(self, x: Signal) -> Signal:
        if not x.group.trivial:
            raise SignalError(f"the signal lives on {x.group} already; use Conv() here, or Restrict() before it")
        if not self.group.acts_on(x.dims):
            raise SignalError(
                f"{self.group} does not act on a grid of {x.dims} axes; use {groups_for(x.dims)}", "group"
            )
        return super().infer(x)

    def simplified(self, x: Signal) -> Primitive | None:
        if not self.group.trivial:
            return super().simplified(x)
        fields = {name: getattr(self, name) for name in Convolution.model_fields if name != "kind"}
        return Conv.model_construct(**fields).simplified(x)
