"""Sizes learned by backpropagation where it is known what they should become, and those of CCNN's residual network.

    python -m tests.benchmarks.known_sizes reach grid shrink --seeds 5
    python -m tests.benchmarks.known_sizes ccnn --seeds 5 --plot docs/learned_sizes.png

`reach`: a cue far back needs long kernels, one nearby short ones. `grid`: tones of low frequency can be told on a
coarse grid, tones of high frequency cannot. `shrink`: a network that begins at three times the price of its budget.
`ccnn`: the residual network of Knigge et al. (2023), beside one of the same price with kernels as short as CCNN begins
with. For each it prints the sizes that were learned, the accuracy on validation data, and that of two networks whose
sizes stay: those of the start, and those beside them. Each is trained for as many epochs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Magnet,
    Norm,
    Pointwise,
    Repeat,
    Residual,
    Series,
    Siren,
    SpectralPool,
    Table,
)
from archspec.schema.hole import Scalar
from search import Task, nearby, recall
from search.masks.learnable import Learnable, learnable
from search.masks.learning import Learning, begun
from search.masks.settling import settled
from search.masks.training import Asked, train_sizes
from search.objectives import goal_of, parse_objective
from search.outcome import Scored
from search.tasks.synthetic.sequences import generated
from search.training.trainer import train
from spaces import Space, choice, integer
from tests.benchmarks.learned_sizes import TRAINING, flops, spread
from tests.benchmarks.learned_sizes import space as compared
from tests.benchmarks.table.spaces import task as table_task

LENGTH = 128
CUED: dict[str, Any] = {"length": 64, "delay": 50, "shortest": 12, "examples": (2_000, 500, 500)}


class Case(NamedTuple):
    """A space, the other decisions, and a task.

    Attributes:
        space: the space.
        values: the other decisions.
        task: the task.
        factor: the price of the start over that of the budget.
        beside: sizes of another network, whose price is the budget; without them it is in the middle of what the sizes
            cost, by logarithms, and the other network has it on the diagonal of the space.
        from_there: whether the sizes begin at those, and not on the diagonal.
    """

    space: Space
    values: Mapping[str, Scalar]
    task: Task
    factor: float = 1.0
    beside: Sequence[int] = ()
    from_there: bool = False


def tones(name: str, indices: Sequence[int], noise: float) -> Task:
    """Which two of four tones are in a signal of white noise: six classes, inputs (n, 1, 128).

    The tones are the cosines of these indices, of 0 … 127, of the cosine transform, with random amplitudes and phases.
    """
    pairs = [(a, b) for a in range(4) for b in range(a)]
    time = (np.arange(LENGTH) + 0.5) / LENGTH

    def draw(rng: np.random.Generator, count: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        y = rng.integers(0, len(pairs), count)
        frequency = np.array(indices)[np.array(pairs)[y]] / 2
        height, phase = rng.uniform(0.7, 1.3, (count, 2)), rng.uniform(0, 2 * np.pi, (count, 2))
        angles = 2 * np.pi * frequency[..., None] * time + phase[..., None]
        x = (height[..., None] * np.cos(angles)).sum(1) + rng.normal(0, noise, (count, LENGTH))
        return x[:, None], y

    return generated(name, "classification", draw, (2_000, 500, 500), 0)


def reach() -> dict[str, Case]:
    """Cues that are far back, and nearby."""
    width, size = integer("width", 4, 24), choice(*range(3, 52, 4), name="size")
    conv = Conv(channels=width, kernel_size=size, kernel=Siren(), factorisation="depthwise_separable", causal=True)
    body = [
        Conv(channels=width, kernel_size=1),
        Norm(),
        Repeat(
            times=integer("depth", 1, 3), body=[Residual(body=[conv, Norm(), Activation(), Pointwise(channels=width)])]
        ),
    ]
    where = Space(Architecture(input=Series(channels=4, length=64), body=body, head=Classifier(classes=4, pool="last")))
    values = {"width": 8, "depth": 2, "size": 15}
    return {task.name: Case(where, values, task) for task in (recall(**CUED), nearby(**CUED))}


def grid() -> dict[str, Case]:
    """Tones of low, and of high frequency; the grid is chosen before anything else is computed."""
    width = integer("width", 4, 24)
    conv = Conv(channels=width, kernel_size=9, kernel=Table(), factorisation="depthwise_separable")
    body = [
        SpectralPool(points=integer("points", 12, LENGTH, step=4)),
        Conv(channels=width, kernel_size=5),
        Norm(),
        Activation(),
        Repeat(
            times=integer("depth", 1, 3), body=[Residual(body=[conv, Norm(), Activation(), Pointwise(channels=width)])]
        ),
    ]
    where = Space(Architecture(input=Series(channels=1, length=LENGTH), body=body, head=Classifier(classes=6)))
    values = {"width": 8, "depth": 2, "points": 64}
    low, high = tones("low tones", (2, 4, 6, 8), noise=1.0), tones("high tones", (56, 72, 88, 104), noise=0.5)
    return {task.name: Case(where, values, task, beside=(8, 2, 80), from_there=True) for task in (low, high)}


def shrink() -> dict[str, Case]:
    """From three times the price of the budget."""
    values: dict[str, Scalar] = {"group": "C1", "kernel": "siren", "width": 8, "depth": 2, "size": 5}
    near = reach()[nearby(**CUED).name]
    return {
        "sequences, from 3 times the price": Case(compared("sequences"), values, table_task("sequences"), 3.0),
        "a cue nearby, from 3 times the price": near._replace(factor=3.0),
    }


def ccnn() -> dict[str, Case]:
    """CCNN's residual blocks, causal; beside them two of 12 channels with kernels as long as its first windows."""
    tasks = {
        "far cue": (4, 64, 4, recall(**CUED)),
        "near cue": (4, 64, 4, nearby(**CUED)),
        "curves": (1, 40, 10, table_task("sequences")),
    }
    found = {}
    for name, (channels, length, classes, task) in tasks.items():
        width = integer("width", 4, 24)
        block = [
            Norm(),
            Conv(
                channels=width,
                kernel_size=choice(*range(3, length, 2), name="size"),
                kernel=Magnet(),
                factorisation="depthwise_separable",
                causal=True,
            ),
            Activation(),
            Pointwise(channels=width),
            Activation(),
        ]
        body = [
            Conv(channels=width, kernel_size=3, causal=True),
            Norm(),
            Activation(),
            Repeat(times=integer("depth", 1, 4), body=[Residual(body=block)]),
        ]
        head = Classifier(classes=classes, pool="mean" if name == "curves" else "last")
        where = Space(Architecture(input=Series(channels=channels, length=length), body=body, head=head))
        # The first tap outside is where a Gaussian has fallen to 0.1: 2.146 σ back, of a horizon of −1 … 1.
        taps = round(2.146 * 0.075 * (length - 1) / 2) // 2 * 2 + 1
        found[name] = Case(where, {"width": 12, "depth": 2, "size": taps}, task, beside=(12, 2, taps))
    return found


def measured(name: str, case: Case, seeds: int) -> dict[str, list[Sequence[float]]]:
    """Print sizes and accuracies; returns the sizes after each epoch, of each seed, by name."""
    found = learnable(case.space, case.values, flops)
    names = [size.name for size in found.fillings.sizes]
    budget = _budget(found, case)
    beside = list(map(float, case.beside)) or begun(found, budget)
    start = beside if case.from_there else begun(found, case.factor * budget)
    goal = goal_of([parse_objective("maximize accuracy")], case.task.kind)
    histories: dict[str, list[Sequence[float]]] = {name: [] for name in names}
    scores: dict[str, list[float]] = {"learned": [], "of the start": [], "beside": []}
    for seed in range(seeds):
        asked = Asked("flops", dict(zip(names, start, strict=True)), Learning(budget))
        outcome = train_sizes(asked, case.space, case.values, case.task, TRAINING, seed, goal)
        assert isinstance(outcome, Scored)
        scores["learned"].append(outcome.scores["accuracy"])
        for key, history in outcome.sizes.items():
            histories[key].append([dict(asked.sizes)[key], *history])
        for key, sizes, of in (("of the start", start, case.factor * budget), ("beside", beside, budget)):
            fixed = found.fillings.at(settled(found.fillings, sizes, of)).architecture
            plain = train(fixed, case.task, TRAINING, seed, goal)
            assert isinstance(plain, Scored)
            scores[key].append(plain.scores["accuracy"])
    print(f"{name}, budget {budget:.3g}")
    for key, began, other in zip(names, start, beside, strict=True):
        ends = [history[-1] for history in histories[key]]
        print(f"  {key:6s} {began:5.1f} → {spread(ends, 1)}   (beside {other:.1f})")
    print("  accuracy " + ", ".join(f"{key} {spread(x)}" for key, x in scores.items()), flush=True)
    return histories


def _budget(found: Learnable, case: Case) -> float:
    if case.beside:
        return float(found.fillings.at(case.beside).price)
    low, high = (found.fillings.at([s.values[end] for s in found.fillings.sizes]).price for end in (0, -1))
    return float(low * (high / low) ** 0.5)


def draw(found: Mapping[str, Mapping[str, list[Sequence[float]]]], file: Path) -> None:
    """A picture of the sizes over the epochs in which they were learned, a line for each seed."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(name for histories in found.values() for name in histories))
    figure = Figure(figsize=(3.2 * len(names), 2.4 * len(found)), layout="constrained")
    rows = figure.subplots(len(found), len(names), squeeze=False)
    for row, (case, histories) in zip(rows, found.items(), strict=True):
        for axes, name in zip(row, names, strict=True):
            for history in histories.get(name, []):
                axes.plot(range(len(history)), history, color="C0", alpha=0.7)
            axes.set(title=f"{case}: {name}", xlabel="epoch")
    figure.savefig(file, dpi=120)


CASES: Mapping[str, Callable[[], dict[str, Case]]] = {"reach": reach, "grid": grid, "shrink": shrink, "ccnn": ccnn}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=CASES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    cases = {name: case for what in given.what for name, case in CASES[what]().items()}
    found = {name: measured(name, case, given.seeds) for name, case in cases.items()}
    if given.plot:
        draw(found, given.plot)


if __name__ == "__main__":
    main()
