"""Convolution by Fourier transform, priced and planned without torch: lengths, FLOPs, and when it is the faster way."""

# Letters: N transform length, S grid, K taps of one axis.

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

# What a network runs on: torch on a CPU, torch on a GPU, onnxruntime.
Target = Literal["torch", "cuda", "onnx"]
TARGETS: tuple[Target, ...] = get_args(Target)
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


# Taps along the longest axis from which onnxruntime is faster by transforms: by depthwise, more than one axis.
# By tests/benchmarks/crossover.py onnx.
_LARGE = {(False, False): 255, (False, True): 31, (True, False): 1023, (True, True): 1023}


def by_transforms(
    algorithm: str,
    depthwise: bool,
    taps: tuple[int, ...],
    grid: tuple[int, ...],
    target: Target = "torch",
    training: bool = False,
) -> bool:
    """Whether a convolution that transforms can do goes by them.

    Args:
        algorithm: `direct`, `fft`, or `auto`, the faster one.
        depthwise: whether each channel is convolved by itself.
        taps: of the kernel, per axis.
        grid: samples of the signal, per axis.
        target: what runs it. onnxruntime transforms slowly, so that there even `fft` is by sums below some size.
        training: forward and backward with a new kernel each time; else forward alone with a kept spectrum.
    """
    if algorithm == "direct":
        return False
    here = algorithm == "fft" or prefers_fft(len(taps), depthwise, taps, grid, training, target)
    return here and (target != "onnx" or max(taps) >= _LARGE[depthwise, len(taps) > 1])


def prefers_fft(
    dims: int, depthwise: bool, taps: tuple[int, ...], grid: tuple[int, ...], training: bool, target: Target = "torch"
) -> bool:
    """Whether the transform is the faster way, of a convolution of stride 1, on this kind of device.

    Args:
        dims: axes.
        depthwise: whether each channel is convolved by itself.
        taps: of the kernel, per axis; not equal ones count by their geometric mean.
        grid: samples of the signal, per axis; likewise.
        training: forward and backward with a new kernel each time; else forward alone with a kept spectrum.
        target: what runs it; `onnx` as on a CPU.
    """
    kind = f"{dims}-D {'depthwise' if depthwise else 'full'} {'training' if training else 'evaluation'}"
    a, b = crossovers()["cuda" if target == "cuda" else "cpu"][kind]
    return _mean(taps) > a + b / _mean(grid) - 1e-9


CROSSOVERS = Path(__file__).with_name("crossovers.json")


@lru_cache(maxsize=1)
def crossovers() -> dict[str, dict[str, tuple[float, float]]]:
    """For each kind of device the kernel size from which on the transform is faster: a + b / (samples along an axis).

    Measured: `tests/benchmarks/crossover.py` writes it for the device at hand. FLOPs do not tell: those of matrix
    products are the cheapest by far.
    """
    tables: dict[str, dict[str, tuple[float, float]]] = json.loads(CROSSOVERS.read_text())["sizes"]
    return tables


@lru_cache(maxsize=1)
def layouts() -> dict[str, dict[str, dict[str, Any]]]:
    """For each kind of device how sums over taps are fastest, by the largest size of a kernel.

    `channels last`: from which size to which; `pads by itself`: up to which size the library should add the zeros.
    Measured as `crossovers`.
    """
    tables: dict[str, dict[str, dict[str, Any]]] = json.loads(CROSSOVERS.read_text())["layouts"]
    return tables


def _mean(sizes: tuple[int, ...]) -> float:
    if min(sizes) == max(sizes):
        return sizes[0]
    return math.exp(sum(map(math.log, sizes)) / len(sizes))


def shares_spectra(kernels: int, functions: int) -> bool:
    """Whether to transform the functions that kernels are mixed of, and mix their spectra: where kernels are many."""
    return kernels >= 2 * functions
