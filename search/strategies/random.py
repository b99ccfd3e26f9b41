"""Random search: every decision is drawn uniformly over its values (or their logarithm), independent of outcomes."""

from __future__ import annotations

import random
from collections.abc import Sequence

from search.events import Event
from search.objectives import Objective
from search.record.history import History
from search.strategies.strategy import Budget, Proposal
from spaces import Space


class Random:
    """Proposes what `Space.sample` draws."""

    name = "random"

    def __init__(self, space: Space, objectives: Sequence[Objective] = ()) -> None:
        self.space = space

    def propose(self, history: History, budget: Budget) -> Proposal:
        """Values drawn with the budget's seed."""
        return Proposal(self.space.random_values(random.Random(budget.seed)))

    def observe(self, event: Event) -> None:
        """Does nothing: random search learns from no event."""
