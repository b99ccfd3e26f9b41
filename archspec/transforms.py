"""Convolution by Fourier transform, priced and planned without torch: lengths, FLOPs, and when it is the faster way."""

# Letters: N transform length, S grid, K taps of one axis.

from __future__ import annotations

import math

Pads = tuple[tuple[int, int], ...]


def fft_sizes(grid: tuple[int, ...], taps: tuple[int, ...], pads: Pads, powers_of_two: bool = False) -> tuple[int, ...]:
    """The transform length of each axis: the smallest without wrap-around, rounded up to a fast one.

    Args:
        grid: samples of the signal, per axis.
        taps: of the kernel, per axis.
        pads: zeros before and after the signal, per axis.
        powers_of_two: for onnxruntime, whose transforms of other lengths are slow and not exact.
    """
    least = (smallest_size(s, k, b, a) for s, k, (b, a) in zip(grid, taps, pads, strict=True))
    return tuple(_power_of_two(n) if powers_of_two else _fast(n) for n in least)


def smallest_size(grid: int, taps: int, before: int, after: int) -> int:
    """The shortest circular signal on which no tap that meets the signal wraps around onto it.

    Output n reads position n + k - before by tap k. Positions before 0 lie at the end of the circle, past the signal;
    positions past the signal must not reach its start. Taps that meet only zeros whatever the output do not count.
    """
    out = grid + before + after - taps + 1
    first, last = max(0, before - out + 1), min(taps, before + grid)
    return max(grid + before - first, out + last - 1 - before, out)


def _fast(n: int) -> int:
    """Even, a power of two times 1, 3, 5 or 9: 11 to 19 % faster, on average, than the next 2^a·3^b·5^c.

    Measured by `tests/benchmarks/long_convolutions.py lengths`.
    """
    return min(odd * _power_of_two(-(-n // odd)) for odd in (1, 3, 5, 9))


def _power_of_two(n: int) -> int:
    return 1 << max(1, (n - 1).bit_length())


def fft_flops(sizes: tuple[int, ...], count: int) -> int:
    """FLOPs of `count` real transforms: real ones along the last axis, complex ones over what these leave of it."""
    *others, last = sizes
    kept = last // 2 + 1
    flops = math.prod(others) * 2.5 * last * math.log2(last)
    for n in others:
        flops += math.prod(others) // n * kept * 5 * n * math.log2(n)
    return count * 2 * round(flops / 2)  # whole multiply-accumulates each, so that sums are exact


def spectral_macs(sizes: tuple[int, ...], inputs: int, outputs: int, depthwise: bool) -> int:
    """Real multiply-accumulates of one example's product of spectra: four for each complex one."""
    frequencies = math.prod(sizes[:-1]) * (sizes[-1] // 2 + 1)
    return 4 * frequencies * (outputs if depthwise else inputs * outputs)


# The kernel size from which on the transform is faster: a + b / (samples along an axis), by axes, depthwise, training.
# By tests/benchmarks/long_convolutions.py. FLOPs do not tell: those of matrix products are the cheapest by far.
_CROSSOVER = {
    (1, True, False): (71, 0),
    (1, True, True): (10, 192),
    (1, False, False): (12, 0),
    (1, False, True): (14, 0),
    (2, True, False): (13, 128),
    (2, True, True): (4, 128),
    (2, False, False): (6, 0),
    (2, False, True): (6, 0),
    (3, True, False): (6, 32),
    (3, True, True): (3, 0),
    (3, False, False): (4, 0),
    (3, False, True): (4, 0),
}


def prefers_fft(dims: int, depthwise: bool, taps: tuple[int, ...], grid: tuple[int, ...], training: bool) -> bool:
    """Whether the transform is the faster way, of a convolution of stride 1, on a CPU.

    Args:
        dims: axes.
        depthwise: whether each channel is convolved by itself.
        taps: of the kernel, per axis; not equal ones count by their geometric mean.
        grid: samples of the signal, per axis; likewise.
        training: forward and backward with a new kernel each time; else forward alone with a kept spectrum.
    """
    a, b = _CROSSOVER[dims, depthwise, training]
    return _mean(taps) > a + b / _mean(grid) - 1e-9


def _mean(sizes: tuple[int, ...]) -> float:
    if min(sizes) == max(sizes):
        return sizes[0]
    return math.exp(sum(map(math.log, sizes)) / len(sizes))


def shares_spectra(kernels: int, functions: int) -> bool:
    """Whether to transform the functions that kernels are mixed of, and mix their spectra: where kernels are many."""
    return kernels >= 2 * functions
