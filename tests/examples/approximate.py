"""Turns that no grid holds: eighths."""

from __future__ import annotations

from archspec import (
    Architecture,
    Conv,
    Disc,
    FrameAverage,
    Gaussian,
    Image,
    Norm,
    Pool,
    SelfAttention,
    Spline,
    TestTimeAverage,
)
from tests.examples.building import EIGHTH, MAGNET, PLAIN, SEPARABLE, SIREN, attending, conv, network, on

APPROXIMATE: dict[str, Architecture] = {
    "C8 group first": on(
        "C8",
        conv(kernel=SIREN, kernel_size=7, window=Disc(), factorisation="group_separable"),
        conv(kernel=SIREN, kernel_size=7, window=Disc(), factorisation="kernel_separable"),
        conv(kernel=SIREN, kernel_size=7, window=Disc(), factorisation="group_depthwise"),
        input=Image(channels=2, size=(17, 17)),
        kernel=SIREN,
        kernel_size=7,
        window=Disc(),
    ),
    "C8 table": on(
        "C8", conv(kernel_size=5, window=Disc()), input=Image(channels=2, size=(17, 17)), kernel_size=7, window=Disc()
    ),
    "C8 siren": on(
        "C8",
        Conv(channels=2, kernel_size=7, window=Disc(), kernel=SIREN),
        Norm(),
        input=Image(channels=2, size=(17, 17)),
        kernel_size=7,
        window=Disc(),
        kernel=SIREN,
    ),
    "C8 spline": on(
        "C8",
        conv(kernel=Spline(), kernel_size=7, window=Disc()),
        input=Image(channels=2, size=(17, 17)),
        kernel=MAGNET,
        kernel_size=7,
        window=Gaussian(sigma=0.4),
    ),
    "C8 separable": on(
        "C8",
        conv(kernel_size=5, window=Disc(), factorisation=SEPARABLE),
        input=Image(channels=2, size=(17, 17)),
        kernel_size=5,
        window=Disc(),
    ),
    "C8 spline around the circle": on(
        "C8",
        conv(kernel=Spline(around=6), kernel_size=7, window=Disc()),
        input=Image(channels=2, size=(17, 17)),
        kernel=SIREN,
        kernel_size=7,
        window=Disc(),
    ),
    "C8 attention": attending(
        "C8", SelfAttention(channels=2, heads=1, window=3), input=Image(channels=2, size=(17, 17)), window=7
    ),
    "C8 attention in a square": attending(
        "C8", SelfAttention(channels=2, heads=1, window=3, shape="square"), input=Image(channels=2, size=(9, 9))
    ),
    "C8 frames": network(EIGHTH, FrameAverage(group="C8", body=PLAIN)),
    "D8, which holds C8, in the test": network(
        EIGHTH, TestTimeAverage(group="D8", body=[Pool(), *PLAIN], reduce="max")
    ),
}
