"""The linear stages of a convolution: one, or one over space and one that mixes channels and group elements."""

from __future__ import annotations

from typing import NamedTuple

from archspec.blocks.conv.fields import Fields
from archspec.geometry.cropping import equalised
from archspec.geometry.groups import Group
from archspec.geometry.sampling import Sampling
from archspec.graph.signal import Signal
from archspec.kernels import Kernel, Table


class Stage(NamedTuple):
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


def stages(conv: Fields, x: Signal, counts: tuple[int, int] | None = None) -> tuple[Stage, ...]:
    """The stages of a convolution that reads `x`, in order; `counts` as of `Convolution.cost_of`."""
    inner, outer, bias = x.channels, conv.channels, bool(conv.bias)
    group, lifts, end = conv.acting(x), x.group.trivial, given(conv, x)
    on = not group.trivial and not lifts
    mixes = on and (reach(conv, x) > 1 or not group.turning.trivial)  # scales may each be by themselves
    reads, gives = counts or (x.group.order, end.order)
    grouped, scales = not end.trivial, end.scales
    match conv.factorisation:
        case "full" | "kernel_separable":
            return (Stage(inner, outer, True, lifts, mixes, False, grouped, bias, reads, gives, scales),)
        case "depthwise_separable":
            between = group.order if lifts else reads
            mixes = mixes or (lifts and not group.turning.trivial)
            return (
                Stage(inner, inner, True, lifts, False, True, not group.trivial, bias, reads, between, group.scales),
                Stage(inner, outer, False, False, mixes, False, grouped, bias, between, gives, scales),
            )
        case "group_separable" | "group_depthwise":
            at_once = conv.factorisation == "group_depthwise"
            between, left = (reads, x.group.scales) if at_once or lifts else (gives, scales)
            return (
                Stage(inner, outer, False, lifts, mixes and not at_once, False, on, False, reads, between, left),
                Stage(outer, outer, True, lifts, mixes and at_once, True, grouped, bias, between, gives, scales),
            )


def given(conv: Fields, x: Signal) -> Group:
    """The group of the output: scales whose kernels would be cut off can be left out."""
    if x.group.trivial or not x.group.scaling or not conv.scales.crop:
        return conv.acting(x)
    return x.group.at(x.group.scales - reach(conv, x) + 1)


def reach(conv: Fields, x: Signal) -> int:
    """Scales of `x` that a kernel reads."""
    return min(conv.scales.span, x.group.scales)


def span(conv: Fields, x: Signal, stage: Stage) -> int:
    """Scales that a stage's kernel reads."""
    return reach(conv, x) if stage.mixes else 1


def spatial(conv: Fields, x: Signal) -> Stage:
    """The stage over the taps."""
    return next(stage for stage in stages(conv, x) if stage.spatial)


def kernel_of(conv: Fields, stage: Stage) -> Kernel:
    """What makes a stage's kernel. Mixing is by free weights, but for the kernel on the group of a continuous one.

    So that, as that of full convolutions, it can be sampled for any order.
    """
    continuous = stage.spatial or (stage.mixes and conv.factorisation == "group_separable")
    return conv.kernel if continuous and conv.kernel.continuous else Table()


def sampling(conv: Fields, x: Signal, stage: Stage) -> Sampling:
    """Where a stage samples its kernel: over space and, where it mixes them, the elements of the group."""
    group, kernel, window = conv.acting(x).turning, kernel_of(conv, stage), conv.window
    where = Sampling(
        group if stage.grouped or stage.spatial else x.group,
        conv.tap_grid(x),
        stage.rows,
        stage.mixes,
        span(conv, x, stage),
        kernel.coordinates,
        # Group order, like kernel size, is only where a continuous kernel is sampled: the mean over the elements.
        factor=1 / group.order if stage.mixes and kernel.continuous else 1.0,
    )
    if not stage.spatial:
        return where.of_group()
    return where._replace(rim=window.rim, spread=window.spread()) if window else where


def over_space(conv: Fields, x: Signal, stage: Stage) -> Sampling:
    """Where the kernel over space is sampled: that of the stage, but where it is a product with one on the group."""
    where = sampling(conv, x, stage)
    return where._replace(mixes=False) if conv.factorisation == "kernel_separable" and stage.spatial else where


def cropped(conv: Fields, x: Signal) -> tuple[int, ...]:
    """Taps per axis that the window leaves as it begins; empty: all."""
    if conv.window is None or not conv.window.crops:
        return ()
    where = over_space(conv, x, spatial(conv, x))
    left = equalised(conv.window.cropped(where), conv.acting(x).action(x.dims).mixed_axes)
    return () if left == where.sizes else left
