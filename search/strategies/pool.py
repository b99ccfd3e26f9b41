"""Priced architectures, from which a strategy chooses."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archspec.graph.cost import Cost
from search.strategies.features import Features
from search.strategies.moves import Moves
from search.strategies.strategy import Budget, key
from spaces import Space
from spaces.costs import Costs
from spaces.filling import Values

Array = NDArray[np.float64]
Entry = tuple[Values, Cost, float]  # the last is the receptive field
# A space of up to this many fillings is in the pool as a whole, of a larger one so many random fillings.
SIZE = 2_048
# Where limits leave fewer, so many times as many random fillings are looked at.
PATIENCE = 16


@dataclass(frozen=True)
class Candidates:
    """Architectures to choose from: values, the hashes of the keys of these, features (n, d) and costs (n, costs)."""

    values: Sequence[Values]
    names: Sequence[int]
    features: Array
    costs: Array

    def some(self, chosen: Sequence[int] | NDArray[np.int64]) -> Candidates:
        """Those of these indices."""
        values, names = [self.values[i] for i in chosen], [self.names[i] for i in chosen]
        which = np.asarray(chosen, int)
        return Candidates(values, names, self.features[which], self.costs[which])


def joined(parts: Sequence[Candidates]) -> Candidates:
    """All candidates of some sets, each once."""
    found = Candidates(
        [values for part in parts for values in part.values],
        [name for part in parts for name in part.names],
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.costs for part in parts]),
    )
    first = {name: i for i, name in reversed(list(enumerate(found.names)))}
    return found if len(first) == len(found.names) else found.some(sorted(first.values()))


class Pool:
    """Architectures of a space that fit together and keep the limits; the same for all proposals of a run.

    Args:
        space: the space.
        features: makes the vector of a filling.
        costs: the costs that count, of an architecture's cost.
        budget: its seed of the run, limits and target count.
    """

    def __init__(self, space: Space, features: Features, costs: Callable[[Cost], Array], budget: Budget) -> None:
        self._space, self._features, self._costs, self._budget = space, features, costs, budget
        self._moves = Moves(space)
        self.whole = space.size() <= SIZE
        self.every = self._candidates(kept(space, budget))
        self._index = {name: i for i, name in enumerate(self.every.names)}
        self._left = np.ones(len(self.every.values), bool)
        every = features.flops(self.every.features)
        self.median_flops = float(np.median(every)) if len(every) else 0.0
        self._out: set[int] = set()
        self._around: dict[int, Candidates] = {}

    def leave_out(self, names: Iterable[int]) -> None:
        """Offer no longer what has these hashes of its keys."""
        for name in names:
            self._out.add(name)
            if name in self._index:
                self._left[self._index[name]] = False

    def some(self, count: int, rng: np.random.Generator) -> Candidates:
        """At most `count` random ones that are not left out."""
        left = np.flatnonzero(self._left)
        return self.every.some(left if len(left) <= count else rng.choice(left, count, replace=False))

    def around(self, parents: Mapping[int, Values], count: int, rng: np.random.Generator) -> Candidates:
        """At most `count` random ones of those that are a step away from a parent, and not left out.

        There are none but in the pool, if the whole space is in it.

        Args:
            parents: values, by the number of a trial.
            count: the number.
            rng: chooses.
        """
        if self.whole or not parents:
            return self.every.some([])
        known = self._around
        self._around = {n: known[n] if n in known else self._near(n, values) for n, values in parents.items()}
        near = joined(list(self._around.values()))
        left = np.array([i for i, name in enumerate(near.names) if name not in self._out], int)
        return near.some(left if len(left) <= count else rng.choice(left, count, replace=False))

    def _near(self, number: int, values: Values) -> Candidates:
        rng = random.Random(f"{self._budget.run_seed} {number}")
        costs = self._space.costs(list(self._moves.around(values, rng)), self._budget.target)
        return self._candidates(_within(costs, self._budget))

    def _candidates(self, kept: Iterator[Entry]) -> Candidates:
        found = {hash(key(priced[0])): priced for priced in kept}
        features = [self._features.of(*priced) for priced in found.values()]
        costs = [self._costs(cost) for _, cost, _ in found.values()]
        return Candidates(
            [values for values, *_ in found.values()],
            list(found),
            np.array(features, float).reshape(len(found), self._features.size),
            np.array(costs, float).reshape(len(found), len(self._costs(Cost()))),
        )


def kept(space: Space, budget: Budget) -> Iterator[Entry]:
    """At most `SIZE` fillings of the space that keep the limits, with their costs and receptive fields."""
    if space.size() <= SIZE:
        yield from _within(space.costs([values for _, values in space.fillings()], budget.target), budget)
        return
    found = 0
    for part in range(PATIENCE):
        seed = (budget.run_seed * PATIENCE + part) % 2**63
        for priced in _within(space.costs(SIZE, budget.target, seed), budget):
            yield priced
            found += 1
            if found == SIZE:
                return


def _within(costs: Costs[object], budget: Budget) -> Iterator[Entry]:
    """Of priced fillings, those that fit together and keep the limits."""
    names = [name for name in Cost().quantities() if name != "flops"]
    columns = [costs[name] for name in names]
    for i in np.flatnonzero(costs.fits):
        cost = Cost(**{name: int(column[i]) for name, column in zip(names, columns, strict=True)})
        if all(limit.excess(cost) <= 0 for limit in budget.limits):
            yield costs.values[i], cost, float(costs.receptive_field[i])
