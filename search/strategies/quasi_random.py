"""Quasi-random search: a scrambled Sobol sequence over the decisions, whose points cover a space evenly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import qmc

from search.events import Event
from search.objectives import Objective
from search.record.history import History
from search.strategies.strategy import Budget, Proposal
from spaces import Space


class QuasiRandom:
    """Proposes the points of one Sobol sequence (Owen 1998, J. Complexity 14) for the run, one after another.

    Each decision, in the order of the fields, has a dimension of its own, also one that exists only for some values of
    others. The n-th draw of the run, rejected ones counted, is the n-th point, so that a resumed run goes on with it.
    """

    name = "quasi_random"

    def __init__(self, space: Space, objectives: Sequence[Objective] = ()) -> None:
        self.space = space
        self._dimensions = {parameter.name: i for i, parameter in enumerate(space.parameters())}
        self._sequence: qmc.Sobol | None = None

    def propose(self, history: History, budget: Budget) -> Proposal:
        """The values at the quantiles that are the coordinates of the next point."""
        point = self._point(history.next_number, budget.run_seed)
        _, values = self.space.drawn(lambda name, hole: hole.drawn(float(point[self._dimensions[name]])))
        return Proposal(values)

    def observe(self, event: Event) -> None:
        """Does nothing: the sequence follows from no event."""

    def _point(self, number: int, run_seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The point of this number of the run's sequence, of shape (decisions,)."""
        if self._sequence is None or self._sequence.num_generated > number:
            rng = np.random.default_rng(run_seed % 2**64)
            self._sequence = qmc.Sobol(max(1, len(self._dimensions)), scramble=True, seed=rng)
        if ahead := number - self._sequence.num_generated:
            self._sequence.fast_forward(ahead)
        point: np.ndarray[tuple[int], np.dtype[np.float64]] = self._sequence.random(1)[0]
        return point
