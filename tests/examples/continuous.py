"""Every kernel, every window, both ways of working; and networks at another resolution."""

from __future__ import annotations

from archspec import (
    S4D,
    Architecture,
    Attention,
    Disc,
    Exponential,
    Fourier,
    Gaussian,
    Hyena,
    Image,
    Magnet,
    Mlp,
    Norm,
    Partial,
    Pointwise,
    Pool,
    Residual,
    SelfAttention,
    Siren,
    Spline,
)
from tests.examples.building import CUBE, LINE, MAGNET, SEPARABLE, SIREN, SQUARE, WIDE, attending, conv, network, on

CONTINUOUS: dict[str, Architecture] = {
    "siren of lengths and directions": network(
        LINE, conv(kernel=Siren(hidden=4, weight_norm=True, learn_omega=True), kernel_size=9)
    ),
    "siren of a first omega": network(
        SQUARE,
        conv(kernel=Siren(hidden=4, omega_0=4.0, first_omega_0=9.0, learn_omega=True), kernel_size=5),
        conv(kernel=Siren(hidden=4, layers=2, first_omega_0=9.0, learn_omega=True, weight_norm=True)),
    ),
    "magnet": network(SQUARE, conv(kernel=MAGNET, kernel_size=7)),
    "magnet as published": network(LINE, conv(kernel=Magnet(hidden=4, layers=2, omega_0=2.0), kernel_size=9)),
    "magnet steerable": network(SQUARE, conv(kernel=Magnet(hidden=4, layers=1, steerable=True), kernel_size=5)),
    "magnet masked": network(SQUARE, conv(kernel=MAGNET, kernel_size=5, band_limit="mask")),
    "fourier": network(SQUARE, conv(kernel=Fourier(features=6), kernel_size=(5, 3))),
    "fourier masked": network(LINE, conv(kernel=Fourier(features=6, bandwidth=2), kernel_size=9, band_limit="mask")),
    "spline": network(SQUARE, conv(kernel=Spline(), kernel_size=5)),
    "spline of few knots": network(LINE, conv(kernel=Spline(knots=5, degree=2), kernel_size=17)),
    "mlp": network(SQUARE, conv(kernel=Mlp(hidden=8), kernel_size=5, factorisation=SEPARABLE)),
    "s4d": network(LINE, conv(kernel=S4D(states=4), kernel_size=17, factorisation=SEPARABLE)),
    "s4d causal": network(LINE, conv(kernel=S4D(states=4), kernel_size=17, causal=True)),
    "hyena": network(LINE, conv(kernel=Hyena(hidden=8, bands=3), kernel_size=16, causal=True)),
    "hyena image": network(SQUARE, conv(kernel=Hyena(hidden=8, bands=2), kernel_size=9, factorisation=SEPARABLE)),
    "wider than the grid": network(SQUARE, conv(kernel=MAGNET, kernel_size=17)),
    "gaussian": network(SQUARE, conv(kernel=MAGNET, kernel_size=9, window=Gaussian(sigma=0.2))),
    "gaussian per axis": network(WIDE, conv(kernel=SIREN, kernel_size=(7, 9), window=Gaussian(sigma=(0.1, 0.3)))),
    "gaussian causal": network(
        LINE, conv(kernel=MAGNET, kernel_size=17, causal=True, window=Gaussian(sigma=0.3, mean="learned"))
    ),
    "gaussian per channel": network(
        SQUARE, conv(kernel=MAGNET, kernel_size=9, window=Gaussian(sigma=0.3, per="channel"), factorisation=SEPARABLE)
    ),
    "gaussian per channel, full": network(LINE, conv(kernel_size=9, window=Gaussian(sigma=0.4, per="channel"))),
    "gaussian fixed": network(LINE, conv(kernel=SIREN, kernel_size=9, window=Gaussian(learned=False, sigma=0.4))),
    "gaussian uncropped": network(LINE, conv(kernel=SIREN, kernel_size=9, window=Gaussian(crop=False, sigma=0.2))),
    "fft": network(LINE, conv(kernel=SIREN, kernel_size=9, algorithm="fft")),
    "fft separable": network(
        LINE, conv(kernel=MAGNET, kernel_size=16, causal=True, factorisation=SEPARABLE, algorithm="fft")
    ),
    "fft of shared functions": network(
        LINE, Pointwise(channels=6), conv(kernel=Siren(hidden=4), kernel_size=9, channels=6, algorithm="fft")
    ),
    "fft of shared functions in a disc": network(
        SQUARE,
        Pointwise(channels=6),
        conv(kernel=Siren(hidden=4), kernel_size=5, channels=6, window=Disc(), algorithm="fft"),
    ),
    "fft under a window": network(
        WIDE,
        Pointwise(channels=5),
        conv(kernel=Fourier(features=2), kernel_size=7, channels=5, window=Gaussian(sigma=0.3), algorithm="fft"),
    ),
    "fft of an image": network(SQUARE, conv(kernel_size=(5, 3), algorithm="fft", padding="valid")),
    "fft of a volume": network(CUBE, conv(kernel=SIREN, kernel_size=5, algorithm="fft")),
    "fft separable image": network(WIDE, conv(kernel=SIREN, kernel_size=5, factorisation=SEPARABLE, algorithm="fft")),
    "fft beyond the grid": network(SQUARE, conv(kernel=MAGNET, kernel_size=17, algorithm="fft")),
    "exponential": network(LINE, conv(kernel=SIREN, kernel_size=17, causal=True, window=Exponential(decay=0.2))),
    "exponential image": network(SQUARE, conv(kernel=SIREN, kernel_size=9, window=Exponential(per="channel"))),
}
_NATIVE = network(
    Image(channels=2, size=(8, 8)),
    conv(kernel=MAGNET, kernel_size=5, window=Gaussian(sigma=0.6)),
    Norm(),
    Pool(),
    Residual(body=[conv(kernel=Spline(), factorisation=SEPARABLE, stride=2, channels=4)]),
)
RESAMPLED: dict[str, Architecture] = {
    "finer by three halves": _NATIVE.at_resolution(12, 12),
    "finer twice along one axis": _NATIVE.at_resolution(8, 16),
    "coarser": network(LINE, conv(kernel=SIREN, kernel_size=9)).at_resolution(9),
    "finer causal": network(LINE, conv(kernel=S4D(states=2), kernel_size=8, causal=True)).at_resolution(40),
    "finer, of one tap and of two, stretched": network(
        LINE, *(conv(kernel=SIREN, kernel_size=k, causal=True, resampling="stretched") for k in (1, 2))
    ).at_resolution(34),
    "finer on D4, attentive, factorised and in part": on(
        "D4",
        Attention(kernel=SIREN, kernel_size=3),
        conv(kernel=SIREN, kernel_size=5, factorisation="group_separable"),
        Norm(),
        Partial(),
        conv(kernel=Spline(), kernel_size=5, factorisation="kernel_separable"),
        conv(kernel=MAGNET, factorisation="group_depthwise"),
        kernel=SIREN,
        input=Image(channels=2, size=(6, 6)),
    ).at_resolution(9, 9),
    "finer on D4": on(
        "D4", conv(kernel=MAGNET, kernel_size=5), kernel=SIREN, input=Image(channels=2, size=(6, 6))
    ).at_resolution(9, 9),
    "finer attention": attending(
        "C4", SelfAttention(channels=2, window=3), SelfAttention(channels=2), input=Image(channels=2, size=(4, 4))
    ).at_resolution(6, 6),
}
