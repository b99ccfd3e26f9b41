"""Regularised evolution for several objectives: the children of the best among the last trials."""

from __future__ import annotations

import random
from collections.abc import Sequence

from search.events import Event
from search.objectives import Objective
from search.ranks import best_first
from search.record.history import History
from search.strategies.kept import losses
from search.strategies.moves import Moves
from search.strategies.strategy import Budget, Proposal
from search.trial import Trial
from spaces import Space

# Number of scored trials, the last ones told, that parents are chosen from: older ones are too old to have children.
POPULATION = 32
# Number of them that are drawn for one choice; the best of these is the parent.
SAMPLE = 8
# Number of scored trials before there are children; until then proposals are random.
STARTUP = 16
# Share of children that have two parents.
CROSSED = 0.3
# After so many rejected children for a slot, the next are a step farther from their parents.
PATIENCE = 5


class Evolve:
    """Proposes a child of the best of some recent trials (Real et al. 2019, arXiv 1802.01548).

    A child differs from its parent in one decision, by a step such as `Space.neighbours` takes, and by a further step
    for every five children that were rejected; or each of its values is one of two parents'. Decisions that the
    parents have not made are random. The best are those of the lowest non-dominated rank, and of these the one that is
    farthest from others (Deb et al. 2002).
    """

    name = "evolve"

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self.space, self.objectives = space, tuple(objectives)
        self._moves = Moves(space)

    def propose(self, history: History, budget: Budget) -> Proposal:
        """A child with two parents or with one, as the budget's seed has it; its `parent` is the first of them."""
        rng = random.Random(budget.seed)
        population = self._population(history)
        if len(population) < STARTUP:
            return Proposal(self.space.random_values(rng))
        first, second = _winner(population, rng), _winner(population, rng)
        if rng.random() < CROSSED and second != first:
            return Proposal(self._moves.crossed(first.values, second.values, rng), parent=first.number)
        steps = 1 + budget.attempt // PATIENCE
        return Proposal(self._moves.mutated(first.values, steps, rng), parent=first.number)

    def observe(self, event: Event) -> None:
        """Does nothing: `propose` reads the history."""

    def _population(self, history: History) -> list[Trial]:
        """The last scored trials, best first."""
        last: list[Trial] = []
        for number in reversed(history.outcomes):
            if (trial := history[number]).feasible:
                last.append(trial)
            if len(last) == POPULATION:
                break
        return [last[i] for i in best_first([losses(trial, self.objectives) for trial in last])]


def _winner(population: Sequence[Trial], rng: random.Random) -> Trial:
    """The best of a random sample of a population that is sorted by its worth."""
    return population[min(rng.sample(range(len(population)), min(SAMPLE, len(population))))]
