"""The ways in which a direct convolution can be called, and which is fastest where."""

from __future__ import annotations

from typing import NamedTuple

from archspec.geometry.fourier import layouts


class Way(NamedTuple):
    """How a direct convolution is called: what it pads by itself, what is padded before, channels innermost or not."""

    own_padding: tuple[int, ...]
    pad: list[int]
    channels_last: bool


def fastest_way(
    around: tuple[tuple[int, int], ...], taps: tuple[int, ...], depthwise: bool, training: bool, device: str = "cpu"
) -> Way:
    """What measures as fastest on this kind of device, by the table of `archspec.geometry.fourier.layouts`.

    Above some size a convolution that pads by itself leaves the fast path of the library; the backward of a depthwise
    one is several times faster with the channels innermost, its forward slower.
    """
    dims, size, table = len(taps), max(taps), layouts()["cpu" if device == "cpu" else "cuda"]
    kind = f"{'depthwise' if depthwise else 'full'} {'training' if training else 'evaluation'}"
    least, most = table["channels last"].get(f"{dims}-D {kind}", (1, 0))
    last = least <= size <= most
    largest = table["pads by itself"]["channels last" if last else kind]
    by_itself = size <= largest and all(before == after for before, after in around)
    return Way(
        tuple(before for before, _ in around) if by_itself else (0,) * dims,
        [] if by_itself else [n for pair in around[::-1] for n in pair],
        last,
    )
