"""Trained on C4, evaluated on C8 and C16 with the same weights, and back: what makes it work, one by one.

python tests/benchmarks/order_as_sampling.py [seeds …]        # about an hour for three seeds

Rotated digits. Of each variant: test accuracy on the order it was trained on and, with statistics estimated anew on
training images (but for the one without), on the others.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Disc,
    GroupPool,
    Image,
    Lift,
    Network,
    Norm,
    Pool,
    Siren,
    carry,
    lower,
)
from archspec.kernels import Kernel
from archspec.kernels.windows import Window
from archspec.layers.bank import Bank
from archspec.network.offsets import turn
from archspec.network.statistics import reestimate
from search import digits
from search.training.evaluation import evaluate
from search.training.threads import one_thread

SEEDS = (501, 502, 503)
EPOCHS, BATCH, RATE = 60, 64, 1e-2


@dataclass(frozen=True)
class Variant:
    """One way to make a network whose order can change."""

    kernel: Kernel = field(default_factory=partial(Siren, omega_group=1.0))
    window: Window | None = field(default_factory=Disc)
    factorisation: str = "full"
    offsets: float = 0.5  # the share of the training, at its end, in which elements are moved
    mean: bool = True
    estimated: bool = True
    trained_on: str = "C4"


DEFAULT = Variant()
VARIANTS: dict[str, Variant] = {
    "all of it": DEFAULT,
    "statistics not estimated anew": replace(DEFAULT, estimated=False),
    "nor a mean over elements, a sum": replace(DEFAULT, mean=False, estimated=False),
    "no random offsets": replace(DEFAULT, offsets=0.0),
    "trained on C8": replace(DEFAULT, trained_on="C8"),
    "frequency along the group 3": replace(DEFAULT, kernel=Siren(omega_group=3.0)),
    "group first": replace(DEFAULT, factorisation="group_separable"),
    "sharp disc": replace(DEFAULT, window=Disc(softness=0.05)),
    "angle on an interval": replace(DEFAULT, kernel=Siren(omega_group=1.0, angle="interval")),
}


def training_data(seed: int) -> tuple[Tensor, Tensor]:
    """The images to train on, and their digits."""
    train = digits(rotated=True, seed=seed).train
    assert isinstance(train, tuple)
    return train


def network(variant: Variant, group: str) -> Architecture:
    """Three convolutions of 7×7 taps, pooled once."""
    conv = {"channels": 10, "kernel_size": 7, "kernel": variant.kernel, "window": variant.window}
    inner = Conv(**conv, factorisation=variant.factorisation)
    body = [
        Lift(group=group, **conv),
        Norm(),
        Activation(),
        Pool(),
        inner,
        Norm(),
        Activation(),
        inner,
        Norm(),
        Activation(),
    ]
    return Architecture(input=Image(size=(16, 16)), body=[*body, GroupPool()], head=Classifier(classes=10))


@lru_cache(maxsize=4)
def trained(variant: Variant, seed: int) -> Network:
    """AdamW, a cosine to zero."""
    x, y = training_data(seed)
    torch.manual_seed(seed)
    model = lower(network(variant, variant.trained_on)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-2)
    rng, order = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    steps = EPOCHS * (len(x) // BATCH)
    for step in range(steps):
        chosen = torch.randint(len(x), (BATCH,), generator=order)
        if step >= (1 - variant.offsets) * steps:
            turn(model, rng)
        for group in optimizer.param_groups:
            group["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
        loss = F.cross_entropy(model(x[chosen]), y[chosen])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    turn(model, None)
    if variant.offsets:
        reestimate(model, x.split(256))
    return model.eval()


def _sum_over_elements(model: Network) -> None:
    """The weight that each element had on C4, however many there are."""
    for bank in model.modules():
        if isinstance(bank, Bank) and bank.where.mixes and not bank.where.group.trivial:
            bank.where = bank.where._replace(factor=1 / 4)
            bank.place(bank.cropped)


def accuracies(variant: Variant, seed: int) -> list[float]:
    """On C4, C8, C16 in percent."""
    task = digits(rotated=True, seed=seed)
    assert task.test is not None
    x, _ = training_data(seed)
    # What is only done afterwards shares one training.
    model = trained(replace(variant, estimated=True, mean=True), seed)
    found = []
    for group in ("C4", "C8", "C16"):
        there = model if group == variant.trained_on else carry(model, network(variant, group))
        if not variant.mean:
            _sum_over_elements(there)
        if group != variant.trained_on and variant.estimated:
            reestimate(there, x.split(256))
        found.append(100 * evaluate(there.eval(), task, task.test)["accuracy"])
    return found


def main() -> None:
    """Print a line for each variant."""
    one_thread()
    seeds = tuple(map(int, sys.argv[1:])) or SEEDS
    print(f"{'test accuracy, % (each seed)':<34}" + "".join(f"{g:>20}" for g in ("C4", "C8", "C16")) + "   mean drop")
    for name, variant in VARIANTS.items():
        runs = [accuracies(variant, seed) for seed in seeds]
        cells = [" ".join(f"{run[i]:.1f}" for run in runs) for i in range(3)]
        at = ("C4", "C8").index(variant.trained_on)
        drops = [np.mean([run[at] - run[i] for run in runs]) for i in range(3) if i != at]
        print(
            f"{name:<34}" + "".join(f"{c:>20}" for c in cells) + "   " + " ".join(f"{d:.1f}" for d in drops), flush=True
        )


if __name__ == "__main__":
    main()
