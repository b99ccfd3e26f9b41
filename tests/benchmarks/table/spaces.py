"""The two spaces of the table, and the task that each is trained on."""

from __future__ import annotations

from collections.abc import Sequence

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    GroupPool,
    Image,
    Lift,
    Magnet,
    Norm,
    Pool,
    Repeat,
    Residual,
    Series,
    Siren,
    Table,
)
from archspec.graph.block import Block
from archspec.inputs import Input
from search import Task, Training
from search.tasks.synthetic.oscillations import textures
from search.tasks.synthetic.sequences import bumps_1d
from spaces import Space, choice, integer, order

# Every architecture is trained for so many epochs, and to the end of a cooldown at each of the rungs before.
EPOCHS, RUNGS = 12, (3, 6, 12)
TRAINING = Training(epochs=EPOCHS, batch_size=64, cooldown=1 / 3, patience=None, device="cpu")
EXAMPLES = (768, 500, 1_000)


def space(name: str) -> Space:
    """The space `sequences` (720 architectures) or `images` (864)."""
    if name == "sequences":
        return _space(Series(channels=1, length=40), [], 10, ("C1", "D1"), (3, 7, 15, 23), 40)
    if name == "images":
        return _space(Image(channels=1, size=(16, 16)), [Pool()], 4, ("C1", "C2", "C4", "D4"), (3, 5, 7), 32)
    raise ValueError(f"there is no table {name!r}; there are sequences and images")


def task(name: str) -> Task:
    """The task that a space is trained on: ten smooth curves, or four textures in random orientations."""
    return bumps_1d(40, examples=EXAMPLES) if name == "sequences" else textures(16, examples=EXAMPLES)


def _space(
    input: Input, pooling: Sequence[Block], classes: int, groups: Sequence[str], sizes: Sequence[int], widest: int
) -> Space:
    """Kernel size × group × factorisation × width × depth × kernel kind, each decided once for a network."""
    group = choice(*groups, name="group")
    channels = integer("width", 8, widest, step=8) // order(group)
    size = choice(*sizes, name="kernel_size")
    kernel = choice(Table(), Siren(), Magnet(), name="kernel")
    conv = Conv(
        channels=channels,
        kernel_size=size,
        kernel=kernel,
        factorisation=choice("full", "depthwise_separable", name="factorisation"),
    )
    return Space(
        Architecture(
            input=input,
            body=[
                Lift(group=group, channels=channels, kernel_size=size, kernel=kernel),
                *pooling,
                Repeat(times=integer("depth", 1, 3), body=[Residual(body=[Norm(), Activation(), conv])]),
                Norm(),
                Activation(),
                GroupPool(),
            ],
            head=Classifier(classes=classes),
        )
    )
