"""What a convolution costs, by sums over taps or by Fourier transforms."""

from __future__ import annotations

import math

from archspec.blocks.conv import parts as conv_parts
from archspec.blocks.conv.fields import Fields
from archspec.blocks.conv.parts import Part
from archspec.geometry.cropping import zeros_around
from archspec.geometry.fourier import (
    Target,
    by_transforms,
    fft_flops,
    fft_sizes,
    prefers_fft,
    shares_spectra,
    spectral_macs,
)
from archspec.geometry.sampling import sample_count
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal


def by_fft(conv: Fields, x: Signal, taps: tuple[int, ...], target: Target = "torch") -> bool:
    """Whether the deployed form goes by Fourier transforms."""
    return conv.transformable and by_transforms(conv.algorithm, conv.depthwise, taps, x.grid, target)


def stated_algorithm(conv: Fields, x: Signal) -> str:
    """How the graph states the algorithm: `auto` where the deployed form goes by sums, or a window learns the size."""
    if (conv.window and conv.window.crops) or not conv.transformable:
        return conv.algorithm
    measured = prefers_fft(x.dims, conv.depthwise, conv.lattice(x).taps, x.grid, training=False)
    if conv.algorithm == "auto":
        return "fft" if measured else "auto"
    return "auto" if conv.algorithm == "direct" and not measured else conv.algorithm


def algorithm(conv: Fields, x: Signal, target: Target) -> str:
    """What a target runs: `direct` or `fft`."""
    taps = conv.lattice(x)._replace(kept=conv_parts.kept(conv, x)).taps
    return "fft" if not conv.sums_only(x) and by_fft(conv, x, taps, target) else "direct"


def identity(conv: Fields, x: Signal, written: bytes) -> bytes:
    """How it is written, where two ways of writing what runs alike on a CPU are one."""
    stated = "auto" if conv.sums_only(x) else stated_algorithm(conv, x)
    if stated == conv.algorithm:
        return written
    fields = conv.with_fields({"algorithm": stated})
    return fields.__pydantic_serializer__.to_json(fields)


def cost(
    conv: Fields,
    x: Signal,
    kept: tuple[int, ...],
    counts: tuple[int, int] | None = None,
    target: Target = "torch",
) -> Cost:
    """Of a convolution reading `x`, with the taps that its window keeps (empty: all)."""
    taps = conv.lattice(x)._replace(kept=kept).taps if x.spacing else kept or conv.sizes(x)
    margin = taps if conv.padding == "valid" else (1,) * x.dims
    after = math.prod((n - k) // s + 1 for n, k, s in zip(x.grid, margin, x.strides(conv.stride), strict=True))
    positions, total = x.positions, Cost()
    for part in conv_parts.parts(conv, x, counts):
        if part.spatial:
            total += _over_taps(conv, x, part, taps, after, target)
            positions = after
        else:
            total += _at_each_position(conv, x, part, positions)
    return total


def _at_each_position(conv: Fields, x: Signal, part: Part, positions: int) -> Cost:
    wanted, kernel = conv_parts.of_group(conv, x, part), conv_parts.kernel_of(conv, part)
    return Cost(
        macs=positions * part.rows * part.gives * (part.reads if part.mixes else 1),
        params=kernel.params(wanted) + part.bias * part.outputs,
        kernel_macs=kernel.macs(wanted, wanted.elements),
    )


def _over_taps(conv: Fields, x: Signal, part: Part, taps: tuple[int, ...], positions: int, target: Target) -> Cost:
    group, wanted = conv.acting(x), conv_parts.wanted(conv, x, part)
    params = conv.kernel.params(wanted) + part.bias * part.outputs
    making = conv.kernel.macs(wanted, samples(conv, x, part, taps))
    if conv.window is not None:
        params += conv.window.params(wanted, part.outputs)
    if conv.factorisation == "kernel_separable" and part.mixes:
        fibre = conv_parts.of_group(conv, x, part)
        params += conv.kernel.params(fibre)
        making += conv.kernel.macs(fibre, group.order)
    gives, reads = part.outputs * part.gives, part.inputs * part.reads
    if part.depthwise:
        reads = part.reads if part.mixes else 1
    if by_fft(conv, x, taps, target):
        return _spectral(conv, x, part, taps, target) + Cost(params=params)
    return Cost(macs=positions * gives * math.prod(taps) * reads, params=params, kernel_macs=making)


def _spectral(conv: Fields, x: Signal, part: Part, taps: tuple[int, ...], target: Target) -> Cost:
    """Transforms of what is read and given, a product at each frequency; the kernel's own transforms apart."""
    group, wanted = conv.acting(x), conv_parts.wanted(conv, x, part)
    gives = part.outputs * part.gives
    reads = gives if part.depthwise else part.inputs * part.reads
    sizes = fft_sizes(x.grid, taps, zeros_around(taps, conv.padded), powers_of_two=target == "onnx")
    points, rows = samples(conv, x, part, taps), gives if part.depthwise else gives * reads
    macs = conv.kernel.macs(wanted, points)
    if conv.factorisation == "kernel_separable" and part.mixes:
        macs += conv.kernel.macs(conv_parts.of_group(conv, x, part), group.order)
    per_layer = conv.window is None or conv.window.shared
    functions = conv.kernel.shared() if group.trivial and per_layer and not conv.stretched(x) else None
    if functions is not None and shares_spectra(rows, functions):
        # The functions are transformed and then mixed, one complex product for each frequency, kernel and function.
        macs -= points * (functions - 1) * rows
        macs += spectral_macs(sizes, functions, rows, depthwise=False)
        rows = functions
    return Cost(
        macs=spectral_macs(sizes, reads, gives, part.depthwise),
        fft_flops=fft_flops(sizes, reads + gives),
        kernel_macs=macs + fft_flops(sizes, rows) // 2,
    )


def samples(conv: Fields, x: Signal, part: Part, taps: tuple[int, ...]) -> int:
    """Points at which a stage's kernel is made."""
    mixes, turning = part.mixes and conv.factorisation != "kernel_separable", conv.acting(x).turning
    count = sample_count(turning, taps, mixes, span=conv_parts.span(conv, x, part))[0]
    action = turning.action(x.dims)
    if conv.kernel.continuous or action.exact or math.prod(taps) == 1:
        return count
    return count // int(action.whole.sum())  # tables are turned once for grids that are permutations of others
