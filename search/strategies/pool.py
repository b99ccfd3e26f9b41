"""A pool of priced architectures, from which a strategy chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archspec.graph.cost import Cost
from archspec.schema.hole import Scalar
from search.strategies.features import Features
from search.strategies.strategy import Budget, Key, key
from spaces import Space
from spaces.costs import Costs

Array = NDArray[np.float64]
Values = Mapping[str, Scalar]
# A space of up to this many fillings is in the pool as a whole, of a larger one so many random fillings.
SIZE = 2_048
# Where limits leave fewer, so many times as many random fillings are looked at.
PATIENCE = 16


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
        kept = {key(values): (values, cost) for values, cost in _kept(space, budget)}
        self.values = [values for values, _ in kept.values()]
        rows = [features.of(values, cost) for values, cost in kept.values()]
        self.features = np.array(rows, float).reshape(len(rows), features.size)
        self.costs = np.array([costs(cost) for _, cost in kept.values()], float).reshape(len(rows), -1)

    def some(self, count: int, without: Set[Key], rng: np.random.Generator) -> Candidates:
        """At most `count` random ones of the pool that are not among those left out."""
        order = np.arange(len(self.values)) if len(self.values) <= count else rng.permutation(len(self.values))
        chosen: list[int] = []
        for i in order:
            if key(self.values[i]) not in without:
                chosen.append(int(i))
                if len(chosen) == count:
                    break
        return Candidates([self.values[i] for i in chosen], self.features[chosen], self.costs[chosen])


def _kept(space: Space, budget: Budget) -> Iterator[tuple[Values, Cost]]:
    """At most `SIZE` fillings of the space that keep the limits, with their costs."""
    if space.size() <= SIZE:
        yield from _within(space.costs([values for _, values in space.fillings()], budget.target), budget)
        return
    found = 0
    for part in range(PATIENCE):
        seed = (budget.run_seed * PATIENCE + part) % 2**63
        for values, cost in _within(space.costs(SIZE, budget.target, seed), budget):
            yield values, cost
            found += 1
            if found == SIZE:
                return


def _within(costs: Costs[object], budget: Budget) -> Iterator[tuple[Values, Cost]]:
    """Of priced fillings, those that fit together and keep the limits."""
    names = [name for name in Cost().quantities() if name != "flops"]
    columns = [costs[name] for name in names]
    for i in np.flatnonzero(costs.fits):
        cost = Cost(**{name: int(column[i]) for name, column in zip(names, columns, strict=True)})
        if all(limit.excess(cost) <= 0 for limit in budget.limits):
            yield costs.values[i], cost
