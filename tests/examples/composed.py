"""Blocks in sequence, in branches, in graphs; heads; attention over positions."""

from __future__ import annotations

from archspec import (
    Activation,
    Architecture,
    Attention,
    Branch,
    Canonicalise,
    Dense,
    Disc,
    Dropout,
    Graph,
    GraphNode,
    Image,
    Lift,
    Norm,
    Pointwise,
    Pool,
    Regressor,
    Repeat,
    Residual,
    Restrict,
    SelfAttention,
    SelfAttentionLift,
    Sequential,
    SpectralPool,
    Table,
)
from tests.examples.building import CUBE, EIGHTH, LINE, PLAIN, SIREN, SQUARE, WIDE, attending, conv, network, on

COMPOSED: dict[str, Architecture] = {
    "nothing": network(LINE),
    "D8 to D4 to C1": network(
        Image(channels=2, size=(17, 17)),
        Lift(group="D8", channels=1, kernel_size=7, kernel=SIREN, window=Disc()),
        Norm(),
        Restrict(group="D4"),
        conv(channels=2),
        Norm(),
        Restrict(group="C1"),
        conv(),
    ),
    "attention": network(WIDE, conv(channels=4), Attention(), Norm(), Attention(ratio=8, kernel_size=3)),
    "norms": network(
        LINE,
        Pointwise(channels=4),
        Norm(),
        Norm(type="layer"),
        Norm(type="group", groups=2, eps=1e-3),
        Norm(statistics="per_element"),
    ),
    "norm after conv": network(WIDE, conv(bias=False), Norm(), Activation(), conv(), Norm()),
    "activations": network(
        LINE, *(Activation(function=f) for f in ("relu", "gelu", "silu", "tanh", "leaky_relu", "elu"))
    ),
    "dropouts": network(WIDE, Dropout(), Dropout(rate=0.5, channels=True), Dropout(rate=0.0)),
    "pools": network(WIDE, Pool(), Pool(size=(3, 1), stride=1), Pool(size=(1, 2), stride=2, reduce="average")),
    "spectral pools": network(WIDE, SpectralPool(points=(4, 5)), SpectralPool(points=(4, 3), cut=0.7)),
    "spectral pools on D4": on("D4", conv(), SpectralPool(points=6), conv(), SpectralPool(points=5, cut=0.8)),
    "factorised otherwise": network(
        LINE,
        conv(factorisation="group_separable", kernel=SIREN, kernel_size=5),
        conv(factorisation="group_depthwise", stride=2),
        conv(factorisation="kernel_separable"),
    ),
    "pool of one point": network(WIDE, Pool(size=1), conv()),
    "sequential": network(LINE, Sequential(body=[conv(), Sequential(), Activation()])),
    "residual projection": network(WIDE, Residual(body=[conv(stride=2, channels=5), Norm(), Activation()])),
    "residual odd": network(SQUARE, Residual(body=[conv(stride=2, channels=5)]), Residual(body=[Norm()])),
    "repeat": network(LINE, Repeat(times=3, body=[conv(), Norm(), Activation()]), Repeat(times=0, body=[conv()])),
    "branch add": network(LINE, Branch(branches=[[conv()], [conv(kernel_size=5)], [conv()]])),
    "branch of one": network(LINE, Branch(branches=[[conv()]])),
    "graph": network(
        WIDE,
        Graph(
            output="out",
            nodes={
                "out": GraphNode(block=Pointwise(channels=2), inputs=("gate", "b", "input"), merge="concat"),
                "b": GraphNode(block=conv(), inputs=("a", "input"), merge="add"),
                "a": GraphNode(block=Residual(body=[conv(channels=2)]), inputs=("input",)),
                "gate": GraphNode(block=Activation(function="tanh"), inputs=("b", "a2"), merge="multiply"),
                "a2": GraphNode(block=Pointwise(channels=3), inputs=("a",)),
                "unused": GraphNode(block=conv(), inputs=("a", "input")),
            },
        ),
    ),
    "graph reading twice": network(
        LINE,
        Graph(
            output="b",
            nodes={
                "a": GraphNode(block=Activation(), inputs=("input", "input")),
                "b": GraphNode(block=conv(), inputs=("a", "a"), merge="concat"),
            },
        ),
    ),
    "canonical by C8, which can jump": network(EIGHTH, Canonicalise(group="C8", body=PLAIN)),
    "equal work": network(LINE, Branch(branches=[[Activation(), conv()], [Activation(), conv()]])),
    "attention over positions": network(
        WIDE, SelfAttention(channels=6), Norm(), SelfAttention(channels=4, heads=1, window=3)
    ),
    "attention by two units of positions": network(
        WIDE, SelfAttention(channels=4, position_hidden=2), SelfAttention(channels=2, window=3, position_hidden=2)
    ),
    "attention of a series": network(LINE, SelfAttention(channels=4, heads=4, window=9), head=Dense(outputs=1)),
    "attention onto C1": network(CUBE, SelfAttentionLift(group="C1", channels=2, hidden=6, window=3)),
    "attention as published": attending("C4", SelfAttention(channels=3, window=3, relative="published")),
    "regressor": network(CUBE, conv(kernel=Table()), head=Regressor(outputs=2, pool="max")),
    "dense": network(LINE, conv(), head=Dense(outputs=4)),
}
