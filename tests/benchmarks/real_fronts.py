"""Strategies compared by trainings, for the same time: rotated digits, and a task of sequences.

    python tests/benchmarks/real_fronts.py [DIRECTORY] [--minutes 4] [--seeds 3] [--first 0] [--strategies front tpe]
    python tests/benchmarks/real_fronts.py DIRECTORY --report

Each search trains with one worker for the minutes given, all with the same schedule. Then, or with --report alone, the
hypervolumes of what all searches in the directory have found: of validation accuracy above chance and log10 FLOPs up to
the limit; mean over the seeds with a 95 % interval (Student's t), and the difference to the first strategy, paired by
seed. About 75 minutes on one core.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pool,
    Repeat,
    Residual,
    Siren,
    Table,
)
from search import Result, Search, Training, digits, waves
from search.hypervolume import hypervolume
from spaces import Space, choice, integer, order, sequences

LIMIT = 4_000_000
EPOCHS = 18
ENDLESS = 100_000


def digit_space() -> Space:
    """Symmetric and plain networks for small images."""
    group = choice("C1", "C2", "C4", "C8", "D4", name="group")
    width = integer("width", 8, 32, step=8) // order(group)
    conv = Conv(
        channels=width,
        kernel_size=choice(3, 5, 7, name="kernel_size"),
        kernel=choice(Table(), Siren(), name="kernel"),
        factorisation=choice("full", "depthwise_separable", name="factorisation"),
    )
    return Space(
        Architecture(
            input=Image(channels=1, size=(16, 16)),
            body=[
                Lift(group=group, channels=width, kernel_size=choice(3, 5, name="first")),
                Pool(),
                Repeat(times=integer("depth", 1, 4), body=[Residual(body=[Norm(), Activation(), conv])]),
                Norm(),
                Activation(),
                GroupPool(),
            ],
            head=Classifier(classes=10),
        )
    )


def search(name: str, strategy: str, seed: int) -> Search:
    """A search that does not end by itself."""
    task = digits(rotated=True, size=16) if name == "digits" else waves(length=64)
    space = digit_space() if name == "digits" else sequences(channels=1, length=64, classes=8, groups=("C1",))
    training = Training(epochs=EPOCHS, cooldown=1 / 3)
    return Search(
        space,
        task,
        constraints=[f"flops <= {LIMIT}"],
        trials=ENDLESS,
        seed=seed,
        training=training,
        strategy=strategy,
    )


def volume(directory: Path, chance: float) -> tuple[float, int, int]:
    """Hypervolume found, number of whole trainings, and number of paused candidates."""
    trials = Result(directory).trials
    scored = [t for t in trials if t.state == "scored" and t.cost]
    points = [(-t.scores["accuracy"], math.log10(t.cost.flops)) for t in scored if t.cost]
    return (
        hypervolume(points, (-chance, math.log10(LIMIT))),
        len(scored),
        sum(t.state == "stopped" for t in trials),
    )


def report(home: Path, names: list[str], strategies: list[str], seeds: int) -> None:
    """Print the comparison."""
    for name in names:
        first = None
        for strategy in strategies:
            where = [home / f"{name}-{strategy}-{seed}" for seed in range(seeds)]
            found = [volume(path, 0.1 if name == "digits" else 0.125) for path in where if path.exists()]
            if len(found) < 2:
                continue
            volumes = np.array([v for v, _, _ in found])
            print(f"{name:10s} {strategy:10s} {interval(volumes)}   {[(n, p) for _, n, p in found]} whole, paused")
            first = volumes if first is None else first
            if first is not volumes and len(first) == len(volumes):
                print(f"{'':10s} {strategies[0]} more by  {interval(first - volumes)}")


def interval(values: NDArray[np.float64]) -> str:
    """Mean and 95 % interval."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return f"{values.mean():.3f} ± {half:.3f}"


def main() -> None:
    """Run the searches, and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", default="runs/real_fronts", type=Path)
    parser.add_argument("--tasks", nargs="+", default=["digits", "sequences"])
    parser.add_argument("--strategies", nargs="+", default=["front", "tpe", "random"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first seed that is run; all seeds are reported")
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    if not given.report:
        for seed in range(given.first, given.seeds):
            for name in given.tasks:
                for strategy in given.strategies:
                    path = given.directory / f"{name}-{strategy}-{seed}"
                    search(name, strategy, seed).run(path, workers=1, hours=given.minutes / 60, watch=False)
                    print(path.name, *volume(path, 0.1), file=sys.stderr, flush=True)
    report(given.directory, given.tasks, given.strategies, given.seeds)


if __name__ == "__main__":
    main()
