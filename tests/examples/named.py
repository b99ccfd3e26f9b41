"""The networks of the papers, small."""

from __future__ import annotations

from archspec import Architecture, Disc, Image, Series, Spline, Volume, published
from tests.examples.building import CUBE, SIREN, SQUARE

DIGITS = Image(channels=1, size=(16, 16))
TINY = Image(channels=2, size=(8, 8))
NAMED: dict[str, Architecture] = {
    "p4cnn": published.p4cnn(DIGITS, 3, channels=2, blocks=1),
    "p4cnn on odd sizes": published.p4cnn(
        SQUARE, 3, channels=2, blocks=1, padding="same", kernel=SIREN, factorisation="group_separable"
    ),
    "p4mcnn": published.p4mcnn(DIGITS, 3, channels=2, blocks=1),
    "attentive_gcnn": published.attentive_gcnn(DIGITS, 3, channels=2, blocks=1),
    "attentive_gcnn on D4": published.attentive_gcnn(
        SQUARE, 3, channels=2, group="D4", blocks=1, padding="same", attention_size=5, ratio=1
    ),
    "gsa_net": published.gsa_net(TINY, 3, channels=8, blocks=(1, 1), heads=2, window=3),
    "partial_gcnn": published.partial_gcnn(DIGITS, 3, (2, 2, 4), "C4", kernel_size=3, hidden=4),
    "partial_gcnn on D4": published.partial_gcnn(
        TINY, 3, (2, 3), "D4", kernel_size=3, hidden=4, pools=(1,), learn="elements"
    ),
    "separable_gcnn": published.separable_gcnn(TINY, 3, (2, 2, 3), "C4", kernel_size=3, hidden=4),
    "separable_gcnn on D4": published.separable_gcnn(DIGITS, 3, (2, 3), "D4", hidden=4, factorisation="full"),
    "octahedral_cnn": published.octahedral_cnn(CUBE, 3, stages=2, units=4, first_size=3),
    "octahedral_cnn on T": published.octahedral_cnn(
        Volume(channels=1, size=(6, 6, 6)), 3, group="T", stages=2, units=4, factorisation="group_separable"
    ),
}
NAMED_APPROXIMATE: dict[str, Architecture] = {
    "partial_gcnn on C8": published.partial_gcnn(DIGITS, 3, (2, 2), kernel_size=5, hidden=4),
    "partial_gcnn anywhere": published.partial_gcnn(DIGITS, 3, (2, 2), kernel_size=5, hidden=4, sampling="continuous"),
    "separable_gcnn on C8": published.separable_gcnn(DIGITS, 3, (2, 3), kernel_size=5, hidden=4),
    "p4cnn on C8": published.p4cnn(
        SQUARE, 3, 2, "C8", kernel_size=5, blocks=1, padding="same", kernel=SIREN, window=Disc()
    ),
    "wavelet_net": published.wavelet_net(Series(channels=1, length=32), 3, channels=2),
    "wavelet_net of splines": published.wavelet_net(
        Series(channels=2, length=120), 3, channels=2, scales=5, pools=(2, 1, 1), kernel=Spline()
    ),
}
