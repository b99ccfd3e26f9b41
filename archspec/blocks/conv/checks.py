"""What makes a convolution impossible, or breaks a symmetry silently, each with its remedy."""

from __future__ import annotations

from archspec.blocks.conv.fields import Fields
from archspec.geometry.groups import Group
from archspec.graph.grids import per_axis, require_turnable, too_large
from archspec.graph.signal import Signal, SignalError


def size(conv: Fields, x: Signal, sizes: tuple[int, ...]) -> None:
    """Every tap must meet some point of the grid that sizes are stated for."""
    grown = conv.padding == "same" and not conv.causal and conv.kernel.continuous
    for reference, taps in zip(x.reference, sizes, strict=True):
        most = 2 * reference - 1 if grown else reference
        if taps > most:
            raise too_large(taps, reference, most, "kernel_size")


def parts(conv: Fields, x: Signal, group: Group) -> None:
    """Whether kernel, window and padding can be what they are, here and together."""
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
        raise SignalError("stretched, no tap is left on a grid that coarse; use resampling='physical'", "resampling")
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
    """Whether nothing is made of elements that do not count, between the two stages."""
    if x.partial and conv.factorisation == "depthwise_separable" and conv.bias:
        raise SignalError(
            f"on stage of {x.group} the bias between the two stages would count where nothing else does; use "
            "factorisation='group_separable', or bias=False",
            "factorisation",
        )


def symmetry(conv: Fields, x: Signal, group: Group, taps: tuple[int, ...]) -> None:
    """Whether the group can move kernel and grid onto themselves."""
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
    """Sizes as people write them."""
    return "×".join(map(str, sizes))
