"""What a convolution costs, by sums over taps or by Fourier transforms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archspec.cost import Cost
from archspec.cropping import zeros_around
from archspec.sampling import sample_count
from archspec.signal import Signal
from archspec.transforms import fft_flops, fft_sizes, prefers_fft, shares_spectra, spectral_macs
from archspec.windows import Learned

if TYPE_CHECKING:
    from archspec.blocks.conv import Convolution


def by_fft(conv: Convolution, x: Signal, taps: tuple[int, ...]) -> bool:
    """Whether the deployed form goes by Fourier transforms."""
    if conv.algorithm != "auto":
        return conv.algorithm == "fft"
    return conv.stride == 1 and prefers_fft(x.dims, conv.depthwise, taps, x.grid, training=False)


def stated_algorithm(conv: Convolution, x: Signal) -> str:
    """How the graph states the algorithm: `auto` where the deployed form goes by sums, or a window learns the size."""
    if (isinstance(conv.window, Learned) and conv.window.crop) or conv.stride > 1:
        return conv.algorithm
    measured = prefers_fft(x.dims, conv.depthwise, conv.lattice(x).taps, x.grid, training=False)
    if conv.algorithm == "auto":
        return "fft" if measured else "auto"
    return "auto" if conv.algorithm == "direct" and not measured else conv.algorithm


def cost(conv: Convolution, x: Signal, kept: tuple[int, ...]) -> Cost:
    """Of a convolution reading `x`, with the taps that its window keeps (empty: all)."""
    group, wanted = conv.acting(x), conv.wanted(x)
    taps = conv.lattice(x)._replace(kept=kept).taps if x.spacing else kept or wanted.sizes
    margin = taps if conv.padding == "valid" else (1,) * x.dims
    positions = math.prod((n - k) // s + 1 for n, k, s in zip(x.grid, margin, x.strides(conv.stride), strict=True))
    params = conv.kernel.params(wanted)
    if conv.window is not None:
        params += conv.window.params(wanted, x.channels if conv.depthwise else conv.channels)
    inner = x.channels * group.order  # maps between the two parts of a separable convolution
    outputs = conv.channels * group.order
    reads, gives = (inner, inner) if conv.depthwise else (x.maps, outputs)
    if by_fft(conv, x, taps):
        total = _spectral(conv, x, taps, reads, gives)
    else:
        macs = positions * gives * math.prod(taps) * (1 if conv.depthwise else reads)
        total = Cost(macs=macs, kernel_macs=conv.kernel.macs(wanted, _samples(conv, x, taps)))
    if conv.depthwise:
        total += Cost(macs=positions * inner * outputs)
        params += conv.channels * inner
    params += (conv.channels + (x.channels if conv.depthwise else 0)) if conv.bias else 0
    return Cost(total.macs, total.fft_flops, params, 0, total.kernel_macs)


def _spectral(conv: Convolution, x: Signal, taps: tuple[int, ...], reads: int, gives: int) -> Cost:
    """Transforms of what is read and given, a product at each frequency; the kernel's own transforms apart."""
    wanted = conv.wanted(x)
    sizes = fft_sizes(x.grid, taps, zeros_around(taps, conv.padded))
    samples, rows = _samples(conv, x, taps), gives if conv.depthwise else gives * reads
    macs = conv.kernel.macs(wanted, samples)
    per_layer = conv.window is None or conv.window.shared
    functions = conv.kernel.shared() if conv.acting(x).trivial and per_layer and not conv.stretched(x) else None
    if functions is not None and shares_spectra(rows, functions):
        # The functions are transformed and then mixed, one complex product for each frequency, kernel and function.
        macs -= samples * (functions - 1) * rows
        macs += spectral_macs(sizes, functions, rows, depthwise=False)
        rows = functions
    return Cost(
        macs=spectral_macs(sizes, reads, gives, conv.depthwise),
        fft_flops=fft_flops(sizes, reads + gives),
        kernel_macs=macs + fft_flops(sizes, rows) // 2,
    )


def _samples(conv: Convolution, x: Signal, taps: tuple[int, ...]) -> int:
    return sample_count(conv.acting(x), taps, conv.mixes(x))[0]
