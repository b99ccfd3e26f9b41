"""The convolution family: one block, five independent choices; `Lift` is the same from a plain signal to a group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from archspec.block import Channels, Primitive, per_axis, require_unpooled, slide
from archspec.blocks import conv_checks as checks
from archspec.blocks import conv_cost, conv_parts, conv_scales, conv_turns
from archspec.blocks.conv_parts import Factorisation
from archspec.blocks.conv_scales import DEFAULT_SCALES, Scales
from archspec.cost import Cost
from archspec.cropping import equalised
from archspec.groups import Group, groups_for
from archspec.kernels import AnyKernel, Table
from archspec.kernels.kernel import Wanted
from archspec.lattice import Lattice
from archspec.signal import Signal, SignalError
from archspec.transforms import Target
from archspec.windows import AnyWindow, Learned

if TYPE_CHECKING:
    from torch import nn

Taps = Annotated[int, Field(ge=1, le=1_048_576)]


class Convolution(Primitive):
    """What `Conv` and `Lift` share. Sizes and strides are in steps of the reference grid, the input's unless stated."""

    reads_partial: ClassVar[str] = "masked"
    reads_scales: ClassVar[bool] = True
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

    def infer(self, x: Signal) -> Signal:
        group, same = self.acting(x), self.padding == "same"
        sizes = self.sizes(x)
        if not x.pooled.trivial and (max(sizes) > 1 or not group.trivial):
            require_unpooled(x, "a convolution")
        if group.scaling:
            return conv_scales.infer(self, x)
        if conv_turns.applies(x):
            return conv_turns.infer(self, x)
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
        checks.elements(self, x)
        if not group.trivial:
            checks.symmetry(self, x, group, sizes)
        strides = x.strides(self.stride)
        grid = slide(x, x.pooled if group.trivial else group, sizes, strides, same, "kernel_size")
        if not x.spacing:
            return Signal(self.channels, grid, group, x.pooled, partial=x.partial)
        return x.strided(grid, strides, self.stride)._replace(channels=self.channels, group=group)

    def spread(self, x: Signal, given: float) -> float:
        return given * self.kernel.growth if max(self.sizes(x)) > 1 else given

    def cost(self, x: Signal) -> Cost:
        return self.cost_of(x, self.kept(x))

    def algorithm_for(self, x: Signal, target: Target) -> str | None:
        return conv_cost.algorithm(self, x, target)

    def cost_for(self, x: Signal, target: Target) -> Cost:
        return self.cost_of(x, self.kept(x), target=target)

    def cost_of(
        self, x: Signal, kept: tuple[int, ...], counts: tuple[int, int] | None = None, target: Target = "torch"
    ) -> Cost:
        """The cost with the taps that a learned window leaves by now (empty: all).

        `counts` are the elements that it reads and gives where fewer than all count.
        """
        if conv_turns.applies(x):
            return conv_turns.cost(self, x)
        return conv_scales.cost(self, x) if self.acting(x).scaling else conv_cost.cost(self, x, kept, counts, target)

    def warnings(self, x: Signal) -> Iterator[str]:
        group, sizes = self.acting(x).turning, self.sizes(x)
        if self.acting(x).scaling:
            yield from conv_scales.warnings(self, x)
        if group.action(x.dims).exact or max(sizes) == 1:
            return
        yield f"turns of {group} other than quarter turns are approximate on a grid; measure them with certify()"
        frequency = self.kernel.frequency(self.wanted(x))
        if frequency is not None and frequency > max(sizes) - 1 and self.kernel.kind != "spline":
            yield (
                f"frequency {frequency:.3g} aliases under turns of {group} at {checks.text(sizes)} taps; "
                f"keep it at {max(sizes) - 1} or below"
            )
        if self.kernel.coordinates == "interval":
            yield "an angle on an interval jumps at the identity, so the kernel is not continuous; use angle='circle'"
        if isinstance(self.kernel, Table):
            yield f"a table is interpolated for the turns of {group}; a continuous kernel (Siren) is sampled instead"

    def simplified(self, x: Signal) -> Primitive | None:
        sizes = self.sizes(x)
        scaling = self.acting(x).scaling
        plain = self.kernel.kind == "table" and self.factorisation == "full" and self.acting(x) == x.group
        if max(sizes) == 1 and self.stride == 1 and plain and not scaling and not isinstance(self.window, Learned):
            from archspec.blocks.pointwise import Pointwise

            return Pointwise(channels=self.channels, bias=bool(self.bias))
        same = {"kernel_separable": "full", "group_depthwise": "group_separable"} if x.group.trivial else {}
        plainest: dict[str, Any] = {
            "factorisation": same.get(self.factorisation, self.factorisation),
            "kernel_size": sizes[0] if len(set(sizes)) == 1 else sizes,
            "kernel": self.kernel.simplified(),
            "scales": conv_scales.simplified(self, x) if scaling else DEFAULT_SCALES,
            "bias": bool(self.bias),  # per element, of a plain signal, is per channel
        }
        # By identity first: comparing two models is slow, and most fields are what they were.
        given = {field: getattr(self, field) for field in plainest}
        changes = {f: value for f, value in plainest.items() if given[f] is not value and given[f] != value}
        return self.with_fields(changes) if changes else self

    def identity(self, x: Signal, written: bytes) -> bytes:
        return conv_cost.identity(self, x, written)

    def lower(self, x: Signal) -> nn.Module:
        from archspec.blocks.conv_lower import lower

        if conv_turns.applies(x):
            return conv_turns.lower(self, x)
        return conv_scales.lower(self, x) if self.acting(x).scaling else lower(self, x)

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
        return self.acting(x).scaling or conv_turns.applies(x)

    def stretched(self, x: Signal) -> bool:
        """Whether it is sampled as CKConv's code does it on another grid."""
        return self.lattice(x).stretched and bool(x.spacing)

    def lattice(self, x: Signal) -> Lattice:
        sizes = self.sizes(x)
        stretched = self.resampling == "stretched" and max(sizes) > 1  # one tap has no extent
        return Lattice(sizes, x.spacing, self.causal, stretched=stretched)

    def sizes(self, x: Signal) -> tuple[int, ...]:
        """Taps per axis on the reference grid."""
        return per_axis(self.kernel_size, x, "kernel_size")

    def wanted(self, x: Signal) -> Wanted:
        """What the stage over the taps wants of its kernel."""
        return conv_parts.wanted(self, x, conv_parts.spatial(self, x))

    def kept(self, x: Signal) -> tuple[int, ...]:
        """Taps per axis that the window leaves as it begins; empty: all."""
        if not isinstance(self.window, Learned) or not self.window.crop:
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
    group: Group = Field(
        description="the symmetry: C1, C4, D4, C8, … , T, O, Oh of volumes, scales S2, S3 … and both, C4xS3"
    )

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
