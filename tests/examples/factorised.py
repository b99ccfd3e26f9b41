"""Convolutions on groups in parts, by every kernel, by transforms, under windows."""

from __future__ import annotations

from archspec import (
    Activation,
    Architecture,
    Disc,
    Fourier,
    Gaussian,
    Hyena,
    Magnet,
    Mlp,
    Norm,
    Pointwise,
    Siren,
    Spline,
)
from tests.examples.building import CUBE, LINE, MAGNET, SEPARABLE, SIREN, WIDE, conv, on

FACTORISED: dict[str, Architecture] = {
    "C4 by irreducible parts": on(
        "C4", Pointwise(channels=3, basis="irreducible"), Norm(), Pointwise(channels=2, basis="irreducible", bias=False)
    ),
    "C2 by irreducible parts": on("C2", Pointwise(channels=3, basis="irreducible"), input=WIDE),
    "D1 by irreducible parts": on("D1", Pointwise(channels=3, basis="irreducible"), conv(), input=LINE),
    "C4 about an axis, by irreducible parts": on("C4", Pointwise(channels=2, basis="irreducible"), input=CUBE),
    "D4 with shared maps": on(
        "D4", Pointwise(channels=3, elements="shared"), Norm(), Pointwise(channels=2, elements="shared", bias=False)
    ),
    "O with shared maps": on("O", Pointwise(channels=2, elements="shared"), input=CUBE),
    "D4 product of kernels": on("D4", conv(factorisation="kernel_separable"), Norm()),
    "C4 siren of a first omega": on(
        "C4",
        conv(kernel=Siren(hidden=4, first_omega_0=9.0, omega_group=9.0, angle="interval"), kernel_size=5),
        conv(kernel=Siren(hidden=4, first_omega_0=5.0), factorisation="group_separable"),
        kernel=Siren(hidden=4, first_omega_0=9.0),
    ),
    "C4 product of sirens": on(
        "C4", conv(kernel=SIREN, kernel_size=5, factorisation="kernel_separable", window=Disc()), kernel=SIREN
    ),
    "D4 group first": on(
        "D4", conv(factorisation="group_separable"), Norm(), factorisation="group_separable", bias=False
    ),
    "C4 group first, continuous": on(
        "C4",
        conv(kernel=SIREN, factorisation="group_separable", kernel_size=5),
        conv(kernel=Siren(hidden=4, angle="interval"), stride=2, factorisation="group_separable"),
        kernel=SIREN,
        factorisation="group_separable",
    ),
    "D4 group first, other kernels": on(
        "D4",
        conv(kernel=MAGNET, factorisation="group_separable"),
        conv(kernel=Fourier(features=3), factorisation="group_separable"),
        conv(kernel=Spline(), factorisation="group_separable", kernel_size=5),
        conv(kernel=Mlp(hidden=3), factorisation="group_separable"),
        conv(kernel=Hyena(hidden=3, bands=2), factorisation="group_separable"),
    ),
    "D4 depthwise over the group": on(
        "D4", conv(factorisation="group_depthwise"), Activation(), factorisation="group_depthwise"
    ),
    "C4 depthwise over the group": on(
        "C4", conv(kernel=SIREN, kernel_size=5, window=Disc(), factorisation="group_depthwise", stride=2)
    ),
    "O depthwise over the group": on("O", conv(factorisation="group_depthwise"), input=CUBE),
    "O group first": on("O", conv(kernel=SIREN, factorisation="group_separable"), input=CUBE),
    "D4 group first by fft": on(
        "D4",
        conv(kernel=SIREN, kernel_size=5, factorisation="group_separable", algorithm="fft"),
        conv(kernel=SIREN, kernel_size=5, factorisation="kernel_separable", algorithm="fft"),
        factorisation="group_separable",
        algorithm="fft",
    ),
    "D4 flexible": on(
        "D4",
        conv(kernel=MAGNET, kernel_size=7, window=Gaussian(sigma=(0.2, 0.5)), factorisation=SEPARABLE),
        kernel=Magnet(hidden=4, layers=1),
        window=Gaussian(sigma=0.6),
    ),
    "D4 under a window that crops nothing": on(
        "D4", conv(kernel=MAGNET, kernel_size=7, window=Gaussian(sigma=(0.2, 0.5), crop=False))
    ),
    "D4 by fft": on(
        "D4",
        conv(kernel=SIREN, kernel_size=5, algorithm="fft"),
        conv(kernel_size=5, factorisation=SEPARABLE, algorithm="fft"),
        factorisation=SEPARABLE,
        algorithm="fft",
    ),
    "D4 spline": on("D4", conv(kernel=Spline(), kernel_size=5), kernel=Fourier(features=4)),
    "C4 spline around the circle": on(
        "C4",
        conv(kernel=Spline(around=5), kernel_size=5),
        conv(kernel=Spline(around=4, degree=1, knots=3), kernel_size=5, factorisation="kernel_separable"),
        conv(kernel=Spline(around=3), factorisation="group_separable"),
        kernel=Spline(around=4),
    ),
    "C4 hyena": on("C4", conv(kernel=Hyena(hidden=4, bands=2), kernel_size=5), kernel=Mlp(hidden=4)),
    "C4 about an axis of a volume": on("C4", conv(), Norm(), input=CUBE),
}
