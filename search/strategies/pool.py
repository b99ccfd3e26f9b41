"""A pool of priced architectures, from which a strategy chooses."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archspec.architecture import Architecture, price
from archspec.graph.cost import Cost
from archspec.graph.signal import SignalError
from archspec.schema.hole import Scalar
from search.strategies.features import Features
from search.strategies.strategy import Budget
from spaces import Space

Array = NDArray[np.float64]
Values = Mapping[str, Scalar]
# A space of up to this many fillings is in the pool as a whole, of a larger one so many random fillings.
SIZE = 2_048
# How many random fillings are looked at for each that keeps the limits.
PATIENCE = 10


@dataclass(frozen=True)
class Candidates:
    """Architectures to choose from: their values, features (n, d) and costs (n, costs)."""

    values: list[Values]
    features: Array
    costs: Array


class Pool:
    """Architectures of a space that fit together and keep the limits; the same for all proposals of a run.

    Args:
        space: the space.
        features: makes the vector of a filling.
        costs: the costs that count, of an architecture's cost.
        budget: its seed of the run, limits and target count.
    """

    def __init__(self, space: Space, features: Features, costs: Callable[[Cost], Array], budget: Budget) -> None:
        self.values: list[Values] = []
        rows, prices = [], []
        rng = random.Random(budget.run_seed)
        whole = space.size() <= SIZE
        drawn = space.fillings() if whole else _random(space, rng)
        for architecture, values in drawn:
            cost = _kept(architecture, budget)
            if cost is not None:
                self.values.append(values)
                rows.append(features.of(values, cost))
                prices.append(costs(cost))
        width = len(rows[0]) if rows else 0
        self.features = np.array(rows).reshape(len(rows), width)
        self.costs = np.array(prices).reshape(len(rows), -1)

    def some(self, count: int, without: Set[frozenset[tuple[str, object]]], rng: np.random.Generator) -> Candidates:
        """At most `count` random ones of the pool that are not among those left out."""
        order = np.arange(len(self.values)) if len(self.values) <= count else rng.permutation(len(self.values))
        chosen: list[int] = []
        for i in order:
            if frozenset(self.values[i].items()) not in without:
                chosen.append(int(i))
                if len(chosen) == count:
                    break
        return Candidates([self.values[i] for i in chosen], self.features[chosen], self.costs[chosen])


def _random(space: Space, rng: random.Random) -> list[tuple[Architecture, Values]]:
    seen: dict[frozenset[tuple[str, object]], tuple[Architecture, Values]] = {}
    for _ in range(SIZE):
        architecture, values = space.drawn(lambda _, hole: hole.drawn(rng.random()))
        seen.setdefault(frozenset(values.items()), (architecture, values))
    return list(seen.values())


def _kept(architecture: Architecture, budget: Budget) -> Cost | None:
    """The cost of an architecture that fits together and keeps the limits, else None."""
    try:
        cost = price(architecture, budget.target)
    except SignalError:
        return None
    return cost if all(limit.excess(cost) <= 0 for limit in budget.limits) else None
