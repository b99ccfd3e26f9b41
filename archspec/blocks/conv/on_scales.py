"""Convolutions on dyadic scales (series: Romero et al. 2024, arXiv 2006.05259), of images also on turns at scales."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from archspec.blocks.conv import checks, stages
from archspec.blocks.conv import cost as conv_cost
from archspec.blocks.conv.fields import DEFAULT_SCALES, Fields, Scales
from archspec.blocks.conv.stages import Stage
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


def infer(conv: Fields, x: Signal) -> Signal:
    """The output signal.

    Raises:
        SignalError: a field cannot be used on scales, or not with the turns of the group.
    """
    sizes, group, turning = conv.sizes(x), conv.acting(x), conv.acting(x).turning
    wrong = {
        "window": (
            conv.window is not None and conv.window.rim is None,
            "use Disc(), or no window on a group without turns",
        ),
        "factorisation": (conv.factorisation == "kernel_separable", "use 'full' or 'group_separable'"),
        "stride": (conv.stride != 1, "use Pool() after the convolution, since strides and scales do not commute"),
        "padding": (conv.padding != "same", "use 'same'"),
        "causal": (conv.causal, "use causal=False"),
        "algorithm": (conv.algorithm == "fft", "leave it out"),
        "band_limit": (conv.band_limit != "none", "leave it out"),
        "bias": (conv.bias == "per_element", "use bias=True, one per channel"),
    }
    for field, (is_so, remedy) in wrong.items():
        if is_so:
            value = getattr(conv, field)
            what = value.kind if field == "window" else value
            raise SignalError(f"{field}={what!r} cannot be used on the scales of {group}; {remedy}", field)
    if x.spacing:
        raise SignalError("scales are defined on the reference grid only; use the reference resolution")
    checks.parts(conv, x, group)
    coarsest = stages.spatial(conv, x).scales
    for taps, size in zip(sizes, x.grid, strict=True):
        _fits(conv, taps, size, coarsest)
    if not turning.trivial:
        checks.symmetry(conv, x, turning, sizes)
    return Signal(conv.channels, x.grid, stages.given(conv, x))


def _fits(conv: Fields, taps: int, size: int, scales: int) -> None:
    if taps % 2 == 0:
        raise SignalError(f"{taps} taps have no centre; use an odd size", "kernel_size")
    dilation = 2 ** (scales - 1)
    smoothing = spline_taps(dilation) if conv.scales.smooth and taps == 1 else 0
    widest = max((taps - 1) * dilation + 1, smoothing)
    if widest > 2 * size - 1:
        what = "the smoothing is" if smoothing == widest else f"{taps} taps are"
        raise SignalError(
            f"at the coarsest of {scales} scales {what} {widest} steps wide, more than twice the axis of {size}; use "
            "fewer scales or taps",
            "kernel_size",
        )


def simplified(conv: Fields, x: Signal) -> Scales:
    """The settings with those that have no effect at fixed values: `span` is at most the number of input scales."""
    span = DEFAULT_SCALES.span if x.group.trivial else stages.reach(conv, x)
    return Scales(span=span, crop=conv.scales.crop and not x.group.trivial and span > 1, smooth=conv.scales.smooth)


def dilations(conv: Fields, x: Signal, stage: Stage) -> tuple[tuple[int, int], ...]:
    """For each output scale of a stage: its dilation, and the number of input scales that its kernel spans."""
    span = stages.span(conv, x, stage)
    return tuple((2**j, min(span, x.group.scales - j) if span > 1 else 1) for j in range(stage.scales))


def spline_taps(scale: int) -> int:
    """Number of taps of the smoothing spline at a scale."""
    return 3 * scale - 1 if scale > 1 else 3


def cost(conv: Fields, x: Signal) -> Cost:
    """The cost: for every output scale, smoothing of its input scales and sums over taps; and the mixing stage."""
    total = Cost()
    for stage in stages.stages(conv, x):
        kernel, where = stages.kernel_of(conv, stage), stages.sampling(conv, x, stage)
        samples = conv_cost.samples(conv, x, stage, conv.sizes(x)) if stage.spatial else where.elements
        total += Cost(
            macs=_macs(conv, x, stage),
            params=kernel.params(where) + stage.bias * stage.outputs,
            kernel_macs=kernel.macs(where, samples),
        )
    return total


def _macs(conv: Fields, x: Signal, stage: Stage) -> int:
    if not stage.spatial and not stage.mixes:
        return x.positions * stage.rows * stage.gives
    turns = conv.acting(x).turning.order
    sizes = conv.sizes(x) if stage.spatial else (1,) * x.dims
    reads, macs = turns if stage.mixes else 1, 0
    for dilation, read in dilations(conv, x, stage):
        macs += x.positions * stage.rows * turns * reads * read * math.prod(sizes)
        if conv.scales.smooth and stage.spatial:
            maps, extent = stage.inputs * read * (1 if stage.lifts else turns), list(x.grid)
            for axis, taps in enumerate(sizes):
                extent[axis] += (taps - 1) * dilation
                macs += maps * math.prod(extent) * spline_taps(dilation)
    return macs


def warnings(conv: Fields, x: Signal) -> Iterator[str]:
    """A warning if kernels of the last scales are cut off."""
    reach = stages.reach(conv, x)
    if not x.group.trivial and not conv.scales.crop and reach > 1:
        last = "scale" if reach == 2 else f"{reach - 1} scales"
        yield (
            f"kernels at the last {last} of {x.group} are cut off, so not equivariant there; "
            "scales=Scales(crop=True) leaves them out"
        )


def lower(conv: Fields, x: Signal) -> nn.Module:
    """A new layer, or the two of a factorised convolution."""
    from archspec.blocks.conv.lower import assembled, mixing

    return assembled(
        {
            stage.name: _layer(conv, x, stage) if stage.spatial or stage.mixes else mixing(conv, x, stage)
            for stage in stages.stages(conv, x)
        }
    )


def _layer(conv: Fields, x: Signal, stage: Stage) -> nn.Module:
    from archspec.layers.scales import ScaleConv

    turning, where, kernel = conv.acting(x).turning, stages.sampling(conv, x, stage), stages.kernel_of(conv, stage)
    at_scales = dilations(conv, x, stage)
    return ScaleConv(
        kernel.lower(where),
        where,
        inputs=stage.inputs,
        outputs=stage.outputs,
        order=turning.order,
        depthwise=stage.depthwise,
        energy=1.0 if stage.depthwise else 1 / stage.inputs,
        dilations=at_scales,
        lifts=stage.lifts,
        grouped=stage.grouped,
        splines=tuple(spline(dilation) for dilation, _ in at_scales) if conv.scales.smooth and stage.spatial else None,
        bias=stage.bias,
    )


def spline(scale: int) -> tuple[float, ...]:
    """Samples of the centred quadratic B-spline with knots `scale` apart; their sum is 1."""
    half = spline_taps(scale) // 2
    return tuple(_beta(m / scale) / scale for m in range(-half, half + 1))


def _beta(t: float) -> float:
    t = math.fabs(t)
    return 0.75 - t * t if t < 0.5 else (1.5 - t) ** 2 / 2 if t < 1.5 else 0.0
