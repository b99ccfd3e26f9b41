"""What coarse epochs tell and save, on the table's tasks: `python -m tests.benchmarks.coarse_epochs sequences 32`.

Random architectures of the table with kernels that are functions, trained for the table's 12 epochs, the first half at
half the sampling rate. The scores after 2, 4 and 6 epochs, coarse and (from the table) full, are compared by Kendall's
τ with full final scores, of the same seed and of another; final scores are compared in pairs; FLOPs and seconds are
those of a coarse epoch over a full one of the same training. Intervals of 95 % are over architectures. About 4 minutes
on one core.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau

from archspec import Architecture, price
from search import Task
from search.measures import at_rates, coarser
from search.objectives import Score
from search.outcome import Scored
from search.training.trainer import train
from tests.benchmarks.table.compare import HERE
from tests.benchmarks.table.spaces import EPOCHS, TRAINING, space, task

GOAL, AFTER, HALF = Score("accuracy", True), (2, 4, 6), EPOCHS // 2
Rows = NDArray[np.float64]


def known(name: str) -> dict[tuple[str, int], list[float]]:
    """The full curves of the table, by the hash of the architecture and the seed."""
    with gzip.open(HERE / f"{name}.jsonl.gz", "rt") as file:
        rows: list[dict[str, Any]] = [json.loads(line) for line in file]
    return {(row["hash"], row["seed"]): row["curves"][str(EPOCHS)] for row in rows if "curves" in row}


def trained(architecture: Architecture, data: Task, coarse: dict[int, float], seed: int) -> tuple[list[float], Rows]:
    """The curve of a training, and the seconds of each of its epochs."""
    ends = [time.process_time()]
    training = replace(TRAINING, coarse=coarse)
    outcome = train(architecture, data, training, seed, GOAL, each_epoch=lambda *_: ends.append(time.process_time()))
    assert isinstance(outcome, Scored), outcome
    return list(outcome.curve), np.diff(ends)


def tau(first: Rows, second: Rows) -> float:
    """Kendall's τ."""
    return float(kendalltau(first, second).statistic)


def shown(text: str, rows: Rows, statistic: Callable[[Rows], float]) -> str:
    """A line of a table: a statistic of the rows, with its interval over samples of them."""
    resampled = np.random.default_rng(0).integers(0, len(rows), (2_000, len(rows)))
    low, high = np.nanpercentile([statistic(rows[some]) for some in resampled], [2.5, 97.5])
    return f"| {text} | {statistic(rows):.2f} ({low:.2f} to {high:.2f}) |"


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("sequences", "images"))
    parser.add_argument("count", type=int)
    parser.add_argument("--coarse", type=json.loads, default={2: 0.5}, help='by default {"2": 0.5}')
    given = parser.parse_args()
    torch.set_num_threads(1)
    curves, data, coarse = known(given.name), task(given.name), TRAINING.__class__(coarse=given.coarse).coarse
    able = [a for a, _ in space(given.name).fillings() if at_rates(a, tuple(coarse)) and (a.hash, 0) in curves]
    found: list[list[float]] = []
    for architecture in random.Random(0).sample(able, given.count):
        curve, seconds = trained(architecture, data, coarse, seed=0)
        full, other = curves[architecture.hash, 0], curves[architecture.hash, 1]
        flops = price(coarser(architecture, 2)).flops / price(architecture).flops
        ratio = float(np.median(seconds[1:HALF]) / np.median(seconds[HALF + 1 :]))
        scores = [max(curve[:n]) for n in AFTER] + [max(full[:n]) for n in AFTER]
        found.append([*scores, max(curve[HALF:]), max(full), max(other), flops, ratio, curve[HALF - 1], curve[HALF]])
        print(f"{len(found)} {[round(x, 3) for x in found[-1]]}", file=sys.stderr, flush=True)
    rows = np.array(found)
    print(f"{given.name}, {given.count} architectures, coarse {coarse}, 95 % intervals\n\n| | |\n|---|---|")
    for final, whose in ((7, "the same seed"), (8, "another seed")):
        for kind, first in (("coarse", 0), ("full", len(AFTER))):
            for at, epochs in enumerate(AFTER, first):
                text = f"τ of {kind} scores after {epochs} epochs with full final scores of {whose}"
                print(shown(text, rows, lambda x, a=at, f=final: tau(x[:, a], x[:, f])))
    print(shown("τ of full final scores of the two seeds", rows, lambda x: tau(x[:, 7], x[:, 8])))
    print(shown("final score, first half coarse minus full", rows, lambda x: float((x[:, 6] - x[:, 7]).mean())))
    print(
        shown(
            "the same in means over seeds: another seed minus full", rows, lambda x: float((x[:, 8] - x[:, 7]).mean())
        )
    )
    print(shown("FLOPs at half the rate over full", rows, lambda x: float(x[:, 9].mean())))
    print(shown("seconds of a coarse epoch over a full one", rows, lambda x: float(x[:, 10].mean())))
    print(
        shown(
            "score of the first full epoch minus the last coarse one",
            rows,
            lambda x: float((x[:, 12] - x[:, 11]).mean()),
        )
    )


if __name__ == "__main__":
    main()
