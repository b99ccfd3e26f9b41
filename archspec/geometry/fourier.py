"""Convolution by Fourier transforms without torch: transform lengths, FLOPs, and when it is faster than direct sums."""

# Letters: N transform length, S grid, K taps of one axis.

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

# What runs a network: torch on a CPU, torch on a GPU, onnxruntime.
Target = Literal["torch", "cuda", "onnx"]
TARGETS: tuple[Target, ...] = get_args(Target)
Pads = tuple[tuple[int, int], ...]


def fft_sizes(grid: tuple[int, ...], taps: tuple[int, ...], pads: Pads, powers_of_two: bool = False) -> tuple[int, ...]:
    """The transform length of each axis: the smallest without wrap-around, rounded up to a fast length.

    Args:
        grid: points of the signal, per axis.
        taps: taps of the kernel, per axis.
        pads: zeros before and after the signal, per axis.
        powers_of_two: use powers of two only; for onnxruntime, whose other transforms are slow and inaccurate.
    """
    least = (smallest_size(s, k, b, a) for s, k, (b, a) in zip(grid, taps, pads, strict=True))
    return tuple(_power_of_two(n) if powers_of_two else _fast(n) for n in least)


def smallest_size(grid: int, taps: int, before: int, after: int) -> int:
    """The smallest length of a circular convolution that equals the padded one along an axis.

    Output n multiplies tap k with position n + k - before. Negative positions are at the end of the circle and must not
    reach back to the signal; positions past the signal must not reach its start. Taps that only meet padding for every
    output are left out.
    """
    out = grid + before + after - taps + 1
    first, last = max(0, before - out + 1), min(taps, before + grid)
    return max(grid + before - first, out + last - 1 - before, out)


def _fast(n: int) -> int:
    """The next even number that is a power of two times 1, 3, 5 or 9.

    Such lengths are 11 to 19 % faster, on average, than the next 2^a·3^b·5^c: measured by
    `tests/benchmarks/long_convolutions.py lengths`.
    """
    return min(odd * _power_of_two(-(-n // odd)) for odd in (1, 3, 5, 9))


def _power_of_two(n: int) -> int:
    return 1 << max(1, (n - 1).bit_length())


def fft_flops(sizes: tuple[int, ...], count: int) -> int:
    """FLOPs of `count` transforms of real signals: real along the last axis, complex along the others."""
    *others, last = sizes
    half = last // 2 + 1
    flops = math.prod(others) * 2.5 * last * math.log2(last)
    for n in others:
        flops += math.prod(others) // n * half * 5 * n * math.log2(n)
    return count * 2 * round(flops / 2)  # an even integer, a whole number of multiply-accumulates


def spectral_macs(sizes: tuple[int, ...], inputs: int, outputs: int, depthwise: bool) -> int:
    """Real multiply-accumulates of the product of spectra for one example: four for each complex one."""
    frequencies = math.prod(sizes[:-1]) * (sizes[-1] // 2 + 1)
    return 4 * frequencies * (outputs if depthwise else inputs * outputs)


# Number of taps along the longest axis from which onnxruntime is faster by transforms, by (depthwise, more than one
# axis). Measured by tests/benchmarks/crossover.py onnx.
_LARGE = {(False, False): 255, (False, True): 31, (True, False): 1023, (True, True): 1023}


def by_transforms(
    algorithm: str,
    depthwise: bool,
    taps: tuple[int, ...],
    grid: tuple[int, ...],
    target: Target = "torch",
    training: bool = False,
) -> bool:
    """Whether a convolution, one that transforms can compute, uses Fourier transforms.

    Args:
        algorithm: `direct`, `fft`, or `auto`, the faster one.
        depthwise: whether each channel is convolved separately.
        taps: taps of the kernel, per axis.
        grid: points of the signal, per axis.
        target: what runs it. Transforms are slow in onnxruntime, so that there small kernels use sums even for `fft`.
        training: whether to compare forward and backward passes with a new kernel each time; otherwise forward passes
            with a cached spectrum of the kernel.
    """
    if algorithm == "direct":
        return False
    here = algorithm == "fft" or prefers_fft(len(taps), depthwise, taps, grid, training, target)
    return here and (target != "onnx" or max(taps) >= _LARGE[depthwise, len(taps) > 1])


def prefers_fft(
    dims: int, depthwise: bool, taps: tuple[int, ...], grid: tuple[int, ...], training: bool, target: Target = "torch"
) -> bool:
    """Whether a convolution of stride 1 is faster by Fourier transforms on this kind of device.

    Args:
        dims: number of axes.
        depthwise: whether each channel is convolved separately.
        taps: taps of the kernel, per axis; of unequal ones the geometric mean is used.
        grid: points of the signal, per axis; likewise.
        training: as in `by_transforms`.
        target: what runs it; `onnx` is treated as a CPU.
    """
    kind = f"{dims}-D {'depthwise' if depthwise else 'full'} {'training' if training else 'evaluation'}"
    a, b = crossovers()["cuda" if target == "cuda" else "cpu"][kind]
    return _mean(taps) > a + b / _mean(grid) - 1e-9


CROSSOVERS = Path(__file__).with_name("crossovers.json")


@lru_cache(maxsize=1)
def crossovers() -> dict[str, dict[str, tuple[float, float]]]:
    """The kernel size from which transforms are faster, a + b / (points along an axis): (a, b) by device and kind.

    Measured; `tests/benchmarks/crossover.py` writes the table for the present device. FLOPs do not predict it, since
    those of matrix products take the least time by far.
    """
    tables: dict[str, dict[str, tuple[float, float]]] = json.loads(CROSSOVERS.read_text())["sizes"]
    return tables


@lru_cache(maxsize=1)
def layouts() -> dict[str, dict[str, dict[str, Any]]]:
    """How direct convolutions are called fastest, for each kind of device, by the largest kernel size over the axes.

    `channels last`: the range of sizes for which channels-last memory format is faster; `pads by itself`: the size up
    to which the convolution should pad its input itself. Measured as `crossovers`.
    """
    tables: dict[str, dict[str, dict[str, Any]]] = json.loads(CROSSOVERS.read_text())["layouts"]
    return tables


def _mean(sizes: tuple[int, ...]) -> float:
    if min(sizes) == max(sizes):
        return sizes[0]
    return math.exp(sum(map(math.log, sizes)) / len(sizes))


def shares_spectra(kernels: int, functions: int) -> bool:
    """Whether it is faster to transform the functions that kernels are combinations of, and to combine the spectra.

    So it is where there are at least twice as many kernels as functions.
    """
    return kernels >= 2 * functions
