"""Self-attention on groups."""

from __future__ import annotations

from archspec import Activation, Architecture, Image, Norm, Residual, SelfAttention, Volume
from tests.examples.building import CUBE, LINE, WIDE, attending, conv, on

ATTENDING: dict[str, Architecture] = {
    "C4 attention": attending("C4", Norm(), SelfAttention(channels=3, window=5), Norm(type="layer"), window=5, heads=1),
    "C4 attention everywhere": attending(
        "C4", SelfAttention(channels=4), Activation(), input=Image(channels=2, size=(5, 5)), window=None
    ),
    "C4 attention in a volume": attending("C4", SelfAttention(channels=2, heads=1, window=1), input=CUBE),
    "D4 attention in a disc": attending("D4", SelfAttention(channels=2, window=5, shape="disc"), shape="disc"),
    "D4 attention": attending("D4", Residual(body=[Norm(), SelfAttention(channels=2, window=3)]), heads=3, hidden=6),
    "D4 attention among convolutions": on("D4", SelfAttention(channels=2, heads=1, window=3), conv()),
    "C2 attention on an oblong": attending("C2", SelfAttention(channels=2), input=WIDE),
    "D1 attention in time": attending("D1", SelfAttention(channels=3, position_hidden=4), input=LINE, window=7),
    "O attention": attending(
        "O", SelfAttention(channels=2, heads=1, window=3), input=Volume(channels=2, size=(2, 2, 2)), window=None
    ),
}
