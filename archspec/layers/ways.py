"""How to call torch's direct convolution so that it is fastest: who pads, and in which memory format."""

from __future__ import annotations

from typing import NamedTuple

from archspec.geometry.fourier import layouts


class Way(NamedTuple):
    """A way of calling a direct convolution.

    Attributes:
        own_padding: zeros per axis that the convolution adds itself.
        pad: zeros that are added before it, in the order of `F.pad`; empty for none.
        channels_last: whether to use channels-last memory format.
    """

    own_padding: tuple[int, ...]
    pad: list[int]
    channels_last: bool


def fastest_way(
    around: tuple[tuple[int, int], ...], taps: tuple[int, ...], depthwise: bool, training: bool, device: str = "cpu"
) -> Way:
    """The way measured as fastest on this kind of device, from the table `archspec.geometry.fourier.layouts`.

    Above some kernel size, a convolution that pads its input itself is not computed by the library's fast path. The
    backward pass of a depthwise convolution is several times faster in channels-last format, its forward pass slower.
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
