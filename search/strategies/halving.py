"""Successive halving: all candidates are trained for a few epochs, the best of them for more, the best of those on."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np

from archspec.graph.cost import Cost
from search.events import Event, Finished, Proposed, Rejected
from search.objectives import Objective, loss_of
from search.outcome import Failed
from search.ranks import best_first
from search.record.history import History, finished
from search.strategies.strategy import Budget, Proposal
from search.trial import Trial
from spaces import Space

# Of the candidates at one rung so many are compared, the last ones told: a proposal then takes as long in a long run.
COMPARED = 256
# After so many rejected proposals for a slot there is nothing new in the space: any paused candidate may go on.
PATIENCE = 20


class Halving:
    """Proposes random candidates that pause at rungs, where only the best go on (Li et al. 2020, arXiv 1810.05934).

    Of those that have come to a rung, one in `factor` goes on from where it has paused: the ones of the lowest
    non-dominated rank, and of equal rank those farthest from others (Schmucker et al. 2021, arXiv 2106.12639). As long
    as none may, new candidates are begun, so that no worker waits; where nothing is new, they are trained to the end at
    once. Only what is trained to the end is scored, and may be on the front; the others are `stopped` at their rung.

    Args:
        space: the space.
        objectives: what is maximised and minimised. What is measured after whole trainings only, such as latency, is
            not known at a rung, and has no part in who goes on.
        factor: one in so many goes on, for so many times the epochs.
        rungs: number of rungs below a whole training.

    Raises:
        ValueError: `factor` is less than 2, or `rungs` less than 1.
    """

    name = "halving"

    def __init__(self, space: Space, objectives: Sequence[Objective], factor: int = 3, rungs: int = 2) -> None:
        if factor < 2 or rungs < 1:
            raise ValueError(f"factor is 2 or more, and rungs 1 or more, not {factor} and {rungs}")
        self.space, self.objectives, self.factor, self.rungs = space, tuple(objectives), factor, rungs
        self._training: dict[int, Trial] = {}
        # Those that have paused at a number of epochs, and what is compared of them.
        self._paused: dict[int, list[tuple[Trial, tuple[float, ...]]]] = {}
        # The numbers of those that have gone on, or need not: what they would come to is trained already.
        self._gone: set[int | None] = set()

    def propose(self, history: History, budget: Budget) -> Proposal:
        """One that may go on, from the highest rung where there is one; else a new candidate."""
        pauses = self.pauses(budget.epochs)
        if budget.attempt in (0, PATIENCE):
            following: int | None = None
            for epochs in reversed(pauses):
                if trial := self._best(epochs, anyone=budget.attempt > 0):
                    return Proposal(trial.values, fidelity=following, parent=trial.number)
                following = epochs
        values = self.space.random_values(random.Random(budget.seed))
        return Proposal(values, fidelity=pauses[0] if pauses and budget.attempt < PATIENCE else None)

    def observe(self, event: Event) -> None:
        """Learn who goes on, and what has come of a candidate."""
        if isinstance(event, Proposed | Rejected):
            self._gone.add(event.trial.parent)
        if isinstance(event, Proposed):
            self._training[event.number] = event.trial
        elif isinstance(event, Finished):
            trial = self._training.pop(event.number, None)
            if trial is None or trial.epochs is None or isinstance(event.outcome, Failed):
                return
            known = self._paused.setdefault(trial.epochs, [])
            known.append((trial, self._losses(finished(trial, event.outcome))))
            self._gone -= {other.number for other, _ in known[:-COMPARED]}
            del known[:-COMPARED]

    def pauses(self, epochs: int) -> list[int]:
        """The numbers of epochs at which candidates pause, of a whole training's `epochs`, the smallest first."""
        found = {max(1, round(epochs / self.factor**rung)) for rung in range(1, self.rungs + 1)}
        return sorted(found - {epochs})

    def _best(self, epochs: int, anyone: bool) -> Trial | None:
        """The best of those that wait at a rung, if it is among the best of all there, or anyone may go on."""
        known = self._paused.get(epochs, [])
        losses = np.array([told for _, told in known]).reshape(len(known), len(self.objectives))
        losses = losses[:, np.isfinite(losses).any(0)]  # without what is of whole trainings only
        there = np.flatnonzero(np.isfinite(losses).all(1))
        order = [int(there[i]) for i in best_first(losses[there])]
        order += [i for i in range(len(known)) if i not in order] if anyone else []
        for i in order if anyone else order[: len(known) // self.factor]:
            if known[i][0].number not in self._gone:
                return known[i][0]
        return None

    def _losses(self, paused: Trial) -> tuple[float, ...]:
        """What is told of each objective, smaller being better; nan where it is of whole trainings only."""
        return tuple(_told(objective, paused) for objective in self.objectives)


def _told(objective: Objective, paused: Trial) -> float:
    try:
        return loss_of(objective, paused.cost or Cost(), paused.scores)
    except Exception:  # a function of somebody's, of a score that is measured at the end
        return math.nan
