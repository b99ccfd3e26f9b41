"""Elements that count in part: learned one by one, or a sector."""

from __future__ import annotations

from archspec import (
    Activation,
    Architecture,
    Branch,
    Conv,
    Disc,
    Dropout,
    FrameAverage,
    GroupPool,
    Lift,
    Mlp,
    Norm,
    Partial,
    Pointwise,
    Pool,
    Residual,
    Restrict,
    Siren,
)
from tests.examples.building import ANYWHERE, CUBE, MAGNET, SIREN, SQUARE, conv, network, on

SECTOR = Partial(learn="sector", sampling="continuous", reach=0.7)
PARTIAL: dict[str, Architecture] = {
    "C4 in part": on("C4", conv(), Norm(), Partial(), Activation(), conv(), Norm(), Pool(size=3, stride=2)),
    "D4 in part, twice": on(
        "D4",
        Norm(),
        Partial(start=0.7),
        Residual(body=[Norm(), Activation(function="gelu"), conv(channels=2)]),
        Partial(learn="sector"),
        Pointwise(channels=3),
        Dropout(),
        conv(factorisation="group_separable", kernel=SIREN),
    ),
    "C8 in a sector": on(
        "C8",
        Norm(),
        Partial(learn="sector"),
        Conv(channels=2, kernel_size=5, window=Disc(), kernel=SIREN),
        Norm(),
        Activation(),
        kernel_size=5,
        window=Disc(),
        kernel=SIREN,
    ),
    "D4 in part, factorised": on(
        "D4",
        Partial(),
        conv(factorisation="group_depthwise"),
        conv(factorisation="depthwise_separable", bias=False),
        conv(factorisation="kernel_separable", kernel=SIREN),
        conv(factorisation="group_separable", algorithm="fft"),
        factorisation="depthwise_separable",
    ),
    "O in part": on("O", Partial(), conv(), input=CUBE, factorisation="group_separable"),
    "C4 in part, in D1 frames": network(
        SQUARE,
        FrameAverage(
            group="D1", body=[Lift(group="C4", channels=2), Norm(), Partial(), conv(), Norm(), GroupPool(), Norm()]
        ),
    ),
    "C4 in a sector that no convolution reads": on("C4", conv(kernel=SIREN), SECTOR, Norm()),
    "C1 in part is all": on("C1", Partial(), conv()),
    "D4 in part, read in full too": on(
        "D4",
        Norm(),
        Branch(branches=[[conv(), Partial(), GroupPool()], [Norm(), GroupPool(reduce="mean"), Restrict(group="C1")]]),
        Branch(branches=[[Pointwise(channels=2)], []], merge="concat"),
        channels=3,
    ),
    "C8 in a sector cut anywhere": on(
        "C8",
        Norm(),
        SECTOR,
        Branch(
            branches=[
                [conv(**ANYWHERE), Norm(), Activation(), conv(**ANYWHERE)],
                [conv(kernel_size=1, kernel=SIREN)],
            ]
        ),
        Pool(size=3, stride=2),
        Partial(learn="sector", sampling="continuous", turns=3, reach=0.4),
        conv(**{**ANYWHERE, "kernel": MAGNET, "bias": False}),
        Norm(),
        Pointwise(channels=2, elements="shared"),
        **ANYWHERE,
    ),
    "C4 at given turns": on(
        "C4",
        Partial(learn="sector", sampling="continuous", learned=False, turns=6, reach=0.5),
        conv(**{**ANYWHERE, "kernel": Siren(hidden=4, angle="interval"), "stride": 2}),
    ),
    "C2 in a sector, beside elements learned": on(
        "C2",
        Branch(
            branches=[
                [Partial(), conv(), GroupPool(reduce="mean")],
                [SECTOR, conv(**{**ANYWHERE, "kernel": Mlp(hidden=4)}), GroupPool(reduce="mean")],
            ]
        ),
    ),
}
