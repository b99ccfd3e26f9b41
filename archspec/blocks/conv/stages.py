"""The linear stages of a convolution: one, or one over the grid and one that mixes channels and group elements."""

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
        inputs: number of input channels.
        outputs: number of output channels.
        spatial: whether it sums over taps; else it acts at each position.
        lifts: whether its input has no group axis.
        mixes: whether it sums over the elements of the group.
        depthwise: whether it convolves each channel separately.
        grouped: whether its output has a group axis.
        bias: whether it adds a bias per channel.
        reads: number of active group elements of the input.
        gives: number of active group elements of the output.
        scales: number of scales of the output; 1 without scales.
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
        """Number of kernels: outputs × inputs, or one per channel."""
        return self.outputs * (1 if self.depthwise else self.inputs)


def stages(conv: Fields, x: Signal, counts: tuple[int, int] | None = None) -> tuple[Stage, ...]:
    """The stages of a convolution with input signal `x`, in order; `counts` as in `archspec.blocks.conv.cost.cost`."""
    inner, outer, bias = x.channels, conv.channels, bool(conv.bias)
    group, lifts, end = conv.acting(x), x.group.trivial, given(conv, x)
    on = not group.trivial and not lifts
    mixes = on and (reach(conv, x) > 1 or not group.turning.trivial)  # a span of one scale mixes no scales
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
    """The group of the output: that of the input or the lifting, without the scales that `Scales.crop` leaves out."""
    if x.group.trivial or not x.group.scaling or not conv.scales.crop:
        return conv.acting(x)
    return x.group.at(x.group.scales - reach(conv, x) + 1)


def reach(conv: Fields, x: Signal) -> int:
    """Number of scales of `x` that a kernel spans."""
    return min(conv.scales.span, x.group.scales)


def span(conv: Fields, x: Signal, stage: Stage) -> int:
    """Number of scales that a stage's kernel spans."""
    return reach(conv, x) if stage.mixes else 1


def spatial(conv: Fields, x: Signal) -> Stage:
    """The stage that sums over the taps."""
    return next(stage for stage in stages(conv, x) if stage.spatial)


def kernel_of(conv: Fields, stage: Stage) -> Kernel:
    """The kind of kernel of a stage.

    A stage that mixes has a table of weights. The exception is a group-separable convolution with a continuous kernel:
    there the mixing kernel is continuous too, so that it can be sampled for any order of the group.
    """
    continuous = stage.spatial or (stage.mixes and conv.factorisation == "group_separable")
    return conv.kernel if continuous and conv.kernel.continuous else Table()


def sampling(conv: Fields, x: Signal, stage: Stage) -> Sampling:
    """Where a stage samples its kernel: over the grid and, if it mixes them, over the elements of the group."""
    group, kernel, window = conv.acting(x).turning, kernel_of(conv, stage), conv.window
    where = Sampling(
        group if stage.grouped or stage.spatial else x.group.turning,
        conv.tap_grid(x),
        stage.rows,
        stage.mixes,
        span(conv, x, stage),
        kernel.coordinates,
        # The order of a group, like a kernel size, is only where a continuous kernel is sampled, so that the sum over
        # elements approximates an integral: it is divided by their number.
        factor=1 / group.order if stage.mixes and kernel.continuous else 1.0,
    )
    if not stage.spatial:
        return where.of_group()
    return where._replace(rim=window.rim, spread=window.spread()) if window else where


def over_space(conv: Fields, x: Signal, stage: Stage) -> Sampling:
    """Where the kernel over the grid is sampled, without the group axis where it is a product with one on the group."""
    where = sampling(conv, x, stage)
    return where._replace(mixes=False) if conv.factorisation == "kernel_separable" and stage.spatial else where


def cropped(conv: Fields, x: Signal) -> tuple[int, ...]:
    """Taps per axis after cropping by the initial window; empty if nothing is cropped."""
    if conv.window is None or not conv.window.crops:
        return ()
    where = over_space(conv, x, spatial(conv, x))
    left = equalised(conv.window.cropped(where), conv.acting(x).action(x.dims).mixed_axes)
    return () if left == where.sizes else left
