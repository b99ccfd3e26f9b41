"""The cost of a convolution, computed by sums over taps or by Fourier transforms."""

from __future__ import annotations

import math

from archspec.blocks.conv import stages
from archspec.blocks.conv.fields import Fields
from archspec.blocks.conv.stages import Stage
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
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal


def by_fft(conv: Fields, x: Signal, taps: tuple[int, ...], target: Target = "torch") -> bool:
    """Whether the deployed form uses Fourier transforms, with this many taps per axis on this target."""
    return conv.transformable and by_transforms(conv.algorithm, conv.depthwise, taps, x.grid, target)


def stated_algorithm(conv: Fields, x: Signal) -> str:
    """The algorithm that enters the hash: equal for settings of `algorithm` that run alike on a CPU.

    `fft` where transforms are run; `auto` where sums are, or where a learned window may change which is run.
    """
    if (conv.window and conv.window.crops) or not conv.transformable:
        return conv.algorithm
    measured = prefers_fft(x.dims, conv.depthwise, conv.tap_grid(x).taps, x.grid, training=False)
    if conv.algorithm == "auto":
        return "fft" if measured else "auto"
    return "auto" if conv.algorithm == "direct" and not measured else conv.algorithm


def algorithm(conv: Fields, x: Signal, target: Target) -> str:
    """The algorithm that a target runs: `direct` or `fft`."""
    taps = conv.tap_grid(x)._replace(cropped=stages.cropped(conv, x)).taps
    return "fft" if not conv.sums_only(x) and by_fft(conv, x, taps, target) else "direct"


def identity(conv: Fields, x: Signal, written: bytes) -> bytes:
    """The block's identity (see `Primitive.identity`), equal for settings of `algorithm` that run alike on a CPU."""
    stated = "auto" if conv.sums_only(x) else stated_algorithm(conv, x)
    if stated == conv.algorithm:
        return written
    fields = conv.with_fields({"algorithm": stated})
    return fields.__pydantic_serializer__.to_json(fields)


def cost(
    conv: Fields,
    x: Signal,
    cropped: tuple[int, ...],
    counts: tuple[int, int] | None = None,
    target: Target = "torch",
) -> Cost:
    """The cost of a convolution with input signal `x`.

    Args:
        conv: the convolution.
        x: the input signal.
        cropped: taps per axis on the reference grid after cropping by its window; empty if nothing is cropped.
        counts: number of active elements of the input and of the output; None where all are active.
        target: what runs it.
    """
    taps = conv.tap_grid(x)._replace(cropped=cropped).taps if x.spacing else cropped or conv.sizes(x)
    margin = taps if conv.padding == "valid" else (1,) * x.dims
    after = math.prod((n - k) // s + 1 for n, k, s in zip(x.grid, margin, x.strides(conv.stride), strict=True))
    positions, total = x.positions, Cost()
    for stage in stages.stages(conv, x, counts):
        if stage.spatial:
            total += _over_taps(conv, x, stage, taps, after, target)
            positions = after
        else:
            total += _at_each_position(conv, x, stage, positions)
    return total


def _at_each_position(conv: Fields, x: Signal, stage: Stage, positions: int) -> Cost:
    where, kernel = stages.sampling(conv, x, stage), stages.kernel_of(conv, stage)
    return Cost(
        macs=positions * stage.rows * stage.gives * (stage.reads if stage.mixes else 1),
        params=kernel.params(where) + stage.bias * stage.outputs,
        kernel_macs=kernel.macs(where, where.elements),
    )


def _over_taps(conv: Fields, x: Signal, stage: Stage, taps: tuple[int, ...], positions: int, target: Target) -> Cost:
    group, where = conv.acting(x), stages.over_space(conv, x, stage)
    params = conv.kernel.params(where) + stage.bias * stage.outputs
    making = conv.kernel.macs(where, samples(conv, x, stage, taps))
    if conv.window is not None:
        params += conv.window.params(where, stage.outputs)
    if conv.factorisation == "kernel_separable" and stage.mixes:
        fibre = stages.sampling(conv, x, stage).of_group()
        params += conv.kernel.params(fibre)
        making += conv.kernel.macs(fibre, group.order)
    gives, reads = stage.outputs * stage.gives, stage.inputs * stage.reads
    if stage.depthwise:
        reads = stage.reads if stage.mixes else 1
    if by_fft(conv, x, taps, target):
        return _spectral(conv, x, stage, taps, target) + Cost(params=params)
    return Cost(macs=positions * gives * math.prod(taps) * reads, params=params, kernel_macs=making)


def _spectral(conv: Fields, x: Signal, stage: Stage, taps: tuple[int, ...], target: Target) -> Cost:
    """Transforms of input and output and a product at each frequency; transforms of kernels are in `kernel_macs`."""
    group, where = conv.acting(x), stages.over_space(conv, x, stage)
    gives = stage.outputs * stage.gives
    reads = gives if stage.depthwise else stage.inputs * stage.reads
    sizes = fft_sizes(x.grid, taps, zeros_around(taps, conv.padded), powers_of_two=target == "onnx")
    points, rows = samples(conv, x, stage, taps), gives if stage.depthwise else gives * reads
    macs = conv.kernel.macs(where, points)
    if conv.factorisation == "kernel_separable" and stage.mixes:
        macs += conv.kernel.macs(stages.sampling(conv, x, stage).of_group(), group.order)
    per_layer = conv.window is None or conv.window.shared
    functions = conv.kernel.shared() if group.trivial and per_layer and not conv.stretched(x) else None
    if functions is not None and shares_spectra(rows, functions):
        # The kernel's functions are transformed, then combined: a complex product per frequency, kernel and function.
        macs -= points * (functions - 1) * rows
        macs += spectral_macs(sizes, functions, rows, depthwise=False)
        rows = functions
    return Cost(
        macs=spectral_macs(sizes, reads, gives, stage.depthwise),
        fft_flops=fft_flops(sizes, reads + gives),
        kernel_macs=macs + fft_flops(sizes, rows) // 2,
    )


def samples(conv: Fields, x: Signal, stage: Stage, taps: tuple[int, ...]) -> int:
    """Number of points at which a stage's kernel is evaluated."""
    where = stages.over_space(conv, x, stage)
    count, action = where.points(taps), where.group.action(x.dims)
    if conv.kernel.continuous or action.exact or math.prod(taps) == 1:
        return count
    return count // int(action.whole.sum())  # a table is interpolated once for grids that are permutations of others
