"""What the scores of a few epochs tell of whole trainings: rank correlations on the tables.

    python -m tests.benchmarks.table.fidelities sequences images

Kendall's τ, with 95 % intervals by a bootstrap over the architectures, between the best score of so many epochs under
one seed and the final score under another, the mean over all pairs of seeds. Beside it, what two whole trainings of the
same architecture have. `paused`: the first epochs of a whole training; `whole`: a training with a schedule of its own.
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np

from search.correlations import INTERVAL, kendall, resampled
from tests.benchmarks.table.compare import Array, rows
from tests.benchmarks.table.spaces import EPOCHS

RESAMPLES = 300


def scores(name: str) -> dict[tuple[int, int], Array]:
    """The best score so far (architectures,), by seed, length of the training and epoch, from 1."""
    trained = [row for row in rows(name) if "curves" in row]
    by_seed = {seed: {row["hash"]: row["curves"] for row in trained if row["seed"] == seed} for seed in range(3)}
    known = {seed: curves for seed, curves in by_seed.items() if len(curves) > len(by_seed[0]) / 2}
    names = sorted(set.intersection(*(set(curves) for curves in known.values())))
    return {
        (seed, length): np.maximum.accumulate([curves[name][str(length)] for name in names], 1)
        for seed, curves in known.items()
        for length in sorted(int(key) for key in curves[names[0]])
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=("sequences", "images"))
    for name in parser.parse_args().names:
        found = scores(name)
        seeds = sorted({seed for seed, _ in found})
        count = len(found[seeds[0], EPOCHS])
        counts = resampled(count, RESAMPLES)
        print(f"{name}: {count} architectures, {len(seeds)} seeds")
        for length in sorted({length for _, length in found}):
            for epoch in (1, 2, 3, 4, 6, 8, 10, 12) if length == EPOCHS else (length,):
                pairs = itertools.permutations(seeds, 2)
                taus = np.mean(
                    [kendall(found[a, length][:, epoch - 1], found[b, EPOCHS][:, -1], counts) for a, b in pairs], 0
                )
                low, high = np.quantile(taus, INTERVAL)
                kind = "paused" if epoch < length else "whole"
                print(f"{epoch:3d} epochs, {kind:6s}  {taus[0]:.2f} ({low:.2f} to {high:.2f})", flush=True)


if __name__ == "__main__":
    main()
