"""Other tools on the table, each in an environment of its own, which need not have this project.

    python3 -m venv syne && syne/bin/pip install syne-tune
    syne/bin/python tests/benchmarks/table/peers.py moasha
    python3 -m venv neps && neps/bin/pip install neural-pipeline-search
    neps/bin/python tests/benchmarks/table/peers.py primo

Prints median and quartiles of the epochs until a share of the best known hypervolume is reached, as `compare` does for
our strategies. What is measured is in favour of the peers: every score after any epoch counts, where of ours only whole
trainings do; and costs, which are known here before training, are told to them with the first score.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHARES = (0.9, 0.95, 0.99)
CHANCE = {"sequences": 0.1, "images": 0.25}
EPOCHS = 12
Row = tuple[list[float], float]


def tables(name: str) -> tuple[dict[str, list[Any]], list[dict[str, Row]]]:
    """The options of each decision, and for each whole seed the curves and log10 FLOPs by the values."""
    with gzip.open(HERE / f"{name}.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    seeds: dict[int, dict[str, Row]] = {}
    for row in rows:
        curve = row.get("curves", {}).get(str(EPOCHS), [])
        seeds.setdefault(row["seed"], {})[key(row["values"])] = curve, math.log10(row["flops"])
    size = max(map(len, seeds.values()))
    options = {n: sorted({row["values"][n] for row in rows}, key=str) for n in rows[0]["values"]}
    return options, [table for _, table in sorted(seeds.items()) if len(table) == size]


def key(values: dict[str, Any]) -> str:
    """One text for the same values."""
    return json.dumps({name: values[name] for name in sorted(values)})


def area(points: list[tuple[float, float]], worst: float, dearest: float) -> float:
    """The area that points of log10 FLOPs and score dominate."""
    found, best = 0.0, worst
    ordered = sorted(points, key=lambda p: (p[0], -p[1]))
    for (cost, score), following in zip(ordered, [*(c for c, _ in ordered[1:]), dearest], strict=True):
        best = max(best, score)
        found += (best - worst) * (min(following, dearest) - min(cost, dearest))
    return found


class Counted:
    """The hypervolume after each epoch of a run."""

    def __init__(self, name: str, table: dict[str, Row], budget: int) -> None:
        self.table, self.budget, self.spent = table, budget, 0
        self.reference = CHANCE[name], max(cost for _, cost in table.values())
        self.best = area([(c, max(curve)) for curve, c in table.values() if curve], *self.reference)
        self.points: list[tuple[float, float]] = []
        self.reached = dict.fromkeys(SHARES, math.inf)

    def trained(self, values: dict[str, Any], begin: int, end: int) -> tuple[float, float]:
        """Spend epochs; returns the best score so far, and log10 FLOPs."""
        curve, cost = self.table[key(values)]
        self.spent += end - begin
        score = max(curve[:end], default=self.reference[0])
        self.points.append((cost, score))
        share = area(self.points, *self.reference) / self.best
        self.reached = {s: e if e < math.inf or share < s else self.spent for s, e in self.reached.items()}
        return score, cost

    @property
    def over(self) -> bool:
        """Whether nothing is left to spend, or all shares are reached."""
        return self.spent >= self.budget or all(e < math.inf for e in self.reached.values())


def moasha(options: dict[str, list[Any]], run: Counted, seed: int) -> None:
    """Syne Tune's MOASHA, from one epoch on, with a worker; what is not promoted at a rung is stopped."""
    numpy, config = importlib.import_module("numpy"), importlib.import_module("syne_tune.config_space")
    made = importlib.import_module("syne_tune.optimizer.schedulers.multiobjective.moasha").MOASHA
    one = importlib.import_module("syne_tune.backend.trial_status").Trial
    numpy.random.seed(seed)
    random.seed(seed)
    space = {name: config.choice(found) for name, found in options.items()}
    scheduler = made(space, metrics=["error", "cost"], max_t=EPOCHS, time_attr="epoch", random_seed=seed)
    number = 0
    while not run.over:
        values = scheduler.suggest().config
        trial = one(trial_id=number, config=values, creation_time=None)
        scheduler.on_trial_add(trial)
        number += 1
        for epoch in range(1, EPOCHS + 1):
            score, cost = run.trained(values, epoch - 1, epoch)
            if scheduler.on_trial_result(trial, {"error": 1 - score, "cost": cost, "epoch": epoch}) == "STOP":
                break


def neps(optimizer: str, options: dict[str, list[Any]], run: Counted, seed: int) -> None:
    """NePS with one worker; a configuration that is trained for more epochs goes on from those before."""
    package = importlib.import_module("neps")
    algorithms = importlib.import_module("neps.optimizers.algorithms")
    classic = importlib.import_module("neps.space.neps_spaces.neps_space").convert_neps_to_classic_search_space
    importlib.import_module("numpy").random.seed(seed)
    importlib.import_module("torch").manual_seed(seed)
    random.seed(seed)
    kinds: dict[str, Any] = {name: package.Categorical(tuple(found)) for name, found in options.items()}
    kinds["epochs"] = package.IntegerFidelity(1, EPOCHS)
    space = classic(type("Table", (package.PipelineSpace,), kinds)())
    # PriMO without priors, of which there are none here.
    made = algorithms.primo(space, prior_centers={}) if optimizer == "primo" else algorithms.mo_hyperband(space)
    optimiser = importlib.import_module("neps.optimizers.ask_and_tell").AskAndTell(made)
    known: dict[str, int] = {}
    while not run.over:
        trial = optimiser.ask()
        values = dict(trial.config)
        end = int(values.pop("epochs", EPOCHS))
        name = key(values)
        before = known.get(name, 0)
        # One that is asked for again at no more epochs is trained again, as NePS does.
        score, cost = run.trained(values, before if before < end else 0, end)
        known[name] = max(known.get(name, 0), end)
        optimiser.tell(trial, [1 - score, cost])


def quartiles(values: list[float]) -> Iterator[float]:
    """Median, first and third quartile."""
    ordered = sorted(values)
    return (ordered[math.ceil(q * (len(ordered) - 1))] for q in (0.5, 0.25, 0.75))


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=("moasha", "primo", "mo_hyperband"))
    parser.add_argument("name", nargs="?", default="sequences", choices=("sequences", "images"))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=1_500)
    given = parser.parse_args()
    options, known = tables(given.name)
    reached: list[dict[float, float]] = []
    for seed in range(given.seeds):
        run = Counted(given.name, known[seed % len(known)], given.epochs)
        try:
            moasha(options, run, seed) if given.peer == "moasha" else neps(given.peer, options, run, seed)
        except Exception as error:
            if not run.over:
                raise RuntimeError(f"{given.peer} ended after {run.spent} epochs: {error}") from error
        reached.append(run.reached)
    for share in SHARES:
        middle, low, high = quartiles([one[share] for one in reached])
        print(f"{given.name}  {given.peer}  {100 * share:g} %: {middle:g} epochs ({low:g} … {high:g})")


if __name__ == "__main__":
    main()
