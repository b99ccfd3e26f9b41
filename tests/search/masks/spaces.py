"""Spaces whose sizes masks can learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Dropout,
    GroupPool,
    Image,
    Lift,
    Magnet,
    Norm,
    Pointwise,
    Pool,
    Repeat,
    Residual,
    Series,
    Siren,
    SpectralPool,
    Table,
)
from archspec.architecture import price
from search.masks.learnable import Learnable, learnable
from search.masks.network import MaskedNetwork
from spaces import Space, choice, integer


def flops(architecture: Architecture) -> float:
    """What has a budget."""
    return float(price(architecture).flops)


def space(
    input: Any,
    group: str = "C1",
    norm: str = "batch",
    pooling: Sequence[Any] = (),
    step: int = 2,
    least: int = 3,
    **conv: Any,
) -> Space:
    """A lifting convolution, and residual blocks whose width, number and kernel size are open."""
    width = integer("width", 4, 12, step=step)
    size = integer("size", least, 11, step=2)
    block = [Conv(channels=width, kernel_size=size, **conv), Norm(type=norm), Activation(), Pointwise(channels=width)]
    body = [
        Lift(group=group, channels=width, kernel_size=3),
        Norm(type=norm),
        Activation(),
        Repeat(times=integer("depth", 1, 4), body=[Residual(body=block)]),
        *pooling,
        GroupPool(),
    ]
    return Space(Architecture(input=input, body=body, head=Classifier(classes=3)))


def sampled(input: Any, group: str = "C1") -> Space:
    """Of two parts, the second on a coarser grid; the number of its points is open."""
    width = integer("width", 4, 12)
    body = [
        Lift(group=group, channels=width, kernel_size=3),
        Norm(),
        Activation(),
        SpectralPool(points=integer("points", 5, 12)),
        Conv(channels=width, kernel_size=integer("size", 3, 5, step=2)),
        Norm(),
        Activation(),
        GroupPool(),
    ]
    return Space(Architecture(input=input, body=body, head=Classifier(classes=3)))


def tiny_space() -> Space:
    """For images of 6 × 6 points: the group is drawn, all else is learned."""
    width = integer("width", 2, 8)
    block = [Conv(channels=width, kernel_size=choice(3, 5, name="size")), Norm()]
    body = [
        Lift(group=choice("C1", "C2", name="group"), channels=width, kernel_size=3),
        Norm(),
        Activation(),
        Repeat(times=integer("depth", 1, 3), body=[Residual(body=block)]),
        GroupPool(),
    ]
    return Space(Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2)))


def published(input: Any, causal: bool = False) -> Space:
    """CCNN's residual blocks: the norm first, a depthwise continuous kernel, a last map that an activation follows."""
    width, size = integer("width", 4, 12), integer("size", 3, 11, step=2)
    block = [
        Norm(),
        Conv(channels=width, kernel_size=size, kernel=Magnet(), factorisation="depthwise_separable", causal=causal),
        Activation(),
        Dropout(rate=0.1),
        Pointwise(channels=width),
        Activation(),
    ]
    stem = Conv(channels=width, kernel_size=3, causal=causal)
    depth = Repeat(times=integer("depth", 1, 4), body=[Residual(body=block)])
    return Space(Architecture(input=input, body=[stem, Norm(), Activation(), depth], head=Classifier(classes=3)))


IMAGE, SERIES = Image(channels=1, size=(12, 12)), Series(channels=2, length=24)
SPACES = {
    "tables": space(IMAGE, kernel=Table()),
    "tables from one tap on": space(IMAGE, least=1, kernel=Table()),
    "tables on C4": space(IMAGE, "C4", kernel=Table(), pooling=[Pool()]),
    "from one tap on C4": space(IMAGE, "C4", kernel=Table(), least=1),
    "SIREN on C4, separable": space(IMAGE, "C4", kernel=Siren(), factorisation="group_separable"),
    "MAGNet on D4": space(IMAGE, "D4", kernel=Magnet(hidden=8)),
    "series on D1": space(SERIES, "D1", kernel=Siren()),
    "layer norm": space(SERIES, norm="layer", kernel=Table(), factorisation="depthwise_separable"),
    "CCNN": published(SERIES),
    "causal CCNN": published(SERIES, causal=True),
    "CCNN of images": published(IMAGE),
    "learned grid": sampled(Series(channels=2, length=24)),
    "learned grid on D4": sampled(IMAGE, "D4"),
}
SIZES = {"width": 9.3, "depth": 2.4, "size": 6.2, "points": 8.4}


def known(name: str) -> Learnable:
    """What masks learn in a space."""
    values = {"width": 8, "size": 5} | ({"points": 8} if "grid" in name else {"depth": 2})
    return learnable(SPACES[name], values, flops)


def masked(name: str, sizes: dict[str, float] | None = None) -> MaskedNetwork:
    """A network with masks in float64, in evaluation mode."""
    found, given = known(name), sizes or SIZES
    model = MaskedNetwork(
        found.fillings, found.shown, [min(given[size.name], 0.9 * size.values[-1]) for size in found.fillings.sizes]
    )
    return model.double().eval()
