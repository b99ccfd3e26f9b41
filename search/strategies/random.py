"""Random search: every decision uniform over its values (or their logarithm), whatever came of others."""

from __future__ import annotations

import random
from collections.abc import Sequence

from search.events import Event
from search.objectives import Objective
from search.record.history import History
from search.strategies.strategy import Budget, Proposal
from spaces import Space


class Random:
    """Draws as `Space.sample` does."""

    name = "random"

    def __init__(self, space: Space, objectives: Sequence[Objective] = ()) -> None:
        self.space = space

    def propose(self, history: History, budget: Budget) -> Proposal:
        """Values drawn with the budget's seed."""
        return Proposal(self.space.values_of(self.space.sample(random.Random(budget.seed))))

    def observe(self, event: Event) -> None:
        """Nothing is learned."""
