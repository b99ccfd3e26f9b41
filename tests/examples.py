"""The table of examples that every law runs over, and random architectures drawn from the ready-made spaces."""

from __future__ import annotations

import random
from collections.abc import Iterator

import torch

import spaces
from archspec import (
    S4D,
    Activation,
    Architecture,
    Attention,
    Branch,
    Canonicalise,
    Classifier,
    Conv,
    Dense,
    Disc,
    Dropout,
    Exponential,
    Fourier,
    FrameAverage,
    Gaussian,
    Graph,
    GraphNode,
    GroupPool,
    Hyena,
    Image,
    Lift,
    Magnet,
    Mlp,
    Network,
    Norm,
    Partial,
    Pointwise,
    Pool,
    Regressor,
    Repeat,
    Residual,
    Restrict,
    Scales,
    SelfAttention,
    SelfAttentionLift,
    Sequential,
    Series,
    SignalError,
    Siren,
    Spline,
    Table,
    TestTimeAverage,
    Volume,
    lower,
    price,
    published,
)
from archspec.graph.block import Block
from archspec.inputs import Input

SQUARE = Image(channels=2, size=(9, 9))
WIDE = Image(channels=2, size=(8, 10))
LINE = Series(channels=2, length=17)
CUBE = Volume(channels=1, size=(5, 5, 5))
SIREN = Siren(hidden=8)
MAGNET = Magnet(hidden=6, layers=2)
SEPARABLE = "depthwise_separable"


def network(input: Input, *body: Block, head: Block | None = None) -> Architecture:
    """An architecture that ends in a classifier unless told otherwise."""
    return Architecture(input=input, body=body, head=head or Classifier(classes=3))


def on(group: str, *body: Block, input: Input = SQUARE, **lift: object) -> Architecture:
    """A network lifted to a group, with the blocks on it, and the group pooled."""
    return network(input, Lift(**{"group": group, "channels": 2, "kernel_size": 3, **lift}), *body, GroupPool())


def _conv(**fields: object) -> Conv:
    return Conv(**{"channels": 3, "kernel_size": 3, **fields})


def attending(group: str, *body: Block, input: Input = SQUARE, **lift: object) -> Architecture:
    """A network lifted to a group by self-attention, with the blocks on it, and the group pooled."""
    fields = {"group": group, "channels": 2, "hidden": 3, "heads": 1, "window": 3, **lift}
    return network(input, SelfAttentionLift(**fields), *body, GroupPool())


CONVOLUTIONS: dict[str, Architecture] = {
    "table": network(SQUARE, _conv()),
    "siren": network(SQUARE, _conv(kernel=SIREN, kernel_size=5)),
    "siren raw omega": network(LINE, _conv(kernel=Siren(hidden=4, layers=4, omega_0=20.0), kernel_size=9)),
    "disc": network(SQUARE, _conv(window=Disc(), kernel_size=5)),
    "separable table": network(SQUARE, _conv(factorisation=SEPARABLE)),
    "separable siren disc": network(SQUARE, _conv(factorisation=SEPARABLE, kernel=SIREN, window=Disc(softness=1.0))),
    "two taps": network(
        LINE,
        _conv(kernel=SIREN, kernel_size=2, causal=True, window=Gaussian()),
        _conv(kernel=Spline(), kernel_size=2, padding="valid"),
    ),
    "causal": network(LINE, _conv(causal=True, kernel_size=4), head=Classifier(classes=2, pool="last")),
    "causal siren strided": network(LINE, _conv(causal=True, kernel=SIREN, kernel_size=17, stride=3)),
    "stride": network(WIDE, _conv(stride=2)),
    "valid": network(WIDE, _conv(padding="valid", kernel_size=4)),
    "valid stride": network(WIDE, _conv(padding="valid", kernel_size=3, stride=3)),
    "no bias": network(WIDE, _conv(bias=False)),
    "bias per element of C1": network(WIDE, _conv(bias="per_element")),
    "oblong kernel": network(WIDE, _conv(kernel_size=(1, 5))),
    "long kernel": network(LINE, _conv(kernel_size=17, kernel=SIREN)),
    "wide separable 2-D": network(
        Image(size=(13, 13)), Pointwise(channels=3), _conv(factorisation=SEPARABLE, kernel_size=9)
    ),
    "volume": network(CUBE, _conv(kernel=SIREN)),
    "volume separable": network(CUBE, _conv(factorisation=SEPARABLE, stride=2)),
    "one tap": network(LINE, _conv(kernel_size=1)),
    "one tap siren": network(LINE, _conv(kernel_size=1, kernel=SIREN)),
}

CONTINUOUS: dict[str, Architecture] = {
    "siren of lengths and directions": network(
        LINE, _conv(kernel=Siren(hidden=4, weight_norm=True, learn_omega=True), kernel_size=9)
    ),
    "siren of a first omega": network(
        SQUARE,
        _conv(kernel=Siren(hidden=4, omega_0=4.0, first_omega_0=9.0, learn_omega=True), kernel_size=5),
        _conv(kernel=Siren(hidden=4, layers=2, first_omega_0=9.0, learn_omega=True, weight_norm=True)),
    ),
    "magnet": network(SQUARE, _conv(kernel=MAGNET, kernel_size=7)),
    "magnet as published": network(LINE, _conv(kernel=Magnet(hidden=4, layers=2, omega_0=2.0), kernel_size=9)),
    "magnet steerable": network(SQUARE, _conv(kernel=Magnet(hidden=4, layers=1, steerable=True), kernel_size=5)),
    "magnet masked": network(SQUARE, _conv(kernel=MAGNET, kernel_size=5, band_limit="mask")),
    "fourier": network(SQUARE, _conv(kernel=Fourier(features=6), kernel_size=(5, 3))),
    "fourier masked": network(LINE, _conv(kernel=Fourier(features=6, bandwidth=2), kernel_size=9, band_limit="mask")),
    "spline": network(SQUARE, _conv(kernel=Spline(), kernel_size=5)),
    "spline of few knots": network(LINE, _conv(kernel=Spline(knots=5, degree=2), kernel_size=17)),
    "mlp": network(SQUARE, _conv(kernel=Mlp(hidden=8), kernel_size=5, factorisation=SEPARABLE)),
    "s4d": network(LINE, _conv(kernel=S4D(states=4), kernel_size=17, factorisation=SEPARABLE)),
    "s4d causal": network(LINE, _conv(kernel=S4D(states=4), kernel_size=17, causal=True)),
    "hyena": network(LINE, _conv(kernel=Hyena(hidden=8, bands=3), kernel_size=16, causal=True)),
    "hyena image": network(SQUARE, _conv(kernel=Hyena(hidden=8, bands=2), kernel_size=9, factorisation=SEPARABLE)),
    "wider than the grid": network(SQUARE, _conv(kernel=MAGNET, kernel_size=17)),
    "gaussian": network(SQUARE, _conv(kernel=MAGNET, kernel_size=9, window=Gaussian(sigma=0.2))),
    "gaussian per axis": network(WIDE, _conv(kernel=SIREN, kernel_size=(7, 9), window=Gaussian(sigma=(0.1, 0.3)))),
    "gaussian causal": network(
        LINE, _conv(kernel=MAGNET, kernel_size=17, causal=True, window=Gaussian(sigma=0.3, mean="learned"))
    ),
    "gaussian per channel": network(
        SQUARE, _conv(kernel=MAGNET, kernel_size=9, window=Gaussian(sigma=0.3, per="channel"), factorisation=SEPARABLE)
    ),
    "gaussian per channel, full": network(LINE, _conv(kernel_size=9, window=Gaussian(sigma=0.4, per="channel"))),
    "gaussian fixed": network(LINE, _conv(kernel=SIREN, kernel_size=9, window=Gaussian(learned=False, sigma=0.4))),
    "gaussian uncropped": network(LINE, _conv(kernel=SIREN, kernel_size=9, window=Gaussian(crop=False, sigma=0.2))),
    "fft": network(LINE, _conv(kernel=SIREN, kernel_size=9, algorithm="fft")),
    "fft separable": network(
        LINE, _conv(kernel=MAGNET, kernel_size=16, causal=True, factorisation=SEPARABLE, algorithm="fft")
    ),
    "fft of shared functions": network(
        LINE, Pointwise(channels=6), _conv(kernel=Siren(hidden=4), kernel_size=9, channels=6, algorithm="fft")
    ),
    "fft under a window": network(
        WIDE,
        Pointwise(channels=5),
        _conv(kernel=Fourier(features=2), kernel_size=7, channels=5, window=Gaussian(sigma=0.3), algorithm="fft"),
    ),
    "fft of an image": network(SQUARE, _conv(kernel_size=(5, 3), algorithm="fft", padding="valid")),
    "fft of a volume": network(CUBE, _conv(kernel=SIREN, kernel_size=5, algorithm="fft")),
    "fft separable image": network(WIDE, _conv(kernel=SIREN, kernel_size=5, factorisation=SEPARABLE, algorithm="fft")),
    "fft beyond the grid": network(SQUARE, _conv(kernel=MAGNET, kernel_size=17, algorithm="fft")),
    "exponential": network(LINE, _conv(kernel=SIREN, kernel_size=17, causal=True, window=Exponential(decay=0.2))),
    "exponential image": network(SQUARE, _conv(kernel=SIREN, kernel_size=9, window=Exponential(per="channel"))),
}
_NATIVE = network(
    Image(channels=2, size=(8, 8)),
    _conv(kernel=MAGNET, kernel_size=5, window=Gaussian(sigma=0.6)),
    Norm(),
    Pool(),
    Residual(body=[_conv(kernel=Spline(), factorisation=SEPARABLE, stride=2, channels=4)]),
)
RESAMPLED: dict[str, Architecture] = {
    "finer by three halves": _NATIVE.at_resolution(12, 12),
    "finer twice along one axis": _NATIVE.at_resolution(8, 16),
    "coarser": network(LINE, _conv(kernel=SIREN, kernel_size=9)).at_resolution(9),
    "finer causal": network(LINE, _conv(kernel=S4D(states=2), kernel_size=8, causal=True)).at_resolution(40),
    "finer, of one tap and of two, stretched": network(
        LINE, *(_conv(kernel=SIREN, kernel_size=k, causal=True, resampling="stretched") for k in (1, 2))
    ).at_resolution(34),
    "finer on D4, attentive, factorised and in part": on(
        "D4",
        Attention(kernel=SIREN, kernel_size=3),
        _conv(kernel=SIREN, kernel_size=5, factorisation="group_separable"),
        Norm(),
        Partial(),
        _conv(kernel=Spline(), kernel_size=5, factorisation="kernel_separable"),
        _conv(kernel=MAGNET, factorisation="group_depthwise"),
        kernel=SIREN,
        input=Image(channels=2, size=(6, 6)),
    ).at_resolution(9, 9),
    "finer on D4": on(
        "D4", _conv(kernel=MAGNET, kernel_size=5), kernel=SIREN, input=Image(channels=2, size=(6, 6))
    ).at_resolution(9, 9),
    "finer attention": attending(
        "C4", SelfAttention(channels=2, window=3), SelfAttention(channels=2), input=Image(channels=2, size=(4, 4))
    ).at_resolution(6, 6),
}

SYMMETRIC: dict[str, Architecture] = {
    "C1 by lifting": on("C1", _conv()),
    "C2 on an oblong": on("C2", _conv(), input=WIDE),
    "C4 table": on("C4", _conv()),
    "C4 siren": on("C4", _conv(kernel=SIREN, kernel_size=5), kernel=SIREN),
    "C4 separable": on("C4", _conv(factorisation=SEPARABLE), factorisation=SEPARABLE),
    "C4 separable siren": on("C4", _conv(factorisation=SEPARABLE, kernel=SIREN, bias=False)),
    "C4 disc": on("C4", _conv(window=Disc(), kernel_size=5)),
    "C4 strided": on("C4", _conv(stride=2), Norm(), _conv(padding="valid", stride=2)),
    "D1 on an oblong": on("D1", _conv(kernel=SIREN), input=WIDE),
    "D1 in time": on("D1", _conv(kernel_size=7), Norm(), Activation(), _conv(kernel=SIREN), input=LINE),
    "D4 table": on("D4", _conv(), Norm(), Activation(), _conv()),
    "D4 siren": on("D4", _conv(kernel=SIREN), Norm(type="layer"), kernel=SIREN),
    "D4 valid": on("D4", _conv(padding="valid", kernel_size=4), padding="valid", kernel_size=2),
    "D4 pooled": on("D4", Pool(size=3, stride=2), Norm(type="group", groups=2), Pool(size=5, reduce="average")),
    "D4 tiles": on(
        "D4", Pool(size=2), Activation(), Pool(size=3, reduce="average"), input=Image(channels=2, size=(12, 12))
    ),
    "D4 mean": network(SQUARE, Lift(group="D4", channels=2), Pointwise(channels=3), GroupPool(reduce="mean")),
    "D4 residual": on(
        "D4",
        Residual(body=[Norm(), _conv(stride=2), Dropout(rate=0.3)]),
        Repeat(times=2, body=[Residual(body=[_conv(), Norm(), Activation(function="silu")])]),
    ),
    "D4 concat": on("D4", Branch(branches=[[_conv()], [Pointwise(channels=1)], []], merge="concat"), Norm()),
    "D4 gated": on(
        "D4", Branch(branches=[[_conv()], [Pointwise(channels=3), Activation(function="tanh")]], merge="multiply")
    ),
    "D4 to C4 to C1": network(
        SQUARE,
        Lift(group="D4", channels=2),
        Norm(),
        Restrict(group="C4"),
        _conv(),
        Norm(),
        Restrict(group="C1"),
        _conv(),
    ),
    "D4 to D2": on("D4", _conv(), Restrict(group="D2"), _conv(), Norm()),
    "D4 dense": network(
        SQUARE, Lift(group="D4", channels=2), _conv(), GroupPool(), Norm(), Activation(), head=Dense(outputs=2)
    ),
    "D4 given up": network(SQUARE, Lift(group="D4", channels=2), GroupPool(), Restrict(group="C1"), _conv()),
    "T": on("T", _conv(), Norm(), input=CUBE),
    "O": on("O", _conv(factorisation=SEPARABLE), Activation(), input=CUBE),
    "O siren": on("O", Pool(size=3, stride=2), Norm(type="layer"), input=CUBE, kernel=SIREN),
    "Oh": on("Oh", Norm(), Pointwise(channels=2), input=CUBE, channels=1),
    "D4 attentive": network(
        SQUARE,
        Attention(kernel_size=5, group="D4"),
        Lift(group="D4", channels=3),
        Attention(ratio=3, kernel_size=3),
        _conv(channels=2),
        Attention(kernel_size=5, kernel=SIREN, window=Disc()),
        GroupPool(),
    ),
    "D1 attentive in time": on("D1", Attention(kernel_size=5), _conv(), input=LINE),
    "O attentive": on("O", Attention(kernel_size=3, kernel=SIREN), input=CUBE),
    "C4 by irreducible parts": on(
        "C4", Pointwise(channels=3, basis="irreducible"), Norm(), Pointwise(channels=2, basis="irreducible", bias=False)
    ),
    "C2 by irreducible parts": on("C2", Pointwise(channels=3, basis="irreducible"), input=WIDE),
    "D1 by irreducible parts": on("D1", Pointwise(channels=3, basis="irreducible"), _conv(), input=LINE),
    "C4 about an axis, by irreducible parts": on("C4", Pointwise(channels=2, basis="irreducible"), input=CUBE),
    "D4 with shared maps": on(
        "D4", Pointwise(channels=3, elements="shared"), Norm(), Pointwise(channels=2, elements="shared", bias=False)
    ),
    "O with shared maps": on("O", Pointwise(channels=2, elements="shared"), input=CUBE),
    "D4 product of kernels": on("D4", _conv(factorisation="kernel_separable"), Norm()),
    "C4 siren of a first omega": on(
        "C4",
        _conv(kernel=Siren(hidden=4, first_omega_0=9.0, omega_group=9.0, angle="interval"), kernel_size=5),
        _conv(kernel=Siren(hidden=4, first_omega_0=5.0), factorisation="group_separable"),
        kernel=Siren(hidden=4, first_omega_0=9.0),
    ),
    "C4 product of sirens": on(
        "C4", _conv(kernel=SIREN, kernel_size=5, factorisation="kernel_separable", window=Disc()), kernel=SIREN
    ),
    "D4 group first": on(
        "D4", _conv(factorisation="group_separable"), Norm(), factorisation="group_separable", bias=False
    ),
    "C4 group first, continuous": on(
        "C4",
        _conv(kernel=SIREN, factorisation="group_separable", kernel_size=5),
        _conv(kernel=Siren(hidden=4, angle="interval"), stride=2, factorisation="group_separable"),
        kernel=SIREN,
        factorisation="group_separable",
    ),
    "D4 group first, other kernels": on(
        "D4",
        _conv(kernel=MAGNET, factorisation="group_separable"),
        _conv(kernel=Fourier(features=3), factorisation="group_separable"),
        _conv(kernel=Spline(), factorisation="group_separable", kernel_size=5),
        _conv(kernel=Mlp(hidden=3), factorisation="group_separable"),
        _conv(kernel=Hyena(hidden=3, bands=2), factorisation="group_separable"),
    ),
    "D4 depthwise over the group": on(
        "D4", _conv(factorisation="group_depthwise"), Activation(), factorisation="group_depthwise"
    ),
    "C4 depthwise over the group": on(
        "C4", _conv(kernel=SIREN, kernel_size=5, window=Disc(), factorisation="group_depthwise", stride=2)
    ),
    "O depthwise over the group": on("O", _conv(factorisation="group_depthwise"), input=CUBE),
    "O group first": on("O", _conv(kernel=SIREN, factorisation="group_separable"), input=CUBE),
    "D4 group first by fft": on(
        "D4",
        _conv(kernel=SIREN, kernel_size=5, factorisation="group_separable", algorithm="fft"),
        _conv(kernel=SIREN, kernel_size=5, factorisation="kernel_separable", algorithm="fft"),
        factorisation="group_separable",
        algorithm="fft",
    ),
    "D4 flexible": on(
        "D4",
        _conv(kernel=MAGNET, kernel_size=7, window=Gaussian(sigma=(0.2, 0.5)), factorisation=SEPARABLE),
        kernel=Magnet(hidden=4, layers=1),
        window=Gaussian(sigma=0.6),
    ),
    "D4 under a window that crops nothing": on(
        "D4", _conv(kernel=MAGNET, kernel_size=7, window=Gaussian(sigma=(0.2, 0.5), crop=False))
    ),
    "D4 by fft": on(
        "D4",
        _conv(kernel=SIREN, kernel_size=5, algorithm="fft"),
        _conv(kernel_size=5, factorisation=SEPARABLE, algorithm="fft"),
        factorisation=SEPARABLE,
        algorithm="fft",
    ),
    "D4 spline": on("D4", _conv(kernel=Spline(), kernel_size=5), kernel=Fourier(features=4)),
    "C4 spline around the circle": on(
        "C4",
        _conv(kernel=Spline(around=5), kernel_size=5),
        _conv(kernel=Spline(around=4, degree=1, knots=3), kernel_size=5, factorisation="kernel_separable"),
        _conv(kernel=Spline(around=3), factorisation="group_separable"),
        kernel=Spline(around=4),
    ),
    "C4 hyena": on("C4", _conv(kernel=Hyena(hidden=4, bands=2), kernel_size=5), kernel=Mlp(hidden=4)),
    "C4 about an axis of a volume": on("C4", _conv(), Norm(), input=CUBE),
    "C4 attention": attending("C4", Norm(), SelfAttention(channels=3, window=5), Norm(type="layer"), window=5, heads=1),
    "C4 attention everywhere": attending(
        "C4", SelfAttention(channels=4), Activation(), input=Image(channels=2, size=(5, 5)), window=None
    ),
    "C4 attention in a volume": attending("C4", SelfAttention(channels=2, heads=1, window=1), input=CUBE),
    "D4 attention in a disc": attending("D4", SelfAttention(channels=2, window=5, shape="disc"), shape="disc"),
    "D4 attention": attending("D4", Residual(body=[Norm(), SelfAttention(channels=2, window=3)]), heads=3, hidden=6),
    "D4 attention among convolutions": on("D4", SelfAttention(channels=2, heads=1, window=3), _conv()),
    "C2 attention on an oblong": attending("C2", SelfAttention(channels=2), input=WIDE),
    "D1 attention in time": attending("D1", SelfAttention(channels=3, position_hidden=4), input=LINE, window=7),
    "O attention": attending(
        "O", SelfAttention(channels=2, heads=1, window=3), input=Volume(channels=2, size=(3, 3, 3)), window=None
    ),
}

PLAIN = (_conv(), Norm(), Activation(function="silu"))
SYMMETRIC |= {
    "C4 frames": network(SQUARE, FrameAverage(group="C4", body=[*PLAIN, Pool(), _conv(kernel=SIREN)])),
    "D4 frames, the maximum, of each point": network(
        SQUARE, FrameAverage(group="D4", body=[_conv(stride=2), Norm()], reduce="max"), Norm(), head=Dense(outputs=2)
    ),
    "D4 frames around smaller symmetries": network(
        Image(channels=2, size=(8, 8)),
        FrameAverage(
            group="D4",
            body=[
                Branch(branches=[[_conv(kernel_size=5)], [_conv()], []], merge="concat"),
                FrameAverage(group="C2", body=[_conv(algorithm="fft")]),
                Norm(type="layer"),
                Restrict(group="C1"),
                Lift(group="C4", channels=2),
                Partial(),
                _conv(),
                GroupPool(reduce="mean"),
            ],
        ),
    ),
    "D1 frames in time": network(
        LINE, FrameAverage(group="D1", body=[_conv(causal=True, kernel_size=4), _conv(kernel_size=9, algorithm="fft")])
    ),
    "C2 frames of an oblong": network(WIDE, FrameAverage(group="C2", body=[_conv(kernel_size=(1, 5)), Pool()])),
    "O frames": network(CUBE, FrameAverage(group="O", body=[_conv(stride=2, channels=2), Norm()])),
    "C1 frames": network(SQUARE, FrameAverage(group="C1", body=PLAIN)),
    "D4 frames in the test": network(SQUARE, TestTimeAverage(group="D4", body=[*PLAIN, Dropout(), Pool()])),
    "C4 frames under windows": network(
        SQUARE,
        FrameAverage(group="C4", body=[_conv(kernel=MAGNET, kernel_size=9, window=Gaussian(sigma=0.2)), Norm()]),
    ),
    "C4 frames in residuals": network(
        SQUARE,
        Residual(body=[FrameAverage(group="C4", body=PLAIN)]),
        Residual(body=[Norm(), TestTimeAverage(group="C4", body=[_conv(kernel=SIREN), Activation()])]),
        Norm(),
        Residual(body=[FrameAverage(group="D4", body=[_conv(channels=3)])]),
        head=Dense(outputs=2),
    ),
    "D4 frames beside what they read, smaller": network(
        SQUARE,
        Pointwise(channels=3),
        Residual(body=[FrameAverage(group="D4", body=[_conv(stride=2, channels=4)]), Activation()]),
        Branch(branches=[[], [Canonicalise(group="D4", body=[_conv()], kernel_size=3)]], merge="concat"),
        Pool(size=3, stride=2),
        Norm(),
    ),
    "D1 frames times what they read": network(
        LINE,
        Branch(
            branches=[[Norm(), Activation()], [FrameAverage(group="D1", body=[_conv(causal=True, channels=2)])]],
            merge="multiply",
        ),
        _conv(kernel_size=1, kernel=SIREN, stride=2),
        Norm(),
    ),
    "C4 lifted and pooled in a residual": network(
        SQUARE, Residual(body=[Lift(group="C4", channels=2), Norm(), GroupPool()]), Attention(group="C4"), Norm()
    ),
    "C4 canonical": network(SQUARE, Canonicalise(group="C4", body=[*PLAIN, Pool(), _conv()], kernel_size=3)),
    "D4 canonical": network(
        SQUARE, _conv(kernel_size=1), Canonicalise(group="D4", body=PLAIN, channels=2), Norm(), head=Dense(outputs=2)
    ),
    "D1 canonical in time": network(LINE, Canonicalise(group="D1", body=[_conv(causal=True, stride=2)])),
    "O canonical": network(CUBE, Canonicalise(group="O", body=[_conv(channels=2)], channels=1, kernel_size=3)),
}

SCALES: dict[str, Architecture] = {
    "S3": on("S3", _conv(), Norm(), Activation(), _conv(kernel_size=5, bias=False), input=LINE),
    "S4 cropped": on(
        "S4", _conv(scales=Scales(crop=True)), Norm(type="layer"), _conv(scales=Scales(span=2, crop=True)), input=LINE
    ),
    "S4 cropped to one": network(
        LINE, Lift(group="S4", channels=2), _conv(scales=Scales(span=4, crop=True)), _conv(), Norm()
    ),
    "S3 siren": on(
        "S3", _conv(kernel=SIREN), Pool(size=2), _conv(kernel=Spline(), scales=Scales(span=1)), input=LINE, kernel=SIREN
    ),
    "S2 not smoothed": on(
        "S2",
        Residual(body=[_conv(scales=Scales(smooth=False)), Norm(type="group", groups=3), Dropout()]),
        Pointwise(channels=2),
        input=LINE,
        scales=Scales(smooth=False),
    ),
    "S2 of images": on("S2", _conv(), Norm(), Activation(), Pool(), _conv(bias=False)),
    "C4xS2": on("C4xS2", _conv(), Norm(), Activation(), _conv(kernel_size=5, bias=False)),
    "D4xS3 cropped": on(
        "D4xS3", _conv(scales=Scales(span=2, crop=True)), Norm(type="layer"), _conv(scales=Scales(span=2, crop=True))
    ),
    "C4xS2 of tables, group first": on("C4xS2", _conv(factorisation="group_separable"), Norm()),
    "C4xS3 group first": on(
        "C4xS3",
        _conv(kernel=SIREN, factorisation="group_separable", scales=Scales(span=2, crop=True)),
        kernel=SIREN,
        factorisation="group_separable",
    ),
    "C4xS2 each channel, then mixed": on(
        "C4xS2", _conv(kernel=MAGNET, factorisation=SEPARABLE), kernel=MAGNET, factorisation=SEPARABLE
    ),
    "S2 each channel, each scale": on(
        "S2",
        _conv(factorisation=SEPARABLE, scales=Scales(span=1, smooth=False)),
        _conv(factorisation="group_separable", scales=Scales(span=1)),
        input=LINE,
        factorisation=SEPARABLE,
    ),
    "S2 cropped to one, group first": on(
        "S2", _conv(factorisation="group_separable", scales=Scales(span=2, crop=True)), input=LINE
    ),
    "C2xS2 at once": on(
        "C2xS2", _conv(kernel=Spline(), factorisation="group_depthwise"), Pointwise(channels=2), input=WIDE
    ),
    "D1xS2 in time": on("D1xS2", _conv(kernel=SIREN), Norm(), Pool(size=2, stride=2), input=Series(length=16)),
    "C4xS2 to C2xS2": on("C4xS2", _conv(), Restrict(group="C2xS2"), _conv(), Restrict(group="C2"), _conv()),
    "C8xS2": on(
        "C8xS2",
        _conv(kernel=SIREN, kernel_size=5, window=Disc()),
        Norm(),
        _conv(kernel_size=5, window=Disc(), factorisation="group_separable"),
        kernel=SIREN,
        kernel_size=5,
        window=Disc(),
    ),
    "S3 given up": network(LINE, Lift(group="S3", channels=2), Restrict(group="C1"), _conv(causal=True)),
}

APPROXIMATE: dict[str, Architecture] = {
    "C8 group first": on(
        "C8",
        _conv(kernel=SIREN, kernel_size=7, window=Disc(), factorisation="group_separable"),
        _conv(kernel=SIREN, kernel_size=7, window=Disc(), factorisation="kernel_separable"),
        _conv(kernel=SIREN, kernel_size=7, window=Disc(), factorisation="group_depthwise"),
        input=Image(channels=2, size=(17, 17)),
        kernel=SIREN,
        kernel_size=7,
        window=Disc(),
    ),
    "C8 table": on(
        "C8", _conv(kernel_size=5, window=Disc()), input=Image(channels=2, size=(17, 17)), kernel_size=7, window=Disc()
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
        _conv(kernel=Spline(), kernel_size=7, window=Disc()),
        input=Image(channels=2, size=(17, 17)),
        kernel=MAGNET,
        kernel_size=7,
        window=Gaussian(sigma=0.4),
    ),
    "C8 separable": on(
        "C8",
        _conv(kernel_size=5, window=Disc(), factorisation=SEPARABLE),
        input=Image(channels=2, size=(17, 17)),
        kernel_size=5,
        window=Disc(),
    ),
    "C8 spline around the circle": on(
        "C8",
        _conv(kernel=Spline(around=6), kernel_size=7, window=Disc()),
        input=Image(channels=2, size=(17, 17)),
        kernel=SIREN,
        kernel_size=7,
        window=Disc(),
    ),
    "C8 attention": attending(
        "C8", SelfAttention(channels=2, heads=1, window=3), input=Image(channels=2, size=(17, 17)), window=7
    ),
}

APPROXIMATE |= {
    "C8 attention in a square": attending(
        "C8", SelfAttention(channels=2, heads=1, window=3, shape="square"), input=Image(channels=2, size=(9, 9))
    ),
}
EIGHTH = Image(channels=2, size=(17, 17))
APPROXIMATE |= {
    "C8 frames": network(EIGHTH, FrameAverage(group="C8", body=PLAIN)),
    "D8, which holds C8, in the test": network(
        EIGHTH, TestTimeAverage(group="D8", body=[Pool(), *PLAIN], reduce="max")
    ),
}

PARTIAL: dict[str, Architecture] = {
    "C4 in part": on("C4", _conv(), Norm(), Partial(), Activation(), _conv(), Norm(), Pool(size=3, stride=2)),
    "D4 in part, twice": on(
        "D4",
        Norm(),
        Partial(start=0.7),
        Residual(body=[Norm(), Activation(function="gelu"), _conv(channels=2)]),
        Partial(learn="sector"),
        Pointwise(channels=3),
        Dropout(),
        _conv(factorisation="group_separable", kernel=SIREN),
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
        _conv(factorisation="group_depthwise"),
        _conv(factorisation="depthwise_separable", bias=False),
        _conv(factorisation="kernel_separable", kernel=SIREN),
        _conv(factorisation="group_separable", algorithm="fft"),
        factorisation="depthwise_separable",
    ),
    "O in part": on("O", Partial(), _conv(), input=CUBE, factorisation="group_separable"),
    "C4 in part, in D1 frames": network(
        SQUARE,
        FrameAverage(
            group="D1", body=[Lift(group="C4", channels=2), Norm(), Partial(), _conv(), Norm(), GroupPool(), Norm()]
        ),
    ),
    "C1 in part is all": on("C1", Partial(), _conv()),
    "D4 in part, read in full too": on(
        "D4",
        Norm(),
        Branch(branches=[[_conv(), Partial(), GroupPool()], [Norm(), GroupPool(reduce="mean"), Restrict(group="C1")]]),
        Branch(branches=[[Pointwise(channels=2)], []], merge="concat"),
        channels=3,
    ),
}

SECTOR = Partial(learn="sector", sampling="continuous", reach=0.7)
ANYWHERE = {"kernel": SIREN, "kernel_size": 5, "window": Disc()}
PARTIAL |= {
    "C8 in a sector cut anywhere": on(
        "C8",
        Norm(),
        SECTOR,
        Branch(
            branches=[
                [_conv(**ANYWHERE), Norm(), Activation(), _conv(**ANYWHERE)],
                [_conv(kernel_size=1, kernel=SIREN)],
            ]
        ),
        Pool(size=3, stride=2),
        Partial(learn="sector", sampling="continuous", turns=3, reach=0.4),
        _conv(**{**ANYWHERE, "kernel": MAGNET, "bias": False}),
        Norm(),
        Pointwise(channels=2, elements="shared"),
        **ANYWHERE,
    ),
    "C4 at given turns": on(
        "C4",
        Partial(learn="sector", sampling="continuous", learned=False, turns=6, reach=0.5),
        _conv(**{**ANYWHERE, "kernel": Siren(hidden=4, angle="interval"), "stride": 2}),
    ),
    "C2 in a sector, beside elements learned": on(
        "C2",
        Branch(
            branches=[
                [Partial(), _conv(), GroupPool(reduce="mean")],
                [SECTOR, _conv(**{**ANYWHERE, "kernel": Mlp(hidden=4)}), GroupPool(reduce="mean")],
            ]
        ),
    ),
}

COMPOSED: dict[str, Architecture] = {
    "nothing": network(LINE),
    "D8 to D4 to C1": network(
        Image(channels=2, size=(17, 17)),
        Lift(group="D8", channels=1, kernel_size=7, kernel=SIREN, window=Disc()),
        Norm(),
        Restrict(group="D4"),
        _conv(channels=2),
        Norm(),
        Restrict(group="C1"),
        _conv(),
    ),
    "attention": network(WIDE, _conv(channels=4), Attention(), Norm(), Attention(ratio=8, kernel_size=3)),
    "norms": network(
        LINE,
        Pointwise(channels=4),
        Norm(),
        Norm(type="layer"),
        Norm(type="group", groups=2, eps=1e-3),
        Norm(statistics="per_element"),
    ),
    "norm after conv": network(WIDE, _conv(bias=False), Norm(), Activation(), _conv(), Norm()),
    "activations": network(
        LINE, *(Activation(function=f) for f in ("relu", "gelu", "silu", "tanh", "leaky_relu", "elu"))
    ),
    "dropouts": network(WIDE, Dropout(), Dropout(rate=0.5, channels=True), Dropout(rate=0.0)),
    "pools": network(WIDE, Pool(), Pool(size=(3, 1), stride=1), Pool(size=(1, 2), stride=2, reduce="average")),
    "factorised otherwise": network(
        LINE,
        _conv(factorisation="group_separable", kernel=SIREN, kernel_size=5),
        _conv(factorisation="group_depthwise", stride=2),
        _conv(factorisation="kernel_separable"),
    ),
    "pool of one point": network(WIDE, Pool(size=1), _conv()),
    "sequential": network(LINE, Sequential(body=[_conv(), Sequential(), Activation()])),
    "residual projection": network(WIDE, Residual(body=[_conv(stride=2, channels=5), Norm(), Activation()])),
    "residual odd": network(SQUARE, Residual(body=[_conv(stride=2, channels=5)]), Residual(body=[Norm()])),
    "repeat": network(LINE, Repeat(times=3, body=[_conv(), Norm(), Activation()]), Repeat(times=0, body=[_conv()])),
    "branch add": network(LINE, Branch(branches=[[_conv()], [_conv(kernel_size=5)], [_conv()]])),
    "branch of one": network(LINE, Branch(branches=[[_conv()]])),
    "graph": network(
        WIDE,
        Graph(
            output="out",
            nodes={
                "out": GraphNode(block=Pointwise(channels=2), inputs=("gate", "b", "input"), merge="concat"),
                "b": GraphNode(block=_conv(), inputs=("a", "input"), merge="add"),
                "a": GraphNode(block=Residual(body=[_conv(channels=2)]), inputs=("input",)),
                "gate": GraphNode(block=Activation(function="tanh"), inputs=("b", "a2"), merge="multiply"),
                "a2": GraphNode(block=Pointwise(channels=3), inputs=("a",)),
                "unused": GraphNode(block=_conv(), inputs=("a", "input")),
            },
        ),
    ),
    "graph reading twice": network(
        LINE,
        Graph(
            output="b",
            nodes={
                "a": GraphNode(block=Activation(), inputs=("input", "input")),
                "b": GraphNode(block=_conv(), inputs=("a", "a"), merge="concat"),
            },
        ),
    ),
    "canonical by C8, which can jump": network(EIGHTH, Canonicalise(group="C8", body=PLAIN)),
    "equal work": network(LINE, Branch(branches=[[Activation(), _conv()], [Activation(), _conv()]])),
    "attention over positions": network(
        WIDE, SelfAttention(channels=6), Norm(), SelfAttention(channels=4, heads=1, window=3)
    ),
    "attention by two units of positions": network(
        WIDE, SelfAttention(channels=4, position_hidden=2), SelfAttention(channels=2, window=3, position_hidden=2)
    ),
    "attention of a series": network(LINE, SelfAttention(channels=4, heads=4, window=9), head=Dense(outputs=1)),
    "attention onto C1": network(CUBE, SelfAttentionLift(group="C1", channels=2, hidden=6, window=3)),
    "attention as published": attending("C4", SelfAttention(channels=3, window=3, relative="published")),
    "regressor": network(CUBE, _conv(kernel=Table()), head=Regressor(outputs=2, pool="max")),
    "dense": network(LINE, _conv(), head=Dense(outputs=4)),
}

_DIGITS = Image(channels=1, size=(16, 16))
_TINY = Image(channels=2, size=(8, 8))
NAMED: dict[str, Architecture] = {
    "p4cnn": published.p4cnn(_DIGITS, 3, channels=2, blocks=1),
    "p4cnn on odd sizes": published.p4cnn(
        SQUARE, 3, channels=2, blocks=1, padding="same", kernel=SIREN, factorisation="group_separable"
    ),
    "p4mcnn": published.p4mcnn(_DIGITS, 3, channels=2, blocks=1),
    "attentive_gcnn": published.attentive_gcnn(_DIGITS, 3, channels=2, blocks=1),
    "attentive_gcnn on D4": published.attentive_gcnn(
        SQUARE, 3, channels=2, group="D4", blocks=1, padding="same", attention_size=5, ratio=1
    ),
    "gsa_net": published.gsa_net(_TINY, 3, channels=8, blocks=(1, 1), heads=2, window=3),
    "partial_gcnn": published.partial_gcnn(_DIGITS, 3, (2, 2, 4), "C4", kernel_size=3, hidden=4),
    "partial_gcnn on D4": published.partial_gcnn(
        _TINY, 3, (2, 3), "D4", kernel_size=3, hidden=4, pools=(1,), learn="elements"
    ),
    "separable_gcnn": published.separable_gcnn(_TINY, 3, (2, 2, 3), "C4", kernel_size=3, hidden=4),
    "separable_gcnn on D4": published.separable_gcnn(_DIGITS, 3, (2, 3), "D4", hidden=4, factorisation="full"),
    "octahedral_cnn": published.octahedral_cnn(CUBE, 3, stages=2, units=4, first_size=3),
    "octahedral_cnn on T": published.octahedral_cnn(
        Volume(channels=1, size=(6, 6, 6)), 3, group="T", stages=2, units=4, factorisation="group_separable"
    ),
}
NAMED_APPROXIMATE: dict[str, Architecture] = {
    "partial_gcnn on C8": published.partial_gcnn(_DIGITS, 3, (2, 2), kernel_size=5, hidden=4),
    "partial_gcnn anywhere": published.partial_gcnn(_DIGITS, 3, (2, 2), kernel_size=5, hidden=4, sampling="continuous"),
    "separable_gcnn on C8": published.separable_gcnn(_DIGITS, 3, (2, 3), kernel_size=5, hidden=4),
    "p4cnn on C8": published.p4cnn(
        SQUARE, 3, 2, "C8", kernel_size=5, blocks=1, padding="same", kernel=SIREN, window=Disc()
    ),
    "wavelet_net": published.wavelet_net(Series(channels=1, length=32), 3, channels=2),
    "wavelet_net of splines": published.wavelet_net(
        Series(channels=2, length=120), 3, channels=2, scales=5, pools=(2, 1, 1), kernel=Spline()
    ),
}

EXAMPLES = (
    CONVOLUTIONS
    | CONTINUOUS
    | RESAMPLED
    | SYMMETRIC
    | SCALES
    | APPROXIMATE
    | PARTIAL
    | COMPOSED
    | NAMED
    | NAMED_APPROXIMATE
)

MOST_FLOPS = 6_000_000
SPACES = {
    "images 12x12": (spaces.images(2, (12, 12), 3), 60),
    "images 13x13": (spaces.images(1, (13, 13), 3), 60),
    "images 16x20": (spaces.images(1, (16, 20), 3), 50),
    "sequences 48": (spaces.sequences(2, 48, 3), 90),
    "volumes 6x6x6": (spaces.volumes(1, (6, 6, 6), 2), 50),
    "rotated images 16x16": (spaces.rotated_images(1, (16, 16), 3), 30),
}


def drawn(space: spaces.Space, count: int, seed: int) -> Iterator[Architecture]:
    """Different well-typed architectures of a space that are quick to run."""
    rng = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < count:
        architecture = space.sample(rng)
        try:
            small = price(architecture).flops <= MOST_FLOPS
        except SignalError:
            continue
        if small and architecture.hash not in seen:
            seen.add(architecture.hash)
            yield architecture


RANDOM = {
    f"{name} #{i}": architecture
    for seed, (name, (space, count)) in enumerate(SPACES.items())
    for i, architecture in enumerate(drawn(space, count, seed))
}
ALL = EXAMPLES | RANDOM


def seeded(seed: int) -> torch.Generator:
    """A generator of its own, so that no test depends on another."""
    return torch.Generator().manual_seed(seed)


def noise(architecture: Architecture, batch: int = 2, seed: int = 1) -> torch.Tensor:
    """Random examples, float64."""
    shape = (batch, architecture.input.channels, *architecture.input.grid)
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


def built(architecture: Architecture, seed: int = 0) -> Network:
    """A network in float64 whose biases, scales and running statistics are all random: nothing is zero or one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = lower(architecture).double()
        with torch.no_grad():
            for name, value in model.named_parameters():
                if name.endswith("bias"):
                    value.add_(0.3 * torch.randn_like(value))
                elif value.dim() == 1 and not name.endswith("reach"):  # a sector is priced as it begins, whole
                    value.copy_(0.5 + torch.rand_like(value))
            for name, value in model.named_buffers():
                if name.endswith("running_mean"):
                    value.copy_(0.3 * torch.randn_like(value))
                elif name.endswith("running_var"):
                    value.copy_(0.5 + torch.rand_like(value))
    return model


def evaluated(name: str) -> tuple[Architecture, Network, torch.Tensor]:
    """An example, its network in evaluation mode, and examples to run it on."""
    architecture = ALL[name]
    return architecture, built(architecture).eval(), noise(architecture)
