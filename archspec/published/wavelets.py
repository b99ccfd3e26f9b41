"""Networks of series on dyadic scales."""

from __future__ import annotations

from typing import Any

from archspec.architecture import Architecture
from archspec.blocks import Activation, Classifier, Conv, Dropout, Lift, Norm, Pointwise, Pool, Scales
from archspec.graph.block import Block
from archspec.inputs import Series
from archspec.kernels import Table

TABLE = Table()
URBAN_SOUND = Series(channels=1, length=64_000)
MOST_SCALES, SPAN = 9, 3
POOLS = (8, 8, 1, 1, 5)


def wavelet_net(
    input: Series = URBAN_SOUND,
    classes: Any = 10,
    channels: Any = 12,
    scales: int | None = None,
    pools: tuple[int, ...] | None = None,
    kernel: Any = TABLE,
    dropout: Any = 0.25,
) -> Architecture:
    """Wavelet network for UrbanSound8K: convolutions over time and scale (Romero et al. 2024, arXiv 2006.05259).

    As in the code (RR+ 1DCNN of dwromero/wavelet_networks, 458,614 parameters): four seconds at 16 kHz are lifted to
    nine scales; each convolution spans three scales and outputs two fewer than its input; 12 channels, doubled by each
    convolution; 63, 31, 15, 7 and 3 taps; pooling by 2 after each convolution instead of strides, and by `pools` after
    its norm; three linear maps. There is no difference in settings.

    On other series there are as many `scales`, up to nine, as fit (no kernel is wider than twice the series), half as
    many convolutions, the last of 3 taps, and `pools` are 1 if the published ones would leave too few points.
    """
    length = input.length
    scales = scales or next(n for n in range(MOST_SCALES, 0, -1) if n == 1 or _fits(length, n, (1,) * _layers(n)))
    layers = _layers(scales)
    if pools is None:
        pools = POOLS if layers == len(POOLS) and _fits(length, scales, POOLS) else (1,) * layers
    fields: dict[str, Any] = {"kernel": kernel, "bias": False}
    body: list[Block] = []
    for layer, (taps, pool) in enumerate(zip(_taps(layers), pools, strict=True)):
        conv = {**fields, "channels": channels * 2**layer, "kernel_size": taps}
        body.append(Conv(**conv, scales=Scales(span=SPAN, crop=True)) if layer else Lift(**conv, group=f"S{scales}"))
        body += [Pool(size=2), Activation(), Norm(eps=2e-5), Pool(size=pool)]
        length = length // 2 // pool
    # A linear map of all steps, as a convolution whose output is one step.
    flat = Conv(channels=channels * 2 ** max(0, layers - 2), kernel_size=length, padding="valid")
    dropped = Dropout(rate=dropout)
    body += [flat, dropped, Pointwise(channels=channels * 2 ** max(0, layers - 3)), dropped]
    return Architecture(input=input, body=body, head=Classifier(classes=classes))


def _layers(scales: int) -> int:
    """Number of convolutions until one scale is left, the lifting included."""
    return scales // (SPAN - 1) + 1


def _taps(layers: int) -> list[int]:
    return [2 ** (layers + 1 - i) - 1 for i in range(layers)]


def _fits(length: int, scales: int, pools: tuple[int, ...]) -> bool:
    """Whether no kernel is wider, at its coarsest scale, than twice the series it reads."""
    for layer, (taps, pool) in enumerate(zip(_taps(len(pools)), pools, strict=True)):
        given = max(1, scales - layer * (SPAN - 1))
        if (taps - 1) * 2 ** (given - 1) + 1 > 2 * length - 1:
            return False
        length = length // 2 // pool
    return length > 0
