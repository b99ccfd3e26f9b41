"""Whole searches by `front` whose candidates begin from random weights, or from those of the most similar one before.

    python -m tests.benchmarks.table.inheriting sequences

Searches that train, on the task and the space of a table, until so many epochs are spent. Printed for both, the median
and quartiles over seeds, and the mean of the paired differences with a 95 % interval (Student's t): epochs until 90, 95
and 99 % of the best hypervolume of the table are found; the hypervolume in the end, as a share of that, of what is
found (validation data, and test data), and of the same architectures with the table's own scores, the means of fresh
trainings.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import replace

import numpy as np
import torch
from scipy import stats

from search import Search
from search.hypervolume import hypervolume
from spaces import Space
from tests.benchmarks.table.compare import Array, Table, quartiles, tables
from tests.benchmarks.table.spaces import TRAINING, space, task

REACHED = (0.9, 0.95, 0.99)
COLUMNS = (*(f"epochs to {100 * share:g} %" for share in REACHED), "found", "on test data", "trained anew")
ENDLESS = 100_000


def searched(name: str, where: Space, table: Table, mean: Table, inherit: bool, epochs: int, seed: int) -> list[float]:
    """What is printed of one search."""
    search = Search(
        where,
        task(name),
        ("maximize accuracy", "minimize flops"),
        trials=ENDLESS,
        training=replace(TRAINING, inherit=inherit),
        seed=seed,
    )
    with tempfile.TemporaryDirectory() as directory:
        result = search.run(directory, workers=1, watch=None, total_epochs=epochs)
        anytime = result.anytime({"accuracy": -table.reference[0], "flops": 10 ** table.reference[1]})
        reached = [next((spent for spent, volume in anytime if volume >= s * table.best), math.inf) for s in REACHED]
        front = [(trial, math.log10(trial.cost.flops)) for trial in result.front if trial.cost]
        test = [(-trial.test()["accuracy"], flops) for trial, flops in front]
        fresh = [(-max(mean(trial.architecture)), flops) for trial, flops in front if trial.architecture]
        found = (hypervolume(points, table.reference) / table.best for points in (test, fresh))
        return [*map(float, reached), anytime[-1][1] / table.best, *found]


def compared(values: Array, others: Array) -> str:
    """The mean of the paired differences of each column, with half a 95 % interval; of those that are finite."""
    said = []
    for a, b in zip(values.T, others.T, strict=True):
        left = (a - b)[np.isfinite(a) & np.isfinite(b)]
        half = stats.t.ppf(0.975, len(left) - 1) * left.std(ddof=1) / math.sqrt(len(left)) if len(left) > 1 else np.nan
        said.append(f"{left.mean() if len(left) else np.nan:+.3g} ± {half:.2g}")
    return "  ".join(said)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("sequences", "images"))
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=240)
    parser.add_argument("--only", nargs="+", default=["random", "inherited"], choices=["random", "inherited"])
    given = parser.parse_args()
    torch.set_num_threads(1)
    where = space(given.name)
    known, (mean,) = tables(given.name, where), tables(given.name, where, mean=True)
    print(f"{given.name}, {given.seeds} searches of {given.epochs} epochs: {', '.join(COLUMNS)}")
    found = {
        kind: np.array(
            [
                searched(given.name, where, known[i % len(known)], mean, kind == "inherited", given.epochs, i)
                for i in range(given.seeds)
            ]
        )
        for kind in given.only
    }
    for kind, values in found.items():
        print(f"{kind:10s} {quartiles(values)}")
    if len(found) == 2:
        print(f"inherited − random: {compared(found['inherited'], found['random'])}")


if __name__ == "__main__":
    main()
