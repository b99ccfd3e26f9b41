"""Copy memory and the adding problem by CKCNN, beside a plain network of long tables with as many parameters.

python tests/benchmarks/long_memory.py [copy100 copy200 adding200 adding1000]      # an hour and a half; three seeds
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from archspec import Activation, Architecture, Conv, Dense, Norm, Repeat, Residual, Series, price, published
from archspec.graph.block import Block
from search import Task, Training, adding_problem, copy_memory
from search.objectives import Score
from search.training.retraining import retrain

SEEDS = (101, 102, 103)
WORKERS = 1


class Case(NamedTuple):
    """One task, the published network, and the recipe: Adam at 1e-3, batches of 32, no decay, cosine to zero."""

    task: Callable[[], Task]
    network: Architecture
    epochs: int
    score: Score


CASES = {
    "copy100": Case(
        lambda: copy_memory(100), published.ckcnn_copy_memory(100, omega_0=19.2), 20, Score("recalled", True)
    ),
    "copy200": Case(
        lambda: copy_memory(200), published.ckcnn_copy_memory(200, omega_0=34.71), 20, Score("recalled", True)
    ),
    "adding200": Case(lambda: adding_problem(200), published.ckcnn_adding(200, omega_0=14.55), 4, Score("loss", False)),
    "adding1000": Case(
        lambda: adding_problem(1000), published.ckcnn_adding(1000, omega_0=18.19), 4, Score("loss", False)
    ),
}


def of_tables(like: Architecture) -> Architecture:
    """A causal residual network of the same width with kernels as long as its number of parameters allows."""
    head = like.head
    channels = 10 if isinstance(head, Dense) else 25
    length = like.input.grid[0]

    def made(size: int) -> Architecture:
        conv = Conv(channels=channels, kernel_size=size, causal=True)
        inner: list[Block] = [conv, Norm(type="group"), Activation(), conv, Norm(type="group"), Activation()]
        body = Repeat(times=2, body=[Residual(body=inner), Activation()])
        return Architecture(input=Series(channels=like.input.channels, length=length), body=[body], head=head)

    most = price(like).params
    return made(max(k for k in range(2, length) if price(made(k)).params <= most))


def main(names: list[str]) -> None:
    """Print a line for each network."""
    for name in names or list(CASES):
        case = CASES[name]
        training = Training(
            epochs=case.epochs, batch_size=32, learning_rate=1e-3, weight_decay=0.0, patience=None, label_smoothing=0.0
        )
        task = case.task()
        networks = {"CKCNN": case.network, "tables": of_tables(case.network)}
        for label, network in networks.items():
            began = time.monotonic()
            (scores,) = retrain([network], task, training, SEEDS, case.score, WORKERS)
            found = "  ".join(f"{s[case.score.name]:.6f}" for s in scores)
            cost = price(network)
            print(
                f"{name:<11} {label:<7} {cost.params:>7,} parameters {cost.flops / 1e6:>8.2f} MFLOP  "
                f"{case.score.name} {found}  ({time.monotonic() - began:.0f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
