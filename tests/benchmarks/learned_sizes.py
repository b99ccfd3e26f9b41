"""Sizes learned by backpropagation (strategy `gradient`) against sampled ones, for the same FLOPs of training.

    python -m tests.benchmarks.learned_sizes compare sequences --seeds 3
    python -m tests.benchmarks.learned_sizes budgets images

`compare` searches a space by `gradient`, `front` and `random` until so many FLOPs of training are spent, and prints the
hypervolume of the front by its accuracy on test data above chance and log10 FLOPs, and the accuracy within four prices,
beside a published network of that price. `budgets`
learns sizes from 0.3, 1 and 3 times the price of three budgets, plain and on C4 (D1 for sequences), and prints by how
much the extracted price differs from the budget, and how much cheaper steps have become.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch

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
    Pointwise,
    Repeat,
    Residual,
    Series,
    Siren,
    Table,
    published,
)
from archspec.architecture import price
from search import Search, Task, Training, digits
from search.hypervolume import hypervolume
from search.masks.learnable import Learnable, learnable
from search.masks.learning import Learning, SizeLoop, begun
from search.objectives import goal_of, parse_objective
from search.outcome import Scored
from search.result import Result
from search.strategies.gradient import Gradient
from search.tasks.task import batches
from search.training.evaluation import evaluate
from search.training.trainer import train
from search.training.weights import load_network
from spaces import Space, choice, integer
from tests.benchmarks.table.spaces import task as table_task

OBJECTIVES = ("maximize accuracy", "minimize flops")
TRAINING = Training(epochs=20, batch_size=64, patience=None, device="cpu")
ROUNDS = 4
STRATEGIES = ("gradient", "gradient at random", "front", "random")


def space(name: str) -> Space:
    """Group and kind of kernel are drawn; width, depth and kernel size can be learned."""
    sequences = name == "sequences"
    width = integer("width", 4, 32)
    size = choice(*range(3, 24, 2), name="size") if sequences else choice(3, 5, 7, name="size")
    kernel = choice(Table(), Siren(), name="kernel")
    conv = Conv(channels=width, kernel_size=size, kernel=kernel, factorisation="group_separable")
    body = [
        Lift(group=choice(*(("C1", "D1") if sequences else ("C1", "C4")), name="group"), channels=width, kernel_size=3),
        Norm(),
        Activation(),
        Repeat(
            times=integer("depth", 1, 4),
            body=[Residual(body=[conv, Norm(), Activation(), Pointwise(channels=width)])],
        ),
        GroupPool(),
    ]
    given = Series(channels=1, length=40) if sequences else Image(channels=1, size=(16, 16))
    return Space(Architecture(input=given, body=body, head=Classifier(classes=10)))


def task(name: str) -> Task:
    """Ten smooth curves; or digits at random angles."""
    return table_task("sequences") if name == "sequences" else digits(size=16, rotated=True)


def flops(architecture: Architecture) -> float:
    """What has a budget."""
    return float(price(architecture).flops)


def sizes(name: str, group: str = "C1", kernel: str = "table") -> Learnable:
    """The sizes that are learned, with the other decisions fixed."""
    return learnable(space(name), {"group": group, "kernel": kernel, "width": 8, "depth": 2, "size": 5}, flops)


def compare(name: str, seeds: int, strategies: Sequence[str]) -> None:
    """Print the hypervolumes of strategies for the same FLOPs of training, and accuracies within four prices."""
    where, data, known = space(name), task(name), sizes(name)
    prices = [known.fillings.at([size.values[end] for size in known.fillings.sizes]).price for end in (0, -1)]
    each = [prices[0] * (prices[1] / prices[0]) ** ((place + 0.5) / 4) for place in range(4)]
    examples = sum(len(y) for _, y in batches(data.train, 256))
    total = ROUNDS * sum(each) * 3 * TRAINING.epochs * examples
    reference = (-0.1, math.log10(prices[1] * 4))
    print(f"{name}: {total:.3g} FLOPs of training; test accuracy within {', '.join(f'{cap:.3g}' for cap in each)}")
    for strategy in strategies or STRATEGIES:
        found, within, counts = [], [], []
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as directory:
                search = Search(
                    where, data, OBJECTIVES, strategy=_made(strategy, where), trials=60, training=TRAINING, seed=seed
                )
                result = search.run(directory, workers=1, watch=None, total_flops=total)
                found.append(hypervolume(_points(result), reference))
                within.append([_within(result, cap) for cap in each])
                counts.append(sum(trial.state == "scored" for trial in result.trials))
        each_run = ", ".join(f"{x:.3f}" for x in found)
        print(
            f"{strategy:18s} hypervolume {spread(found)} ({each_run}), {mean(counts):.0f} trained; "
            + ", ".join(spread(values) for values in zip(*within, strict=True)),
            flush=True,
        )
    _published(name, data, each, seeds)


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Mean and standard deviation."""
    return f"{mean(values):.{digits}f} ± {stdev(values) if len(values) > 1 else 0.0:.{digits}f}"


def _within(result: Result, cap: float) -> float:
    """The accuracy on test data of what is best on validation data within a price; 0.1 if nothing is."""
    cheap = [trial for trial in result.front if trial.cost and trial.cost.flops <= cap]
    return max(cheap, key=lambda trial: trial.scores["accuracy"]).test()["accuracy"] if cheap else 0.1


def _published(name: str, data: Task, caps: Sequence[float], seeds: int) -> None:
    """Print the accuracy on test data of a published network, as wide as a price allows."""
    goal = goal_of([parse_objective(text) for text in OBJECTIVES], data.kind)
    for cap in caps:
        made = [_network(name, channels) for channels in range(2, 65)]
        if not (fitting := [architecture for architecture in made if flops(architecture) <= cap]):
            print(f"published          none within {cap:.3g}")
            continue
        widest, scores = fitting[-1], []
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as directory:
                weights = Path(directory) / "weights"
                outcome = train(widest, data, TRAINING, seed, goal, weights=weights)
                assert isinstance(outcome, Scored)
                assert data.test is not None
                scores.append(evaluate(load_network(widest, weights), data, data.test)["accuracy"])
        print(f"published          within {cap:.3g}: {flops(widest):.3g} FLOPs, {spread(scores)}", flush=True)


def _network(name: str, channels: int) -> Architecture:
    """CCNN of two blocks; or P4CNN with a border of zeros, on the grid of the digits."""
    if name == "sequences":
        return published.ccnn(Series(channels=1, length=40), 10, blocks=2, channels=channels, kernel=Magnet())
    return published.p4cnn(Image(channels=1, size=(16, 16)), 10, channels=channels, padding="same")


def _made(strategy: str, where: Space) -> Any:
    return Gradient(where, budgets=4, others="random") if strategy == "gradient at random" else strategy


def _points(result: Result) -> list[tuple[float, float]]:
    """Of the front: minus the accuracy on test data, and log10 FLOPs."""
    return [(-trial.test()["accuracy"], math.log10(trial.cost.flops)) for trial in result.front if trial.cost]


def budgets(name: str, seeds: int, groups: Sequence[str], reachable: bool = False) -> None:
    """Print how near extracted prices are to their budgets: any, or only prices that the space has."""
    data, training = task(name), Training(epochs=16, batch_size=64, patience=None, device="cpu")
    goal, worst = goal_of([parse_objective(text) for text in OBJECTIVES], data.kind), 0.0
    for group in groups or ("C1", "D1" if name == "sequences" else "C4"):
        known = sizes(name, group)
        low, high = (known.fillings.at([s.values[end] for s in known.fillings.sizes]).price for end in (0, -1))
        prices = [
            known.fillings.at(values).price for values in product(*(size.values for size in known.fillings.sizes))
        ]
        for share, factor in product((0.35, 0.5, 0.65), (0.3, 1.0, 3.0)):
            budget, off, cheaper = low * (high / low) ** share, [], []
            if reachable:
                budget = prices[int(np.argmin([abs(price / budget - 1) for price in prices]))]
            for seed in range(seeds):
                start = begun(known, factor * budget)
                loop = SizeLoop(known, Learning(budget, share=1.0), data, training, seed, goal, start)
                loop.epochs, before, times = 16, loop.model.network.cost().flops, list[float]()
                while not loop.finished:
                    began = time.process_time()
                    assert loop.epoch(lambda: None) is None
                    times.append(time.process_time() - began)
                ratio = loop.model.network.cost().flops / before
                off.append(flops(loop.settle().architecture) / budget - 1)
                cheaper.append((ratio, times[-1] / times[0]))
            worst = max(worst, *(abs(x) for x in off))
            steps, spent = (mean(x) for x in zip(*cheaper, strict=True))
            print(
                f"{name} {group} budget {budget:.3g} from {factor} times it: off by "
                f"{', '.join(f'{100 * x:+.1f}' for x in off)} %; FLOPs of a step × {steps:.2f}, CPU time × {spent:.2f}",
                flush=True,
            )
    print(f"worst {100 * worst:.1f} %")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("compare", "budgets"))
    parser.add_argument("name", nargs="?", default="sequences", choices=("sequences", "images"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=(), help="of compare some strategies, of budgets some groups")
    parser.add_argument("--reachable", action="store_true", help="budgets are the nearest prices that the space has")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.what == "compare":
        compare(given.name, given.seeds, given.only)
    else:
        budgets(given.name, given.seeds, given.only, given.reachable)


if __name__ == "__main__":
    main()
