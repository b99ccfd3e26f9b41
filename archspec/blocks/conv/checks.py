"""Checks of a convolution: what is impossible or would silently break a symmetry is an error that names the remedy."""

from __future__ import annotations

from archspec.blocks.conv.fields import Fields
from archspec.geometry.groups import Group
from archspec.graph.grids import per_axis, require_turnable, too_large
from archspec.graph.signal import Signal, SignalError


def size(conv: Fields, x: Signal, sizes: tuple[int, ...]) -> None:
    """Raise SignalError if a kernel of these sizes has taps that are outside the reference grid at every output."""
    grown = conv.padding == "same" and not conv.causal and conv.kernel.continuous
    for reference, taps in zip(x.reference, sizes, strict=True):
        most = 2 * reference - 1 if grown else reference
        if taps > most:
            raise too_large(taps, reference, most, "kernel_size")


def parts(conv: Fields, x: Signal, group: Group) -> None:
    """Raise SignalError if kernel, window, padding or algorithm do not go together, or not with `x` and the group."""
    if reason := conv.kernel.unsuited(x.dims, group, not x.spacing):
        raise SignalError(reason, "kernel")
    if conv.padding == "valid" and x.spacing:
        raise SignalError("padding='valid' shifts the signal on another grid; use 'same'", "padding")
    if conv.kernel.coordinates == "interval" and not group.turning.cyclic:
        raise SignalError(f"an angle on an interval is for C_n, not {group}; use angle='circle'", "kernel")
    if conv.algorithm == "fft" and conv.factorisation == "group_depthwise":
        raise SignalError("group_depthwise convolves by sums; use algorithm='direct'", "algorithm")
    if conv.algorithm == "fft" and conv.stride > 1:
        raise SignalError("a Fourier transform gives every position; use algorithm='direct' with a stride", "algorithm")
    if conv.resampling == "stretched" and not (conv.causal and conv.window is None):
        raise SignalError("'stretched' is for causal kernels without a window; use resampling='physical'", "resampling")
    if conv.stretched(x) and conv.tap_grid(x).taps[0] == 0:
        raise SignalError("the kernel has no tap left on a grid this coarse; use resampling='physical'", "resampling")
    if conv.window and conv.window.crops and conv.padding == "valid":
        raise SignalError("a learned window changes the kernel's size; use padding='same', or crop=False", "padding")
    if conv.window and conv.window.per_axis is not None:
        per_axis(conv.window.per_axis, x, "window")
    if conv.band_limit not in ("none", *conv.kernel.band_limits):
        raise SignalError(
            f"a {conv.kernel.kind} kernel cannot {conv.band_limit} its band; use Magnet or Fourier for 'mask', "
            "Magnet for 'regularise'",
            "band_limit",
        )


def elements(conv: Fields, x: Signal) -> None:
    """Raise SignalError if a bias between two stages would make inactive elements of the group nonzero again."""
    if x.partial and conv.factorisation == "depthwise_separable" and conv.bias:
        raise SignalError(
            f"on part of {x.group} the bias between the two stages would be added to inactive elements too; use "
            "factorisation='group_separable', or bias=False",
            "factorisation",
        )


def symmetry(conv: Fields, x: Signal, group: Group, taps: tuple[int, ...]) -> None:
    """Raise SignalError if the group does not map the kernel and the grid onto themselves."""
    action = group.action(len(x.grid))
    if conv.bias == "per_element":
        raise SignalError(
            f"a bias per element of {group} breaks its symmetry; use bias=True, one per channel shared over the group",
            "bias",
        )
    if conv.causal:
        raise SignalError(
            f"a causal kernel does not allow the flip in {group}; use causal=False or a plain signal", "causal"
        )
    require_turnable(group, x)
    for a, b in action.mixed_axes:
        if taps[a] != taps[b]:
            raise SignalError(
                f"{group} turns axis {a} into axis {b}, so their kernel sizes {text(taps)} must be equal",
                "kernel_size",
            )
    if action.exact or max(taps) == 1:
        return
    if min(taps) < 5:
        raise SignalError(
            f"{text(taps)} taps cannot carry the turns of {group}; use at least 5 (7 is better), or a "
            "group of quarter turns such as C4",
            "kernel_size",
        )
    if conv.window is None:
        raise SignalError(
            f"the corners of a square kernel leave it under the turns of {group}; use window=Disc()", "window"
        )


def text(sizes: tuple[int, ...]) -> str:
    """Sizes per axis as text, such as 3×3."""
    return "×".join(map(str, sizes))
