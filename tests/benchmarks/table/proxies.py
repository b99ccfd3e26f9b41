"""What zero-cost proxies tell of the scores of the table: Kendall's τ, beside parameters and FLOPs.

    python -m tests.benchmarks.table.proxies images sequences

The proxies of randomly drawn architectures as they are initialised under seed 0, and their validation scores after the
last epoch, the means over the seeds of the table. Beside them τ between the scores of two of its seeds, which no
knowledge of an architecture can surpass by much. Nothing is trained.
"""

from __future__ import annotations

import argparse
import random
import time
from itertools import combinations
from statistics import fmean

import torch
from scipy.stats import kendalltau

from archspec import price
from search.correlations import correlations
from search.training.proxies import PROXIES, proxies_of
from tests.benchmarks.table.compare import tables
from tests.benchmarks.table.spaces import space, task


def main() -> None:
    """Print the correlations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=("sequences", "images"))
    parser.add_argument("--count", type=int, default=100)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.names:
        where, data, (table,) = space(name), task(name), tables(name, space(name), mean=True)
        filled = {a.hash: a for a in where.enumerate() if table(a)}
        drawn = [filled[key] for key in random.Random(0).sample(sorted(filled), min(given.count, len(filled)))]
        values: dict[str, list[float]] = {key: [] for key in ("params", "flops", *PROXIES)}
        began = time.perf_counter()
        for architecture in drawn:
            cost = price(architecture)
            known = {"params": cost.params, "flops": cost.flops} | proxies_of(architecture, data, seed=0)
            for key, value in known.items():
                values[key].append(value)
        each = (time.perf_counter() - began) / len(drawn)
        print(f"{name}: {len(drawn)} architectures, {each:.2f} s each\n")
        print(correlations(values, [table(architecture)[-1] for architecture in drawn], "accuracy"))
        each_seed = [[found(architecture)[-1] for architecture in drawn] for found in tables(name, where)]
        ceiling = [kendalltau(a, b).statistic for a, b in combinations(each_seed, 2)]
        print(f"τ between two seeds: {fmean(ceiling):.2f}\n" if ceiling else "The table has one seed.\n")


if __name__ == "__main__":
    main()
