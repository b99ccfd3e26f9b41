"""The convolution family: one block, five independent choices; `Lift` is the same from a plain signal to a group."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from archspec.block import Channels, Primitive, per_axis, require_unpooled, slide
from archspec.cost import Cost
from archspec.groups import Group
from archspec.kernels import AnyKernel, AnyWindow, Siren, Table
from archspec.sampling import sample_count, sampling
from archspec.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn

Taps = Annotated[int, Field(ge=1, le=1_048_576)]


class Convolution(Primitive):
    """What `Conv` and `Lift` share."""

    channels: Channels = Field(description="fields of the output; each has one value per group element")
    kernel_size: Taps | tuple[Taps, ...] = Field(default=3, description="taps per axis")
    kernel: AnyKernel = Field(default=Table(), description="how the weights are made")
    window: AnyWindow | None = Field(default=None, description="what limits the kernel's extent")
    factorisation: Literal["full", "depthwise_separable"] = Field(
        default="full", description="all at once, or each channel over space and then all channels at each position"
    )
    stride: int = Field(default=1, ge=1, le=64)
    padding: Literal["same", "valid"] = "same"
    causal: bool = Field(default=False, description="1-D: no output sees a later input")
    bias: bool | Literal["per_element"] = Field(default=True, description="one per channel, shared over the group")

    def acting(self, x: Signal) -> Group:
        """The group of the output."""
        return x.group

    def infer(self, x: Signal) -> Signal:
        group, same = self.acting(x), self.padding == "same"
        if not x.pooled.trivial:
            require_unpooled(x, "a convolution")
        taps = per_axis(self.kernel_size, x, "kernel_size")
        if self.causal and len(x.grid) != 1:
            raise SignalError(f"causal is for series, this grid has {len(x.grid)} axes; use causal=False", "causal")
        if same and not self.causal and not all(k % 2 for k in taps):
            raise SignalError(
                f"{_text(taps)} taps have no centre, so 'same' padding would shift the signal by half a "
                "step; use an odd size, or padding='valid'",
                "kernel_size",
            )
        if not group.trivial:
            self._check_symmetry(group, x, taps)
        grid = slide(x.grid, group, taps, self.stride, same, "kernel_size")
        return Signal(self.channels, grid, group)

    def cost(self, x: Signal) -> Cost:
        group, stride = self.acting(x), self.stride
        taps = per_axis(self.kernel_size, x, "kernel_size")
        count, full, same = math.prod(taps), self.factorisation == "full", self.padding == "same"
        positions = math.prod([(n - (1 if same else k)) // stride + 1 for n, k in zip(x.grid, taps, strict=True)])
        mixing = full and not x.group.trivial
        elements = group.order if mixing else 1
        rows = self.channels * x.channels if full else x.channels
        samples, inputs = sample_count(group, taps, mixing)
        params = self.kernel.params(rows, elements, count, inputs)
        kernel_macs = self.kernel.macs(rows, elements, count, samples, inputs)
        outputs = self.channels * group.order
        if full:
            macs = positions * outputs * x.maps * count
        else:
            macs = positions * (x.channels * group.order) * (count + outputs)
            params += self.channels * x.channels * group.order
        biases = (self.channels + (0 if full else x.channels)) if self.bias else 0
        return Cost(macs=macs, params=params + biases, kernel_macs=kernel_macs)

    def warnings(self, x: Signal) -> Iterator[str]:
        group = self.acting(x)
        taps = per_axis(self.kernel_size, x, "kernel_size")
        if group.action(x.dims).exact or max(taps) == 1:
            return
        yield f"turns of {group} other than quarter turns are approximate on a grid; measure them with certify()"
        if isinstance(self.kernel, Siren) and self.kernel.omega(taps) > max(taps) - 1:
            yield (
                f"frequency {self.kernel.omega(taps):.3g} aliases under turns of {group} at {_text(taps)} taps; "
                f"keep it at {max(taps) - 1} or below"
            )
        if isinstance(self.kernel, Table):
            yield f"a table is interpolated for the turns of {group}; a continuous kernel (Siren) is sampled instead"

    def simplified(self, x: Signal) -> Primitive | None:
        taps = per_axis(self.kernel_size, x, "kernel_size")
        table = self.kernel.kind == "table"
        if max(taps) == 1 and self.stride == 1 and self.factorisation == "full" and table and self.acting(x) == x.group:
            from archspec.blocks.pointwise import Pointwise

            return Pointwise(channels=self.channels, bias=bool(self.bias))
        plainest: dict[str, Any] = {
            "kernel_size": taps[0] if len(set(taps)) == 1 else taps,
            "kernel": self.kernel.simplified(),
            "bias": bool(self.bias),  # per element, of a plain signal, is per channel
        }
        changes = {field: value for field, value in plainest.items() if getattr(self, field) != value}
        return self.with_fields(changes) if changes else self

    def lower(self, x: Signal) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        from archspec.layers.conv import GroupConv, pointwise

        group, taps = self.acting(x), per_axis(self.kernel_size, x, "kernel_size")
        full = self.factorisation == "full"
        mixing = full and not x.group.trivial
        elements, rows = group.order if mixing else 1, self.channels * x.channels if full else x.channels
        where = sampling(group, taps, mixing)
        window = self.window.weights(taps) if self.window else None
        area = math.prod(taps) if window is None else float((window**2).sum())
        fan_in = (x.channels if full else 1) * elements * area
        kernel = self.kernel.lower(rows, elements, taps, where, 1 / fan_in)
        spatial = GroupConv(
            kernel,
            where.index,
            window,
            inputs=x.channels,
            outputs=self.channels if full else x.channels,
            order=group.order,
            lifts=x.group.trivial,
            depthwise=not full,
            taps=taps,
            stride=self.stride,
            padding=_padding(taps, self.padding, self.causal),
            bias=bool(self.bias),
        )
        if full:
            return spatial
        index = sampling(group, (1,) * len(taps), mixing=True).index
        mixing_ = pointwise(x.channels, self.channels, index, len(taps), bool(self.bias))
        return nn.Sequential(OrderedDict(spatial=spatial, mixing=mixing_))

    def _check_symmetry(self, group: Group, x: Signal, taps: tuple[int, ...]) -> None:
        action = group.action(len(x.grid))
        if self.bias == "per_element":
            raise SignalError(
                f"a bias per element of {group} breaks its symmetry; use bias=True, one per channel "
                "shared over the group",
                "bias",
            )
        if self.causal:
            raise SignalError(
                f"a causal kernel does not allow the flip in {group}; use causal=False or a plain signal", "causal"
            )
        for a, b in action.mixed_axes:
            if x.grid[a] != x.grid[b]:
                raise SignalError(
                    f"{group} turns axis {a} into axis {b}, but the grid is {_text(x.grid)}; pad or crop it "
                    "to equal axes, or use a group without quarter turns such as C2 or D1"
                )
            if taps[a] != taps[b]:
                raise SignalError(
                    f"{group} turns axis {a} into axis {b}, so their kernel sizes {_text(taps)} must be equal",
                    "kernel_size",
                )
        if action.exact or max(taps) == 1:
            return
        if min(taps) < 5:
            raise SignalError(
                f"{_text(taps)} taps cannot carry the turns of {group}; use at least 5 (7 is better), or a "
                "group of quarter turns such as C4",
                "kernel_size",
            )
        if self.window is None:
            raise SignalError(
                f"the corners of a square kernel leave it under the turns of {group}; use window=Disc()", "window"
            )


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
                f"{self.group} does not act on a grid of {x.dims} axes; use {_groups_for(x.dims)}", "group"
            )
        return super().infer(x)

    def simplified(self, x: Signal) -> Primitive | None:
        if not self.group.trivial:
            return super().simplified(x)
        fields = {name: getattr(self, name) for name in Convolution.model_fields if name != "kind"}
        return Conv.model_construct(**fields).simplified(x)


def _padding(taps: tuple[int, ...], padding: str, causal: bool) -> tuple[tuple[int, int], ...]:
    """Zeros before and after each axis."""
    if padding == "valid":
        return ((0, 0),) * len(taps)
    return tuple((k - 1, 0) if causal else (k // 2, k // 2) for k in taps)


def _text(sizes: tuple[int, ...]) -> str:
    return "×".join(map(str, sizes))


def _groups_for(dims: int) -> str:
    return {0: "C1", 1: "C1 or D1", 2: "C1, C2, C4, … or D1, D2, D4, …"}.get(dims, "C1, C4, D4, T, O or Oh")
