"""Convolutions of free weights and of sines, in one, two and three dimensions."""

from __future__ import annotations

from archspec import Architecture, Classifier, Disc, Gaussian, Image, Pointwise, Siren, Spline
from tests.examples.building import CUBE, LINE, SEPARABLE, SIREN, SQUARE, WIDE, conv, network

CONVOLUTIONS: dict[str, Architecture] = {
    "table": network(SQUARE, conv()),
    "siren": network(SQUARE, conv(kernel=SIREN, kernel_size=5)),
    "siren raw omega": network(LINE, conv(kernel=Siren(hidden=4, layers=4, omega_0=20.0), kernel_size=9)),
    "disc": network(SQUARE, conv(window=Disc(), kernel_size=5)),
    "separable table": network(SQUARE, conv(factorisation=SEPARABLE)),
    "separable siren disc": network(SQUARE, conv(factorisation=SEPARABLE, kernel=SIREN, window=Disc(softness=1.0))),
    "two taps": network(
        LINE,
        conv(kernel=SIREN, kernel_size=2, causal=True, window=Gaussian()),
        conv(kernel=Spline(), kernel_size=2, padding="valid"),
    ),
    "causal": network(LINE, conv(causal=True, kernel_size=4), head=Classifier(classes=2, pool="last")),
    "causal siren strided": network(LINE, conv(causal=True, kernel=SIREN, kernel_size=17, stride=3)),
    "stride": network(WIDE, conv(stride=2)),
    "valid": network(WIDE, conv(padding="valid", kernel_size=4)),
    "valid stride": network(WIDE, conv(padding="valid", kernel_size=3, stride=3)),
    "no bias": network(WIDE, conv(bias=False)),
    "bias per element of C1": network(WIDE, conv(bias="per_element")),
    "oblong kernel": network(WIDE, conv(kernel_size=(1, 5))),
    "long kernel": network(LINE, conv(kernel_size=17, kernel=SIREN)),
    "wide separable 2-D": network(
        Image(size=(13, 13)), Pointwise(channels=3), conv(factorisation=SEPARABLE, kernel_size=9)
    ),
    "volume": network(CUBE, conv(kernel=SIREN)),
    "volume separable": network(CUBE, conv(factorisation=SEPARABLE, stride=2)),
    "one tap": network(LINE, conv(kernel_size=1)),
    "one tap siren": network(LINE, conv(kernel_size=1, kernel=SIREN)),
}
