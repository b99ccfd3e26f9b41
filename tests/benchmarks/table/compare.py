"""Strategies compared on a table, without training: epochs until a share of the best known hypervolume is reached.

    python -m tests.benchmarks.table.compare sequences
    python -m tests.benchmarks.table.compare images --strategies front tpe --workers 1 8
    python -m tests.benchmarks.table.compare images --strategies knowing --seeds 2

`knowing` is a bound: before it trains, it is told the mean score of each architecture under the table's other seeds.
Run i takes the scores of table seed i mod the number of complete seeds; with --mean, all take the means over seeds,
which hold less chance. The hypervolume is of the validation accuracy
above chance and of log10 FLOPs up to the dearest architecture; the best known is that of all architectures of the same
seed. Prints, for each strategy, median and quartiles of the epochs, and of their ratio to the first strategy's, paired;
and the ratio of the two medians with a 95 % interval, by a bootstrap over the runs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from archspec.architecture import Architecture
from search.hypervolume import hypervolume
from search.simulating import simulate
from search.strategies.strategy import Strategy
from spaces import Space
from tests.benchmarks.table.knowing import Knowing
from tests.benchmarks.table.spaces import EPOCHS, space

HERE = Path(__file__).parent
Array = NDArray[np.float64]
SHARES = (0.9, 0.95, 0.99)
DRAWS = 2_000  # of a bootstrap
CHANCE = {"sequences": 0.1, "images": 0.25}


class Table:
    """The curves of a space under one seed."""

    def __init__(self, name: str, rows: list[dict[str, Any]]) -> None:
        self.curves = {row["hash"]: row["curves"][str(EPOCHS)] for row in rows if "curves" in row}
        flops = {row["hash"]: math.log10(row["flops"]) for row in rows}
        self.reference = (-CHANCE[name], max(flops.values()))
        self.best = hypervolume([(-max(c), flops[key]) for key, c in self.curves.items()], self.reference)

    def __call__(self, architecture: Architecture) -> list[float]:
        """The scores after each epoch."""
        return list(self.curves.get(architecture.hash, []))


def rows(name: str) -> list[dict[str, Any]]:
    """What is known of each architecture of a space under each seed."""
    with gzip.open(HERE / f"{name}.jsonl.gz", "rt") as file:
        return [json.loads(line) for line in file]


def tables(name: str, space: Space, mean: bool = False) -> list[Table]:
    """The table of each seed under which every architecture was trained; or one of the means of their scores."""
    by_seed: dict[int, list[dict[str, Any]]] = {}
    for row in rows(name):
        by_seed.setdefault(row["seed"], []).append(row)
    whole = [found for _, found in sorted(by_seed.items()) if len(found) >= space.size()]
    if not mean:
        return [Table(name, found) for found in whole]
    curves: dict[str, list[list[float]]] = {}
    for row in (row for found in whole for row in found if "curves" in row):
        curves.setdefault(row["hash"], []).append(row["curves"][str(EPOCHS)])
    every = {key: {str(EPOCHS): np.mean(found, 0).tolist()} for key, found in curves.items()}
    return [Table(name, [{**row, "curves": every[row["hash"]]} for row in whole[0] if row["hash"] in every])]


def searched(table: Table, space: Space, strategy: str | Strategy, epochs: int, workers: int, seed: int) -> Array:
    """The share of the best known hypervolume after each epoch of a search, from 0."""
    found = simulate(space, table, strategy, epochs=epochs, workers=workers, seed=seed)
    reached = np.array([0.0, *found.hypervolumes(table.reference)]) / table.best
    return np.asarray(reached[np.searchsorted(found.epochs, np.arange(epochs + 1), side="right")])


def knowing(space: Space, known: list[Table], table: Table) -> Knowing:
    """Who is told the mean scores under the other seeds."""
    others = [other for other in known if other is not table]
    if not others:
        raise ValueError("a table of one seed says nothing of other ones")
    every = set.intersection(*(set(other.curves) for other in others))
    believed = {key: float(np.mean([max(other.curves[key]) for other in others])) for key in every}
    return Knowing(space, believed, table.reference)


def epochs_to(shares: Array) -> list[float]:
    """Epochs until each share of the best known hypervolume is reached; infinity where it is not."""
    return [float(np.argmax(shares >= share)) if shares[-1] >= share else math.inf for share in SHARES]


def quartiles(values: Array) -> str:
    """Median and quartiles of each column; the value in the middle, as some are infinite."""
    low, middle, high = (np.quantile(values, q, axis=0, method="higher") for q in (0.25, 0.5, 0.75))
    return "  ".join(f"{m:7.4g} ({a:.4g} … {b:.4g})" for a, m, b in zip(low, middle, high, strict=True))


def of_medians(values: Array, first: Array) -> str:
    """Ratio of the medians of two samples of paired runs (runs, shares), and its 95 % interval by a bootstrap."""
    drawn = np.random.default_rng(0).integers(len(values), size=(DRAWS, len(values)))
    every = np.concatenate([np.arange(len(values))[None], drawn])
    upper, lower = (np.quantile(each[every], 0.5, axis=1, method="higher") for each in (values, first))
    with np.errstate(invalid="ignore"):
        ratios = np.nan_to_num(upper / lower, nan=1.0, posinf=math.inf)
    ends = np.quantile(ratios[1:], (0.025, 0.975), axis=0, method="higher")
    return "  ".join(f"{m:7.3g} ({a:.3g} … {b:.3g})" for m, a, b in zip(ratios[0], *ends, strict=True))


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("sequences", "images"))
    parser.add_argument("--strategies", nargs="+", default=["tpe", "front", "nsga2", "evolve", "random"])
    parser.add_argument("--workers", type=int, nargs="+", default=[1])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=1_500)
    parser.add_argument("--mean", action="store_true", help="search the means of the scores over the table's seeds")
    parser.add_argument("--plot", type=Path, help="file of a picture, one for each number of workers")
    given = parser.parse_args()
    where = space(given.name)
    known = tables(given.name, where, given.mean)
    print(f"{given.name}: {int(where.size())} architectures, {len(known)} seeds of the table, {given.seeds} runs each")
    print(f"epochs to {', '.join(f'{100 * share:g} %' for share in SHARES)} of the best known hypervolume")
    for workers in given.workers:
        curves: dict[str, Array] = {}
        for strategy in given.strategies:
            began = time.perf_counter()
            shown = [(known[i % len(known)], i) for i in range(given.seeds)]
            made = [knowing(where, known, table) if strategy == "knowing" else strategy for table, _ in shown]
            runs = [(table, where, how, given.epochs, workers, i) for (table, i), how in zip(shown, made, strict=True)]
            curves[strategy] = np.array([searched(*run) for run in runs])
            values, first = (np.array([*map(epochs_to, curves[s])]) for s in (strategy, given.strategies[0]))
            seconds = (time.perf_counter() - began) / given.seeds
            print(f"{workers:3d} workers  {strategy:12s} {quartiles(values)}   {seconds:.1f} s a run", flush=True)
            with np.errstate(invalid="ignore"):
                ratio = np.nan_to_num(values / first, nan=1.0, posinf=math.inf)
            if len(curves) > 1:
                print(f"{'':12s} of {given.strategies[0]}'s     {quartiles(ratio)}")
                print(f"{'':12s} of its median {of_medians(values, first)}", flush=True)
        if given.plot:
            draw(curves, f"{given.name}, workers: {workers}", given.plot.with_stem(f"{given.plot.stem}_{workers}"))


def draw(curves: dict[str, Array], title: str, file: Path) -> None:
    """Plot the median share of the best known hypervolume by epochs, with quartiles."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot(title=title, xlabel="epochs of training", ylabel="share of the best known hypervolume")
    for name, found in curves.items():
        low, middle, high = np.quantile(found, (0.25, 0.5, 0.75), axis=0)
        (line,) = axes.plot(middle, label=name)
        axes.fill_between(np.arange(len(middle)), low, high, alpha=0.2, color=line.get_color())
    axes.set(ylim=(0.6, 1.0), xlim=(0, None))
    axes.legend(loc="lower right")
    figure.savefig(file, dpi=120)
    print(f"plotted {file}")


if __name__ == "__main__":
    main()
