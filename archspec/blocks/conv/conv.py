"""The convolution blocks: `Conv`, and `Lift`, which is the same from a plain signal to a group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archspec.blocks.conv import checks, stages
from archspec.blocks.conv import cost as conv_cost
from archspec.blocks.conv import on_scales as conv_scales
from archspec.blocks.conv import on_sectors as conv_turns
from archspec.blocks.conv.fields import DEFAULT_SCALES, Fields, on_a_sector
from archspec.blocks.pointwise import Pointwise
from archspec.geometry.fourier import Target
from archspec.geometry.groups import Group, groups_for
from archspec.geometry.sampling import Sampling
from archspec.graph.block import LearnedSizes, Primitive
from archspec.graph.cost import Cost
from archspec.graph.grids import covered, require_unpooled, slide
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


class Convolution(Fields):
    """The base class of `Conv` and `Lift`: inference, cost, warnings, simplification and lowering."""

    reads_partial: ClassVar[str] = "masked"
    reads_scales: ClassVar[bool] = True

    def infer(self, x: Signal) -> Signal:
        group, same = self.acting(x), self.padding == "same"
        sizes = self.sizes(x)
        if not x.pooled.trivial and (max(sizes) > 1 or not group.trivial):
            require_unpooled(x, "a convolution")
        if group.scaling:
            return conv_scales.infer(self, x)
        if on_a_sector(x):
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

    def receptive_field(self, x: Signal) -> float:
        return covered(self.tap_grid(x)._replace(cropped=self.cropped(x)).taps, x)

    def reads_ahead(self, x: Signal) -> bool:
        return not self.causal and super().reads_ahead(x)

    def cost(self, x: Signal) -> Cost:
        return self.cost_for(x, "torch")

    def algorithm_for(self, x: Signal, target: Target) -> str | None:
        return conv_cost.algorithm(self, x, target)

    def cost_for(self, x: Signal, target: Target) -> Cost:
        return self.cost_now(x, LearnedSizes(self.cropped(x)), target)

    def cost_now(self, x: Signal, learned: LearnedSizes, target: Target) -> Cost:
        cropped, counts = learned.taps or (), learned.elements
        if on_a_sector(x):
            return conv_turns.cost(self, x)
        return conv_scales.cost(self, x) if self.acting(x).scaling else conv_cost.cost(self, x, cropped, counts, target)

    def warnings(self, x: Signal) -> Iterator[str]:
        group, sizes = self.acting(x).turning, self.sizes(x)
        if self.acting(x).scaling:
            yield from conv_scales.warnings(self, x)
        if group.action(x.dims).exact or max(sizes) == 1:
            return
        yield f"turns of {group} other than quarter turns are approximate on a grid; measure them with certify()"
        frequency = self.kernel.frequency(self.sampling(x))
        if frequency is not None and frequency > max(sizes) - 1 and self.kernel.kind != "spline":
            yield (
                f"frequency {frequency:.3g} aliases under turns of {group} at {checks.text(sizes)} taps; "
                f"keep it at {max(sizes) - 1} or below"
            )
        if self.kernel.coordinates == "interval":
            yield "an angle on an interval jumps at the identity, so the kernel is not continuous; use angle='circle'"
        if not self.kernel.continuous:
            yield f"a table is interpolated for the turns of {group}; a continuous kernel (Siren) is sampled instead"

    def simplified(self, x: Signal) -> Primitive | None:
        sizes = self.sizes(x)
        scaling = self.acting(x).scaling
        plain = self.kernel.kind == "table" and self.factorisation == "full" and self.acting(x) == x.group
        if max(sizes) == 1 and self.stride == 1 and plain and not scaling and not (self.window and self.window.changes):
            return Pointwise(channels=self.channels, bias=bool(self.bias))
        same = {"kernel_separable": "full", "group_depthwise": "group_separable"} if x.group.trivial else {}
        plainest: dict[str, Any] = {
            "factorisation": same.get(self.factorisation, self.factorisation),
            "kernel_size": sizes[0] if len(set(sizes)) == 1 else sizes,
            "kernel": self.kernel.simplified(),
            "scales": conv_scales.simplified(self, x) if scaling else DEFAULT_SCALES,
            "bias": bool(self.bias),  # on a plain signal, per element is per channel
        }
        # Compare by identity first: comparing two models is slow, and most fields have not changed.
        given = {field: getattr(self, field) for field in plainest}
        changes = {f: value for f, value in plainest.items() if given[f] is not value and given[f] != value}
        return self.with_fields(changes) if changes else self

    def identity(self, x: Signal, written: bytes) -> bytes:
        return conv_cost.identity(self, x, written)

    def lower(self, x: Signal) -> nn.Module:
        from archspec.blocks.conv.lower import lower

        if on_a_sector(x):
            return conv_turns.lower(self, x)
        return conv_scales.lower(self, x) if self.acting(x).scaling else lower(self, x)

    def sampling(self, x: Signal) -> Sampling:
        """Where the kernel over the grid is sampled."""
        return stages.over_space(self, x, stages.spatial(self, x))

    def has_kernel_at_turns(self, x: Signal) -> bool:
        if self.kernel.continuous and self.factorisation != "depthwise_separable":
            return True
        raise SignalError(
            f"a {self.kernel.kind} kernel with factorisation='{self.factorisation}' has weights at the elements only; "
            "use Siren or Magnet, and full or group_separable"
        )

    def summary(self) -> str | None:
        kernel = "" if self.kernel.kind == "table" else f" {self.kernel.kind}"
        return f"{self.channels}×{self.kernel_size}{kernel}" + ("" if self.factorisation == "full" else " separable")

    def traits(self) -> dict[str, str]:
        return {"factorisation": self.factorisation}

    def cropped(self, x: Signal) -> tuple[int, ...]:
        """Taps per axis after cropping by the initial window; empty if nothing is cropped."""
        return stages.cropped(self, x)


class Conv(Convolution):
    """A convolution on the group of its input signal; an ordinary one on a plain signal.

    On a group, (f⋆ψ)(x, h) = Σ_c Σ_h' Σ_u f_c(x+u, h') ψ_c(h⁻¹u, h⁻¹h') (Cohen & Welling 2016, arXiv 1602.07576).
    """

    turnable: ClassVar[bool] = True
    kind: Literal["conv"] = "conv"


class Lift(Convolution):
    """A convolution from a plain signal onto a group: (f⋆ψ)(x, h) = Σ_c Σ_u f_c(x+u) ψ_c(h⁻¹u).

    Lifting onto C1 is an ordinary convolution.
    """

    kind: Literal["lift"] = "lift"
    group: Group = Field(
        description="the symmetry: C1, C4, D4, C8, … , T, O, Oh of volumes, scales S2, S3 … and both, C4xS3"
    )

    def acting(self, x: Signal) -> Group:
        return self.group

    def summary(self) -> str | None:
        return f"{self.group} {super().summary()}"

    def infer(self, x: Signal) -> Signal:
        if not x.group.trivial:
            raise SignalError(f"the signal is already on {x.group}; use Conv() here, or Restrict() before it")
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
