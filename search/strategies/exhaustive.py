"""Exhaustive search: every filling of a space once."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence

from archspec.schema.hole import Scalar
from search.errors import Exhausted, RunError
from search.events import Event, Proposed, Rejected
from search.objectives import Objective
from search.record.history import History
from search.seeds import derived_seed
from search.strategies.strategy import Budget, Key, Proposal, key
from spaces import Space

# Spaces of up to so many fillings are gone through in a random order, which takes a list of them all.
MOST_SHUFFLED = 100_000


class Exhaustive:
    """Proposes every filling that has not been drawn yet, and ends the run when there is none.

    The order is random and follows from the run's seed; in a space of more than 100,000 fillings it is that of
    `Space.enumerate`. The list is made at the first proposal, at some thousand fillings a second.

    Raises:
        RunError: a hole of the space is a real number.
    """

    name = "exhaustive"

    def __init__(self, space: Space, objectives: Sequence[Objective] = ()) -> None:
        self.space = space
        for parameter in space.parameters():
            if math.isinf(parameter.hole.count):
                raise RunError(
                    f"the strategy {self.name} cannot try every value of {parameter.name}, a real number; make it a "
                    "choice or a whole number, or use another strategy"
                )
        self._drawn: set[Key] = set()
        self._ahead: Iterator[Mapping[str, Scalar]] | None = None
        # The filling that was proposed last: it comes again unless it was drawn.
        self._next: Mapping[str, Scalar] | None = None

    def propose(self, history: History, budget: Budget) -> Proposal:
        """The next filling of the run's order.

        Raises:
            Exhausted: every filling has been drawn.
        """
        if self._ahead is None:
            self._ahead = self._order(budget.run_seed)
        while self._next is None or key(self._next) in self._drawn:
            self._next = next(self._ahead, None)
            if self._next is None:
                raise Exhausted(
                    f"no further candidate: each of the {self.space.size():,} fillings of the space has been tried or "
                    "rejected; widen the space to search on"
                )
        return Proposal(self._next)

    def observe(self, event: Event) -> None:
        """Note what was drawn, by this strategy or for it."""
        if isinstance(event, Proposed | Rejected):
            self._drawn.add(key(event.trial.values))

    def _order(self, run_seed: int) -> Iterator[Mapping[str, Scalar]]:
        fillings = (values for _, values in self.space.fillings())
        if self.space.size() > MOST_SHUFFLED:
            return fillings
        listed = list(fillings)
        random.Random(derived_seed(run_seed, "order")).shuffle(listed)
        return iter(listed)
