"""What coarse epochs tell and save, on the table's tasks: `python -m tests.benchmarks.coarse_epochs sequences 48`.

Random architectures of the table with kernels that are functions, trained for the table's 12 epochs, the first half (or
`--share`) at half the sampling rate. The scores after 2, 4 and 6 epochs, coarse and (from the table) full, are compared
by Kendall's τ with full final scores, of the same seed and of the next; final scores are compared in pairs; FLOPs and
seconds are those of a coarse epoch over a full one of the same training. Figures are means over seeds, intervals of
95 % are over architectures. About five minutes on one core for the sequences, and for 32 architectures of the images.
`unpooled` are architectures of the images without their pooling, whose full trainings are not in the table: 12 of them
take about fifteen minutes.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau

from archspec import Architecture, Pool, price
from search import Task
from search.measures import at_rates, coarser
from search.objectives import Score
from search.outcome import Scored
from search.training.trainer import train
from tests.benchmarks.table.compare import rows
from tests.benchmarks.table.spaces import EPOCHS, TRAINING, space, task

GOAL, AFTER, FACTOR = Score("accuracy", True), (2, 4, 6), 2
SEEDS = {"sequences": (0, 1, 2), "images": (0, 1), "unpooled": (0, 1)}
Rows = NDArray[np.float64]


def known(name: str) -> dict[tuple[str, int], list[float]]:
    """The full curves of the table, by the hash of the architecture and the seed."""
    return {(row["hash"], row["seed"]): row["curves"][str(EPOCHS)] for row in rows(name) if "curves" in row}


def drawn(name: str, count: int) -> list[Architecture]:
    """Random architectures that can be sampled more coarsely."""
    everything = (a for a, _ in space("images" if name == "unpooled" else name).fillings())
    able = random.Random(0).sample([a for a in everything if at_rates(a, (FACTOR,))], count)
    if name != "unpooled":
        return able
    return [a.model_copy(update={"body": tuple(b for b in a.body if not isinstance(b, Pool))}) for a in able]


def trained(architecture: Architecture, data: Task, share: float, seed: int) -> tuple[list[float], Rows]:
    """The curve of a training, and the seconds of each of its epochs."""
    ends = [time.process_time()]
    training = replace(TRAINING, coarse={FACTOR: share})
    outcome = train(architecture, data, training, seed, GOAL, each_epoch=lambda *_: ends.append(time.process_time()))
    assert isinstance(outcome, Scored), outcome
    return list(outcome.curve), np.diff(ends)


def tau(first: Rows, second: Rows) -> float:
    """Kendall's τ."""
    return float(kendalltau(first, second).statistic)


def related(one: int, other: int, values: Rows) -> float:
    """Kendall's τ of two columns."""
    return tau(values[:, one], values[:, other])


def middle(column: int, values: Rows) -> float:
    """The mean of a column."""
    return float(values[:, column].mean())


def shown(text: str, values: Rows, statistic: Callable[[Rows], float]) -> str:
    """A line of a table: the mean over seeds of a statistic of (architectures, columns), with its interval."""

    def mean(some: Rows) -> float:
        return float(np.mean([statistic(some[:, seed]) for seed in range(some.shape[1])]))

    resampled = np.random.default_rng(0).integers(0, len(values), (1_000, len(values)))
    low, high = np.nanpercentile([mean(values[some]) for some in resampled], [2.5, 97.5])
    return f"| {text} | {mean(values):.2f} ({low:.2f} to {high:.2f}) |"


def measured(name: str, count: int, share: float) -> Rows:
    """For each architecture and seed: scores coarse and full after the epochs, finals, FLOPs, seconds, and the step."""
    pooled = name != "unpooled"
    data, seeds, coarse = task(name if pooled else "images"), SEEDS[name], math.floor(EPOCHS * share)
    curves = known(name) if pooled else {}
    found: list[list[list[float]]] = []
    for architecture in drawn(name, count):
        flops = price(coarser(architecture, FACTOR)).flops / price(architecture).flops
        if not pooled:
            curves |= {(architecture.hash, seed): trained(architecture, data, 0.0, seed)[0] for seed in seeds}
        each = []
        for seed in seeds:
            curve, seconds = trained(architecture, data, share, seed)
            full = curves[architecture.hash, seed]
            finals = max(curve[coarse:]), max(full), max(curves[architecture.hash, (seed + 1) % len(seeds)])
            ratio = float(np.median(seconds[1:coarse]) / np.median(seconds[coarse + 1 :]))
            scores = [max(c[:n]) for c in (curve, full) for n in AFTER]
            each.append([*scores, *finals, flops, ratio, curve[coarse] - curve[coarse - 1]])
        found.append(each)
        print(f"{len(found)} {np.round(each, 3).tolist()}", file=sys.stderr, flush=True)
    return np.array(found)


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=tuple(SEEDS))
    parser.add_argument("count", type=int)
    parser.add_argument("--share", type=float, default=0.5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    values = measured(given.name, given.count, given.share)
    seeds = len(SEEDS[given.name])
    print(f"{given.name}, {given.count} architectures, {seeds} seeds, share {given.share}\n\n| | |\n|---|---|")
    if given.share >= AFTER[-1] / EPOCHS:
        for final, whose in ((7, "the same seed"), (8, "another seed")):
            for at, kind in enumerate(("coarse", "full")):
                for i, epochs in enumerate(AFTER, at * len(AFTER)):
                    text = f"τ of {kind} scores after {epochs} epochs with full final scores of {whose}"
                    print(shown(text, values, partial(related, i, final)))
    print(shown("τ of full final scores with those of another seed", values, lambda x: tau(x[:, 7], x[:, 8])))
    last = "τ of final scores, coarse at first, with full ones of another seed"
    print(shown(last, values, lambda x: tau(x[:, 6], x[:, 8])))
    print(shown("final score, coarse at first minus full", values, lambda x: float((x[:, 6] - x[:, 7]).mean())))
    print(f"| of it, by seed | {', '.join(f'{d:.3f}' for d in (values[..., 6] - values[..., 7]).mean(0))} |")
    print(f"| full final scores, by seed | {', '.join(f'{d:.3f}' for d in values[..., 7].mean(0))} |")
    for column, text in (
        (9, "FLOPs of a coarse epoch over a full one"),
        (10, "seconds of a coarse epoch over a full one"),
        (11, "score of the first full epoch minus that of the last coarse one"),
    ):
        print(shown(text, values, partial(middle, column)))


if __name__ == "__main__":
    main()
