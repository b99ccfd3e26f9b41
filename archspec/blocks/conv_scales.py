"""Convolutions of series over time and dyadic scales (Romero et al. 2024, arXiv 2006.05259)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from archspec.cost import Cost
from archspec.groups import TRIVIAL, Group
from archspec.kernels.kernel import Wanted
from archspec.lattice import Lattice
from archspec.model import Model
from archspec.sampling import Sampling, scale_sampling
from archspec.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn

    from archspec.blocks.conv import Convolution


class Scales(Model):
    """How a convolution on the scales S2, S3 … works: a kernel reads its own scale and the next coarser ones."""

    span: int = Field(default=3, ge=1, le=16, description="scales that a kernel reads, its own the first")
    crop: bool = Field(default=False, description="give only scales whose kernel is not cut off by the last one")
    smooth: bool = Field(
        default=True, description="smooth by a quadratic spline as wide as the taps are apart, before they are applied"
    )


DEFAULT_SCALES = Scales()


def reach(conv: Convolution, x: Signal) -> int:
    """Scales that a kernel reads."""
    return 1 if x.group.trivial else min(conv.scales.span, x.group.order)


def given(conv: Convolution, x: Signal) -> Group:
    """The group of the output."""
    if x.group.trivial or not conv.scales.crop:
        return conv.acting(x)
    left = x.group.order - reach(conv, x) + 1
    return Group(f"S{left}") if left > 1 else TRIVIAL


def infer(conv: Convolution, x: Signal) -> Signal:
    """The output signal; SignalError where a field has no meaning on scales."""
    taps = conv.sizes(x)[0]
    plain = {
        "window": conv.window is None,
        "factorisation": conv.factorisation == "full",
        "stride": conv.stride == 1,
        "padding": conv.padding == "same",
        "causal": not conv.causal,
        "algorithm": conv.algorithm != "fft",
        "band_limit": conv.band_limit == "none",
        "bias": conv.bias != "per_element",
    }
    for field, meant in plain.items():
        if not meant:
            what = "use Pool() after the convolution, strides and scales do not commute" if field == "stride" else ""
            raise SignalError(f"{field} is not for scales; {what or 'leave it out'}", field)
    if reason := conv.kernel.unsuited(1, conv.acting(x), True):
        raise SignalError(reason, "kernel")
    if x.spacing:
        raise SignalError("scales are those of the reference grid; train at the resolution they are used at")
    if taps % 2 == 0:
        raise SignalError(f"{taps} taps have no centre; use an odd size", "kernel_size")
    widest = (taps - 1) * 2 ** (given(conv, x).order - 1) + 1
    if widest > 2 * x.grid[0] - 1:
        raise SignalError(
            f"at the coarsest of {conv.acting(x)} {taps} taps are {widest} steps wide, more than twice the series of "
            f"{x.grid[0]}; use fewer scales or taps",
            "kernel_size",
        )
    return Signal(conv.channels, x.grid, given(conv, x))


def stages(conv: Convolution, x: Signal) -> Iterator[tuple[int, int]]:
    """For each scale of the output: by how much it dilates, and how many scales it reads."""
    before = x.group.order
    for j in range(given(conv, x).order):
        yield 2**j, 1 if x.group.trivial else min(reach(conv, x), before - j)


def spline_taps(scale: int) -> int:
    """Taps of the smoothing spline at a scale."""
    return 3 * scale - 1 if scale > 1 else 3


def cost(conv: Convolution, x: Signal) -> Cost:
    """Smoothing of every scale that is read, at every scale that is given, then the taps."""
    (taps,), (length,) = conv.sizes(x), x.grid
    macs = 0
    for dilation, read in stages(conv, x):
        macs += length * conv.channels * x.channels * read * taps
        if conv.scales.smooth:
            macs += (length + (taps - 1) * dilation) * x.channels * read * spline_taps(dilation)
    kernel = wanted(conv, x)
    params = conv.kernel.params(kernel) + (conv.channels if conv.bias else 0)
    return Cost(macs=macs, params=params, kernel_macs=conv.kernel.macs(kernel, taps * reach(conv, x)))


def warnings(conv: Convolution, x: Signal) -> Iterator[str]:
    """Where scales end."""
    if not x.group.trivial and not conv.scales.crop and reach(conv, x) > 1:
        yield (
            f"kernels of the last {reach(conv, x) - 1} of {x.group} are cut off, so these are not equivariant; "
            "scales=Scales(crop=True) leaves them out"
        )


def wanted(conv: Convolution, x: Signal) -> Wanted:
    """What is wanted of the kernel: one function of time and, on scales, of the scale."""
    span = reach(conv, x)
    return Wanted(conv.channels * x.channels, span, conv.sizes(x), 1 + (span > 1))


def sampled(conv: Convolution, x: Signal) -> Sampling:
    """The taps, at each scale that a kernel reads."""
    return scale_sampling(Lattice(conv.sizes(x)), reach(conv, x))


def lower(conv: Convolution, x: Signal) -> nn.Module:
    """The layer."""
    from archspec.layers.scales import ScaleConv

    return ScaleConv(
        conv.kernel.lower(wanted(conv, x)),
        sampled(conv, x),
        inputs=x.channels,
        outputs=conv.channels,
        stages=tuple(stages(conv, x)),
        lifts=x.group.trivial,
        grouped=not given(conv, x).trivial,
        splines=tuple(spline(dilation) for dilation, _ in stages(conv, x)) if conv.scales.smooth else None,
        bias=bool(conv.bias),
    )


def spline(scale: int) -> tuple[float, ...]:
    """The centred quadratic B-spline with knots `scale` apart, of sum 1."""
    half = spline_taps(scale) // 2
    return tuple(_beta(m / scale) / scale for m in range(-half, half + 1))


def _beta(t: float) -> float:
    t = math.fabs(t)
    return 0.75 - t * t if t < 0.5 else (1.5 - t) ** 2 / 2 if t < 1.5 else 0.0
