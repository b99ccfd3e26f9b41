"""What any strategy can reach: one that knows, before it trains, the scores of every architecture under other seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from archspec.architecture import price
from search.events import Event
from search.hypervolume import hypervolume
from search.record.history import History
from search.strategies.strategy import Budget, Proposal
from spaces import Space


class Knowing:
    """Proposes the architecture by which the hypervolume would grow most if it scored as is believed.

    Args:
        space: the space, of which each architecture is proposed once.
        believed: the score that is believed of each, by its hash.
        reference: the point up to which volumes are measured: minus the score, and log10 FLOPs.
    """

    name = "knowing"

    def __init__(self, space: Space, believed: Mapping[str, float], reference: Sequence[float]) -> None:
        self.reference = tuple(reference)
        self.left = [
            ((-believed[architecture.hash], math.log10(price(architecture).flops)), values)
            for architecture, values in space.fillings()
            if architecture.hash in believed
        ]

    def observe(self, event: Event) -> None:
        """Does nothing: what was reached is read from the history."""

    def propose(self, history: History, budget: Budget) -> Proposal:
        """The one that is believed to add most."""
        reached = [(-t.scores["accuracy"], math.log10(t.cost.flops)) for t in history if t.scores and t.cost]
        volumes = [hypervolume([*reached, point], self.reference) for point, _ in self.left]
        return Proposal(self.left.pop(volumes.index(max(volumes)))[1])
