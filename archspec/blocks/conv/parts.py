"""The linear stages of a convolution: one, or one over space and one that mixes channels and group elements."""

from __future__ import annotations

from typing import NamedTuple

from archspec.blocks.conv.fields import Fields
from archspec.geometry.cropping import equalised
from archspec.geometry.groups import Group
from archspec.geometry.sampling import sample_count
from archspec.graph.grids import per_axis
from archspec.graph.signal import Signal
from archspec.kernels import Kernel, Table
from archspec.kernels.kernel import Wanted


class Part(NamedTuple):
    """One linear stage, from `inputs` to `outputs` channels.

    Attributes:
        spatial: over the taps, else at each position.
        lifts: reads a signal without a group axis.
        mixes: over the group's elements too.
        depthwise: each channel by itself.
        grouped: gives a signal with a group axis.
        bias: adds one number per channel.
        reads: elements of the group that are read; `gives`: that are given.
        scales: that are given; 1 without any.
    """

    inputs: int
    outputs: int
    spatial: bool
    lifts: bool
    mixes: bool
    depthwise: bool
    grouped: bool
    bias: bool
    reads: int
    gives: int
    scales: int = 1

    @property
    def name(self) -> str:
        return "spatial" if self.spatial else "mixing"

    @property
    def rows(self) -> int:
        """Kernels: outputs × inputs, or one per channel."""
        return self.outputs * (1 if self.depthwise else self.inputs)


def parts(conv: Fields, x: Signal, counts: tuple[int, int] | None = None) -> tuple[Part, ...]:
    """The stages of a convolution that reads `x`, in order; `counts` as of `Convolution.cost_of`."""
    inner, outer, bias = x.channels, conv.channels, bool(conv.bias)
    group, lifts, end = conv.acting(x), x.group.trivial, given(conv, x)
    on = not group.trivial and not lifts
    mixes = on and (reach(conv, x) > 1 or not group.turning.trivial)  # scales may each be by themselves
    reads, gives = counts or (x.group.order, end.order)
    grouped, scales = not end.trivial, end.scales
    match conv.factorisation:
        case "full" | "kernel_separable":
            return (Part(inner, outer, True, lifts, mixes, False, grouped, bias, reads, gives, scales),)
        case "depthwise_separable":
            between = group.order if lifts else reads
            mixes = mixes or (lifts and not group.turning.trivial)
            return (
                Part(inner, inner, True, lifts, False, True, not group.trivial, bias, reads, between, group.scales),
                Part(inner, outer, False, False, mixes, False, grouped, bias, between, gives, scales),
            )
        case "group_separable" | "group_depthwise":
            at_once = conv.factorisation == "group_depthwise"
            between, left = (reads, x.group.scales) if at_once or lifts else (gives, scales)
            return (
                Part(inner, outer, False, lifts, mixes and not at_once, False, on, False, reads, between, left),
                Part(outer, outer, True, lifts, mixes and at_once, True, grouped, bias, between, gives, scales),
            )


def given(conv: Fields, x: Signal) -> Group:
    """The group of the output: scales whose kernels would be cut off can be left out."""
    if x.group.trivial or not x.group.scaling or not conv.scales.crop:
        return conv.acting(x)
    return x.group.at(x.group.scales - reach(conv, x) + 1)


def reach(conv: Fields, x: Signal) -> int:
    """Scales of `x` that a kernel reads."""
    return min(conv.scales.span, x.group.scales)


def span(conv: Fields, x: Signal, part: Part) -> int:
    """Scales that a stage's kernel reads."""
    return reach(conv, x) if part.mixes else 1


def spatial(conv: Fields, x: Signal) -> Part:
    """The stage over the taps."""
    return next(part for part in parts(conv, x) if part.spatial)


def kernel_of(conv: Fields, part: Part) -> Kernel:
    """What makes a stage's kernel. Mixing is by free weights, but for the kernel on the group of a continuous one.

    So that, as that of full convolutions, it can be sampled for any order.
    """
    continuous = part.spatial or (part.mixes and conv.factorisation == "group_separable")
    return conv.kernel if continuous and conv.kernel.continuous else Table()


def wanted(conv: Fields, x: Signal, part: Part) -> Wanted:
    """What a stage wants of its kernel; of a kernel that is a product, of the part over space."""
    turning = conv.acting(x).turning
    product = conv.factorisation == "kernel_separable"
    mixes = part.mixes and not (product and part.spatial)
    coordinates = conv.kernel.coordinates
    if not part.spatial:
        return of_group(conv, x, part)
    sizes = per_axis(conv.kernel_size, x, "kernel_size")
    return Wanted(
        rows=part.rows,
        elements=(turning.order if mixes else 1) * span(conv, x, part),
        sizes=sizes,
        inputs=sample_count(turning, sizes, mixes, coordinates, span(conv, x, part))[1],
        causal=conv.causal,
        spread=conv.window.spread() if conv.window else 1.0,
    )


def of_group(conv: Fields, x: Signal, part: Part) -> Wanted:
    """What a stage wants of a kernel on the group alone."""
    turning, scales = conv.acting(x).turning, span(conv, x, part)
    inputs = turning.action(x.dims).embedded(conv.kernel.coordinates).shape[1] + (scales > 1)
    return Wanted(part.rows, (turning.order if part.mixes else 1) * scales, (), inputs)


def kept(conv: Fields, x: Signal) -> tuple[int, ...]:
    """Taps per axis that the window leaves as it begins; empty: all."""
    if conv.window is None or not conv.window.crops:
        return ()
    of_taps = wanted(conv, x, spatial(conv, x))
    left = equalised(conv.window.kept(of_taps), conv.acting(x).action(x.dims).mixed_axes)
    return () if left == of_taps.sizes else left
