"""What each idea of the strategy `front` gives: a table searched without it.

    python -m tests.benchmarks.table.ablation sequences

Run i takes the scores of table seed i mod the number of complete seeds. Prints, for each variant, median and quartiles
of the epochs until 90, 95 and 99 % of the best known hypervolume are reached.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from unittest.mock import patch

import numpy as np

from search.objectives import parse_objective
from search.strategies import features, gaussian_process
from search.strategies.front import FrontStrategy
from search.strategies.strategy import Strategy
from spaces import Space
from tests.benchmarks.table.compare import epochs_to, quartiles, searched, tables
from tests.benchmarks.table.spaces import space

OBJECTIVES = [parse_objective(text) for text in ("maximize accuracy", "minimize flops")]
VARIANTS: dict[str, Callable[[Space], str | Strategy]] = {
    "front": lambda space: "front",
    "all trained to the end": lambda space: FrontStrategy(space, OBJECTIVES, pause=1),
    "no first candidates": lambda space: FrontStrategy(space, OBJECTIVES, design=0),
    "no exploration": lambda space: FrontStrategy(space, OBJECTIVES, explore=0),
    "one function of all decisions": lambda space: "front",
    "no receptive fields": lambda space: "front",
    "costs to be learned (gp)": lambda space: "gp",
    "no model, pauses (halving)": lambda space: "halving",
    "no model (random)": lambda space: "random",
}
# The constant of a module that is replaced for a variant.
REPLACED = {
    "one function of all decisions": (gaussian_process, "ADDITIVE", 0.0),
    "no receptive fields": (features, "LEAST_SHARE", 1e3),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("sequences", "images"))
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=1_500)
    given = parser.parse_args()
    where = space(given.name)
    known = tables(given.name, where)
    for name in given.variants:
        with patch.object(*REPLACED[name]) if name in REPLACED else nullcontext():
            runs = [
                epochs_to(searched(known[i % len(known)], where, VARIANTS[name](where), given.epochs, 1, i))
                for i in range(given.seeds)
            ]
        print(f"{name:32s} {quartiles(np.array(runs))}", flush=True)


if __name__ == "__main__":
    main()
