"""Convolutions over dyadic scales, of series (Romero et al. 2024, arXiv 2006.05259), and of images with turns too."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from archspec.blocks.conv import checks
from archspec.blocks.conv import cost as conv_cost
from archspec.blocks.conv import parts as conv_parts
from archspec.blocks.conv.fields import DEFAULT_SCALES, Fields, Scales
from archspec.blocks.conv.parts import Part
from archspec.geometry.sampling import Place, one_tap
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


def infer(conv: Fields, x: Signal) -> Signal:
    """The output signal; SignalError where a field has no meaning on scales, or the turns do not allow it."""
    sizes, group, turning = conv.sizes(x), conv.acting(x), conv.acting(x).turning
    wrong = {
        "window": (conv.window is not None and conv.window.rim is None, "use Disc(), or none under no turns"),
        "factorisation": (conv.factorisation == "kernel_separable", "use 'full' or 'group_separable'"),
        "stride": (conv.stride != 1, "use Pool() after the convolution, strides and scales do not commute"),
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
            raise SignalError(f"{field}={what!r} is not for the scales of {group}; {remedy}", field)
    if x.spacing:
        raise SignalError("scales are those of the reference grid; train at the resolution they are used at")
    checks.parts(conv, x, group)
    coarsest = conv_parts.spatial(conv, x).scales
    for taps, size in zip(sizes, x.grid, strict=True):
        _fits(conv, taps, size, coarsest)
    if not turning.trivial:
        checks.symmetry(conv, x, turning, sizes)
    return Signal(conv.channels, x.grid, conv_parts.given(conv, x))


def _fits(conv: Fields, taps: int, size: int, scales: int) -> None:
    if taps % 2 == 0:
        raise SignalError(f"{taps} taps have no centre; use an odd size", "kernel_size")
    dilation = 2 ** (scales - 1)
    smoothing = spline_taps(dilation) if conv.scales.smooth and taps == 1 else 0
    widest = max((taps - 1) * dilation + 1, smoothing)
    if widest > 2 * size - 1:
        what = "the smoothing is" if smoothing == widest else f"{taps} taps are"
        raise SignalError(
            f"at the coarsest of {scales} scales {what} {widest} steps wide, more than twice the grid of {size}; use "
            "fewer scales or taps",
            "kernel_size",
        )


def simplified(conv: Fields, x: Signal) -> Scales:
    """Without what has no effect: a lift reads no scales, and no kernel more than there are."""
    span = DEFAULT_SCALES.span if x.group.trivial else conv_parts.reach(conv, x)
    return Scales(span=span, crop=conv.scales.crop and not x.group.trivial and span > 1, smooth=conv.scales.smooth)


def stages(conv: Fields, x: Signal, part: Part) -> tuple[tuple[int, int], ...]:
    """For each scale that a stage gives: by how much it dilates, and how many scales it reads."""
    span = conv_parts.span(conv, x, part)
    return tuple((2**j, min(span, x.group.scales - j) if span > 1 else 1) for j in range(part.scales))


def spline_taps(scale: int) -> int:
    """Taps of the smoothing spline at a scale."""
    return 3 * scale - 1 if scale > 1 else 3


def cost(conv: Fields, x: Signal) -> Cost:
    """Smoothing of every scale that is read, at every scale that is given, then the taps; and what mixes channels."""
    total = Cost()
    for part in conv_parts.parts(conv, x):
        kernel, wanted = conv_parts.kernel_of(conv, part), conv_parts.wanted(conv, x, part)
        samples = conv_cost.samples(conv, x, part, conv.sizes(x)) if part.spatial else wanted.elements
        total += Cost(
            macs=_macs(conv, x, part),
            params=kernel.params(wanted) + part.bias * part.outputs,
            kernel_macs=kernel.macs(wanted, samples),
        )
    return total


def _macs(conv: Fields, x: Signal, part: Part) -> int:
    if not part.spatial and not part.mixes:
        return x.positions * part.rows * part.gives
    turns = conv.acting(x).turning.order
    sizes = conv.sizes(x) if part.spatial else (1,) * x.dims
    reads, macs = turns if part.mixes else 1, 0
    for dilation, read in stages(conv, x, part):
        macs += x.positions * part.rows * turns * reads * read * math.prod(sizes)
        if conv.scales.smooth and part.spatial:
            maps, extent = part.inputs * read * (1 if part.lifts else turns), list(x.grid)
            for axis, taps in enumerate(sizes):
                extent[axis] += (taps - 1) * dilation
                macs += maps * math.prod(extent) * spline_taps(dilation)
    return macs


def warnings(conv: Fields, x: Signal) -> Iterator[str]:
    """Where scales end."""
    reach = conv_parts.reach(conv, x)
    if not x.group.trivial and not conv.scales.crop and reach > 1:
        last = "scale" if reach == 2 else f"{reach - 1} scales"
        yield (
            f"kernels at the last {last} of {x.group} are cut off, so not equivariant there; "
            "scales=Scales(crop=True) leaves them out"
        )


def lower(conv: Fields, x: Signal) -> nn.Module:
    """A layer, or the two of a factorised convolution."""
    from archspec.blocks.conv.lower import assembled, mixing

    return assembled(
        {
            part.name: _layer(conv, x, part) if part.spatial or part.mixes else mixing(conv, x, part)
            for part in conv_parts.parts(conv, x)
        }
    )


def _layer(conv: Fields, x: Signal, part: Part) -> nn.Module:
    from archspec.blocks.conv.lower import quadrature
    from archspec.layers.scales import ScaleConv

    turning, wanted, kernel = conv.acting(x).turning, conv_parts.wanted(conv, x, part), conv_parts.kernel_of(conv, part)
    span, scale = conv_parts.span(conv, x, part), quadrature(conv, x, part)
    softness = conv.window.rim if conv.window else None
    if part.spatial:
        where = Place(turning, conv.lattice(x), part.mixes, softness, scale, conv.kernel.coordinates, span=span)
    else:
        where = one_tap(turning, x.dims, scale, kernel.coordinates, span)
    found = stages(conv, x, part)
    return ScaleConv(
        kernel.lower(wanted),
        where,
        where.lattice.sizes,
        inputs=part.inputs,
        outputs=part.outputs,
        order=turning.order,
        depthwise=part.depthwise,
        energy=1.0 if part.depthwise else 1 / part.inputs,
        stages=found,
        lifts=part.lifts,
        grouped=part.grouped,
        splines=tuple(spline(dilation) for dilation, _ in found) if conv.scales.smooth and part.spatial else None,
        bias=part.bias,
    )


def spline(scale: int) -> tuple[float, ...]:
    """The centred quadratic B-spline with knots `scale` apart, of sum 1."""
    half = spline_taps(scale) // 2
    return tuple(_beta(m / scale) / scale for m in range(-half, half + 1))


def _beta(t: float) -> float:
    t = math.fabs(t)
    return 0.75 - t * t if t < 0.5 else (1.5 - t) ** 2 / 2 if t < 1.5 else 0.0
