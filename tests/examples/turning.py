"""Networks on groups of turns and reflections."""

from __future__ import annotations

from archspec import (
    Activation,
    Architecture,
    Attention,
    Branch,
    Dense,
    Disc,
    Dropout,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pointwise,
    Pool,
    Repeat,
    Residual,
    Restrict,
)
from tests.examples.building import CUBE, LINE, SEPARABLE, SIREN, SQUARE, WIDE, conv, network, on

TURNING: dict[str, Architecture] = {
    "C1 by lifting": on("C1", conv()),
    "C2 on an oblong": on("C2", conv(), input=WIDE),
    "C4 table": on("C4", conv()),
    "C4 siren": on("C4", conv(kernel=SIREN, kernel_size=5), kernel=SIREN),
    "C4 separable": on("C4", conv(factorisation=SEPARABLE), factorisation=SEPARABLE),
    "C4 separable siren": on("C4", conv(factorisation=SEPARABLE, kernel=SIREN, bias=False)),
    "C4 disc": on("C4", conv(window=Disc(), kernel_size=5)),
    "C4 strided": on("C4", conv(stride=2), Norm(), conv(padding="valid", stride=2)),
    "D1 on an oblong": on("D1", conv(kernel=SIREN), input=WIDE),
    "D1 in time": on("D1", conv(kernel_size=7), Norm(), Activation(), conv(kernel=SIREN), input=LINE),
    "D4 table": on("D4", conv(), Norm(), Activation(), conv()),
    "D4 siren": on("D4", conv(kernel=SIREN), Norm(type="layer"), kernel=SIREN),
    "D4 valid": on("D4", conv(padding="valid", kernel_size=4), padding="valid", kernel_size=2),
    "D4 pooled": on("D4", Pool(size=3, stride=2), Norm(type="group", groups=2), Pool(size=5, reduce="average")),
    "D4 tiles": on(
        "D4", Pool(size=2), Activation(), Pool(size=3, reduce="average"), input=Image(channels=2, size=(12, 12))
    ),
    "D4 mean": network(SQUARE, Lift(group="D4", channels=2), Pointwise(channels=3), GroupPool(reduce="mean")),
    "D4 residual": on(
        "D4",
        Residual(body=[Norm(), conv(stride=2), Dropout(rate=0.3)]),
        Repeat(times=2, body=[Residual(body=[conv(), Norm(), Activation(function="silu")])]),
    ),
    "D4 concat": on("D4", Branch(branches=[[conv()], [Pointwise(channels=1)], []], merge="concat"), Norm()),
    "D4 gated": on(
        "D4", Branch(branches=[[conv()], [Pointwise(channels=3), Activation(function="tanh")]], merge="multiply")
    ),
    "D4 to C4 to C1": network(
        SQUARE,
        Lift(group="D4", channels=2),
        Norm(),
        Restrict(group="C4"),
        conv(),
        Norm(),
        Restrict(group="C1"),
        conv(),
    ),
    "D4 to D2": on("D4", conv(), Restrict(group="D2"), conv(), Norm()),
    "D4 dense": network(
        SQUARE, Lift(group="D4", channels=2), conv(), GroupPool(), Norm(), Activation(), head=Dense(outputs=2)
    ),
    "D4 given up": network(SQUARE, Lift(group="D4", channels=2), GroupPool(), Restrict(group="C1"), conv()),
    "T": on("T", conv(), Norm(), input=CUBE),
    "O": on("O", conv(factorisation=SEPARABLE), Activation(), input=CUBE),
    "O siren": on("O", Pool(size=3, stride=2), Norm(type="layer"), input=CUBE, kernel=SIREN),
    "Oh": on("Oh", Norm(), Pointwise(channels=2), input=CUBE, channels=1),
    "D4 attentive": network(
        SQUARE,
        Attention(kernel_size=5, group="D4"),
        Lift(group="D4", channels=3),
        Attention(ratio=3, kernel_size=3),
        conv(channels=2),
        Attention(kernel_size=5, kernel=SIREN, window=Disc()),
        GroupPool(),
    ),
    "D1 attentive in time": on("D1", Attention(kernel_size=5), conv(), input=LINE),
    "O attentive": on("O", Attention(kernel_size=3, kernel=SIREN), input=CUBE),
}
