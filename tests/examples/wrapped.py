"""A group around a body: averages over frames, averages in the test, canonical orientations."""

from __future__ import annotations

from archspec import (
    Activation,
    Architecture,
    Attention,
    Branch,
    Canonicalise,
    Dense,
    Dropout,
    FrameAverage,
    Gaussian,
    GroupPool,
    Image,
    Lift,
    Norm,
    Partial,
    Pointwise,
    Pool,
    Residual,
    Restrict,
    SpectralPool,
    TestTimeAverage,
)
from tests.examples.building import CUBE, LINE, MAGNET, PLAIN, SIREN, SQUARE, WIDE, conv, network

WRAPPED: dict[str, Architecture] = {
    "C4 frames": network(SQUARE, FrameAverage(group="C4", body=[*PLAIN, Pool(), conv(kernel=SIREN)])),
    "D4 frames, the maximum, of each point": network(
        SQUARE, FrameAverage(group="D4", body=[conv(stride=2), Norm()], reduce="max"), Norm(), head=Dense(outputs=2)
    ),
    "D4 frames around smaller symmetries": network(
        Image(channels=2, size=(8, 8)),
        FrameAverage(
            group="D4",
            body=[
                Branch(branches=[[conv(kernel_size=5)], [conv()], []], merge="concat"),
                FrameAverage(group="C2", body=[conv(algorithm="fft")]),
                Norm(type="layer"),
                Restrict(group="C1"),
                Lift(group="C4", channels=2),
                Partial(),
                conv(),
                GroupPool(reduce="mean"),
            ],
        ),
    ),
    "D1 frames in time": network(
        LINE, FrameAverage(group="D1", body=[conv(causal=True, kernel_size=4), conv(kernel_size=9, algorithm="fft")])
    ),
    "C2 frames of an oblong": network(WIDE, FrameAverage(group="C2", body=[conv(kernel_size=(1, 5)), Pool()])),
    "O frames": network(CUBE, FrameAverage(group="O", body=[conv(stride=2, channels=2), Norm()])),
    "C4 frames of what has no weights": network(
        SQUARE, FrameAverage(group="C4", body=[Activation(), SpectralPool(points=5)])
    ),
    "C1 frames": network(SQUARE, FrameAverage(group="C1", body=PLAIN)),
    "D4 frames in the test": network(SQUARE, TestTimeAverage(group="D4", body=[*PLAIN, Dropout(), Pool()])),
    "C4 frames under windows": network(
        SQUARE,
        FrameAverage(group="C4", body=[conv(kernel=MAGNET, kernel_size=9, window=Gaussian(sigma=0.2)), Norm()]),
    ),
    "C4 frames in residuals": network(
        SQUARE,
        Residual(body=[FrameAverage(group="C4", body=PLAIN)]),
        Residual(body=[Norm(), TestTimeAverage(group="C4", body=[conv(kernel=SIREN), Activation()])]),
        Norm(),
        Residual(body=[FrameAverage(group="D4", body=[conv(channels=3)])]),
        head=Dense(outputs=2),
    ),
    "D4 frames beside what they read, smaller": network(
        SQUARE,
        Pointwise(channels=3),
        Residual(body=[FrameAverage(group="D4", body=[conv(stride=2, channels=4)]), Activation()]),
        Branch(branches=[[], [Canonicalise(group="D4", body=[conv()], kernel_size=3)]], merge="concat"),
        Pool(size=3, stride=2),
        Norm(),
    ),
    "D1 frames times what they read": network(
        LINE,
        Branch(
            branches=[[Norm(), Activation()], [FrameAverage(group="D1", body=[conv(causal=True, channels=2)])]],
            merge="multiply",
        ),
        conv(kernel_size=1, kernel=SIREN, stride=2),
        Norm(),
    ),
    "C4 lifted and pooled in a residual": network(
        SQUARE, Residual(body=[Lift(group="C4", channels=2), Norm(), GroupPool()]), Attention(group="C4"), Norm()
    ),
    "C4 canonical": network(SQUARE, Canonicalise(group="C4", body=[*PLAIN, Pool(), conv()], kernel_size=3)),
    "D4 canonical": network(
        SQUARE, conv(kernel_size=1), Canonicalise(group="D4", body=PLAIN, channels=2), Norm(), head=Dense(outputs=2)
    ),
    "D1 canonical in time": network(LINE, Canonicalise(group="D1", body=[conv(causal=True, stride=2)])),
    "O canonical": network(CUBE, Canonicalise(group="O", body=[conv(channels=2)], channels=1, kernel_size=3)),
}
