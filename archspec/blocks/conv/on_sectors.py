"""Convolutions whose input or output elements are turns spread over a learned sector of the circle (see Partial)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archspec.blocks.conv import checks
from archspec.blocks.conv.fields import Fields
from archspec.geometry.groups import Group
from archspec.geometry.sampling import Sampling
from archspec.graph.cost import Cost
from archspec.graph.grids import slide
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


LEAST = 5  # taps per axis with which a kernel can be turned by any angle


def given(x: Signal) -> Group:
    """The cyclic group with as many elements as the output has turns; only its order matters."""
    return Group(f"C{x.ahead}") if x.ahead else x.group


def infer(conv: Fields, x: Signal) -> Signal:
    """The output signal.

    Raises:
        SignalError: a field does not allow to sample the kernel at any turn.
    """
    sizes = conv.sizes(x)
    wrong = {
        "kernel": (conv.kernel.shared() is None, "use Siren, Magnet, Fourier or Mlp"),
        "factorisation": (conv.factorisation != "full", "use 'full'"),
        "window": (conv.window is not None and conv.window.rim is None, "use Disc()"),
        "algorithm": (conv.algorithm == "fft", "leave it out"),
        "band_limit": (conv.band_limit != "none", "leave it out"),
        "causal": (conv.causal, "use causal=False"),
        "bias": (conv.bias == "per_element", "use bias=True, one per channel"),
    }
    for field, (is_so, remedy) in wrong.items():
        if is_so:
            value = getattr(conv, field)
            what = value.kind if field in ("kernel", "window") else value
            raise SignalError(f"{field}={what!r} cannot be used at turns of a sector; {remedy}", field)
    checks.size(conv, x, sizes)
    checks.parts(conv, x, x.group)
    if len(set(sizes)) > 1 or sizes[0] % 2 == 0 or 1 < sizes[0] < LEAST:
        raise SignalError(
            f"{checks.text(sizes)} taps cannot be turned by any angle; use one odd size, {LEAST} or more, or 1",
            "kernel_size",
        )
    if conv.window is None and sizes[0] > 1:
        raise SignalError("the corners of a square kernel leave it under the turns of a sector; use Disc()", "window")
    strides = x.strides(conv.stride)
    grid = slide(x, x.group, sizes, strides, conv.padding == "same", "kernel_size")
    turned = x.strided(grid, strides, conv.stride)
    return turned._replace(channels=conv.channels, group=given(x), partial=True, scattered=True, ahead=0)


def sampling(conv: Fields, x: Signal) -> Sampling:
    """Where the kernel is sampled before any sector is given: between all turns, spread over the whole circle."""
    return Sampling(
        x.group,
        conv.tap_grid(x),
        conv.channels * x.channels,
        mixes=True,
        coordinates=conv.kernel.coordinates,
        rim=conv.window.rim if conv.window else None,
        factor=1 / x.group.order,
        out=_around(given(x).order),
        read=_around(x.group.order),
    )


def cost(conv: Fields, x: Signal) -> Cost:
    """The cost by sums over taps, from every input turn to every output turn; the kernel is sampled for each pair."""
    reads, gives, taps = x.group.order, given(x).order, math.prod(conv.tap_grid(x).taps)
    kernel = sampling(conv, x)
    return Cost(
        macs=infer(conv, x).positions * kernel.rows * reads * gives * taps,
        params=conv.kernel.params(kernel) + (conv.channels if conv.bias else 0),
        kernel_macs=conv.kernel.macs(kernel, reads * gives * taps),
    )


def lower(conv: Fields, x: Signal) -> nn.Module:
    """A new layer, which is called with the turns; without them they are spread over the whole circle."""
    from archspec.layers.turns import TurnedConv

    where = sampling(conv, x)
    return TurnedConv(
        conv.kernel.lower(where),
        None,
        where,
        inputs=x.channels,
        outputs=conv.channels,
        order=given(x).order,
        lifts=False,
        depthwise=False,
        energy=1 / x.channels,
        crop=None,
        stride=x.strides(conv.stride),
        padding=conv.padding,
        grid=x.grid,
        bias=bool(conv.bias),
    )


def _around(count: int) -> tuple[float, ...]:
    """The turns of C_n, n = `count`, in radians."""
    return tuple(2 * math.pi * n / count for n in range(count))
