"""Networks on scales, and on turns at scales."""

from __future__ import annotations

from archspec import (
    Activation,
    Architecture,
    Disc,
    Dropout,
    Lift,
    Norm,
    Pointwise,
    Pool,
    Residual,
    Restrict,
    Scales,
    Series,
    Spline,
)
from tests.examples.building import LINE, MAGNET, SEPARABLE, SIREN, WIDE, conv, network, on

SCALES: dict[str, Architecture] = {
    "S3": on("S3", conv(), Norm(), Activation(), conv(kernel_size=5, bias=False), input=LINE),
    "S4 cropped": on(
        "S4", conv(scales=Scales(crop=True)), Norm(type="layer"), conv(scales=Scales(span=2, crop=True)), input=LINE
    ),
    "S4 cropped to one": network(
        LINE, Lift(group="S4", channels=2), conv(scales=Scales(span=4, crop=True)), conv(), Norm()
    ),
    "S3 siren": on(
        "S3", conv(kernel=SIREN), Pool(size=2), conv(kernel=Spline(), scales=Scales(span=1)), input=LINE, kernel=SIREN
    ),
    "S2 not smoothed": on(
        "S2",
        Residual(body=[conv(scales=Scales(smooth=False)), Norm(type="group", groups=3), Dropout()]),
        Pointwise(channels=2),
        input=LINE,
        scales=Scales(smooth=False),
    ),
    "S2 of images": on("S2", conv(), Norm(), Activation(), Pool(), conv(bias=False)),
    "C4xS2": on("C4xS2", conv(), Norm(), Activation(), conv(kernel_size=5, bias=False)),
    "D4xS3 cropped": on(
        "D4xS3", conv(scales=Scales(span=2, crop=True)), Norm(type="layer"), conv(scales=Scales(span=2, crop=True))
    ),
    "C4xS2 of tables, group first": on("C4xS2", conv(factorisation="group_separable"), Norm()),
    "C4xS3 group first": on(
        "C4xS3",
        conv(kernel=SIREN, factorisation="group_separable", scales=Scales(span=2, crop=True)),
        kernel=SIREN,
        factorisation="group_separable",
    ),
    "C4xS2 each channel, then mixed": on(
        "C4xS2", conv(kernel=MAGNET, factorisation=SEPARABLE), kernel=MAGNET, factorisation=SEPARABLE
    ),
    "S2 each channel, each scale": on(
        "S2",
        conv(factorisation=SEPARABLE, scales=Scales(span=1, smooth=False)),
        conv(factorisation="group_separable", scales=Scales(span=1)),
        input=LINE,
        factorisation=SEPARABLE,
    ),
    "S2 cropped to one, group first": on(
        "S2", conv(factorisation="group_separable", scales=Scales(span=2, crop=True)), input=LINE
    ),
    "C2xS2 at once": on(
        "C2xS2", conv(kernel=Spline(), factorisation="group_depthwise"), Pointwise(channels=2), input=WIDE
    ),
    "D1xS2 in time": on("D1xS2", conv(kernel=SIREN), Norm(), Pool(size=2, stride=2), input=Series(length=16)),
    "C4xS2 to C2xS2": on("C4xS2", conv(), Restrict(group="C2xS2"), conv(), Restrict(group="C2"), conv()),
    "C8xS2": on(
        "C8xS2",
        conv(kernel=SIREN, kernel_size=5, window=Disc()),
        Norm(),
        conv(kernel_size=5, window=Disc(), factorisation="group_separable"),
        kernel=SIREN,
        kernel_size=5,
        window=Disc(),
    ),
    "S3 given up": network(LINE, Lift(group="S3", channels=2), Restrict(group="C1"), conv(causal=True)),
}
