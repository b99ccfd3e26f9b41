"""What it takes to learn the scores of a table, and what is left to train by one who has learned them.

    python -m tests.benchmarks.table.learning images

Random architectures are trained for 2, 6 or 12 epochs. From their scores the model of `front` predicts all others; the
best linear function from what it predicts to the scores of whole trainings is given to it, as no search could. Then
those are trained to the end that are expected to add most to the hypervolume, until 95 % of the best known is reached;
the model learns nothing more. Printed, as medians over runs: the epochs of both, their sum, and the correlation of what
is predicted with the scores of whole trainings, over all architectures and over the best fifth.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from archspec.architecture import price
from search.hypervolume import hypervolume
from search.strategies.features import Features
from search.strategies.gain import cells
from search.strategies.gaussian_process import GaussianProcess
from search.strategies.scale import Scale
from tests.benchmarks.table.compare import Array, Table, tables
from tests.benchmarks.table.spaces import EPOCHS, space

SHARE, MOST, FITTED, BEST = 0.95, 1_500, 160, 0.8
Indices = NDArray[np.intp]
SCALE = Scale([np.array([0.5])], np.ones(1))


class Scores:
    """Features, log10 FLOPs and scores after each epoch, the best so far, of all architectures of a table."""

    def __init__(self, name: str, table: Table) -> None:
        where = space(name)
        features = Features(where)
        found = [(values, a, price(a)) for a, values in where.fillings() if a.hash in table.curves]
        self.table, self.groups = table, features.groups
        self.places = np.stack([features.of(values, cost) for values, _, cost in found])
        self.flops = np.log10([cost.flops for *_, cost in found])
        self.curves = np.maximum.accumulate([table(a) for _, a, _ in found], 1)

    def whole(self) -> Array:
        """The scores of whole trainings, in the units of the model."""
        return SCALE.units(self.curves[:, -1:])

    def learned(self, chosen: Indices, epochs: int) -> Array:
        """What a model predicts that knows the scores of these after so many epochs."""
        y = SCALE.units(self.curves[chosen, epochs - 1 : epochs])
        model = GaussianProcess(self.groups)
        model.fit(self.places[chosen[:FITTED]], y[:FITTED])
        model.condition(self.places[chosen], y)
        return model.mean(self.places)

    def epochs_with(self, predicted: Array, done: Indices) -> float:
        """Epochs until the share of the hypervolume is reached, by whole trainings of what should add most.

        Args:
            predicted: in the units of the model.
            done: indices of what is trained to the end already.
        """
        whole = self.whole()
        slope, shift = np.polyfit(predicted, whole, 1)
        predicted = slope * predicted + shift
        deviation = np.full(len(whole), (whole - predicted).std())
        known, spent = list(done), 0
        lowest, highest = np.array([self.flops.min()]), np.array([self.flops.max()])
        while spent < MOST and self._reached(known) < SHARE * self.table.best:
            costs, scores = self.flops[known][:, None], self.curves[known, -1]
            front = cells(costs, scores, lowest, highest, -self.table.reference[0])
            gains = front.expected(self.flops[:, None], *SCALE.moments(predicted, deviation))
            gains[known] = -1
            known.append(int(np.argmax(gains)))
            spent += EPOCHS
        return spent

    def _reached(self, known: list[int]) -> float:
        return hypervolume([(-self.curves[i, -1], self.flops[i]) for i in known], self.table.reference)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("sequences", "images"))
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    every = [Scores(given.name, table) for table in tables(given.name, space(given.name))]
    print(f"{'trained':>8s} {'for epochs':>10s} {'learning':>9s} {'then':>5s} {'sum':>5s}  correlation (best fifth)")
    for epochs in (2, 6, EPOCHS):
        for count in (10, 20, 40, 80, 160):
            found = []
            for seed in range(given.seeds):
                scores = every[seed % len(every)]
                chosen = np.random.default_rng(seed).choice(len(scores.flops), count, replace=False)
                predicted, whole = scores.learned(chosen, epochs), scores.whole()
                left = scores.epochs_with(predicted, chosen if epochs == EPOCHS else chosen[:0])
                best = whole >= np.quantile(whole, BEST)
                related = [np.corrcoef(predicted[s], whole[s])[0, 1] for s in (np.ones(len(whole), bool), best)]
                found.append((left, *related))
            left, related, best = np.median(found, 0)
            learning = count * epochs
            print(
                f"{count:8d} {epochs:10d} {learning:9d} {left:5.0f} {learning + left:5.0f}  {related:.2f} ({best:.2f})"
            )


if __name__ == "__main__":
    main()
