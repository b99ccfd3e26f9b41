"""A strategy: the space from its beginning, one filling after the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from search import Budget, Objective, Proposal
from search.events import Event
from search.record.history import History
from spaces import Space


class First:
    """Proposes the next filling; what fits is trained in the order of the space."""

    name = "first"

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self.space = space

    def propose(self, history: History, budget: Budget) -> Proposal:
        tried = len(list(history))
        return Proposal(self.space.values_of(next(islice(self.space.enumerate(), tried, None))))

    def observe(self, event: Event) -> None:
        """Nothing is learned."""
