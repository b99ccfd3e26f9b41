"""What the strategy `front` knows of the candidates, as it follows from the events of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archspec.graph.cost import Cost
from archspec.schema.hole import Scalar
from search.events import Event, Finished, Proposed, Rejected
from search.objectives import Objective, goal_of, loss_of
from search.outcome import Failed, Scored
from search.strategies.features import Features
from search.strategies.strategy import Key, key
from spaces import Space

Array = NDArray[np.float64]
Values = Mapping[str, Scalar]


@dataclass(frozen=True)
class Known:
    """A candidate.

    Attributes:
        number: the number of the trial.
        values: its values.
        place: its features (d,).
        cost: its cost; once trained, that of the trained network.
        costs: its priced objectives, smaller being better (costs,).
        paused: whether it is trained for a few epochs only.
        early: its best score in these epochs, larger being better; None if it is not known.
        scores: its scores after a whole training, larger being better (scores,); None if they are not known.
        failed: whether it failed.
    """

    number: int
    values: Values
    place: Array
    cost: Cost
    costs: Array
    paused: bool
    early: float | None = None
    scores: Array | None = None
    failed: bool = False


class Knowledge:
    """The candidates of a run: those in training, and what came of the others, in the order in which it was told.

    Attributes:
        training: candidates in training, by number.
        outcomes: the finished ones.
        tried: what was proposed, rejected draws too.
        pauses: number of epochs after which candidates pause; 0 if none has.
    """

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self.priced = [objective for objective in objectives if objective.priced]
        self.scored = [objective for objective in objectives if not objective.priced]
        self.goal = goal_of(objectives, "classification")
        self.features = Features(space)
        self.training: dict[int, Known] = {}
        self.outcomes: list[Known] = []
        self.tried: set[Key] = set()
        self.pauses = 0

    def observe(self, event: Event) -> None:
        """Take account of a draw, or of an outcome."""
        if isinstance(event, Proposed | Rejected):
            self.tried.add(key(event.trial.values))
        if isinstance(event, Proposed):
            trial, cost = event.trial, event.trial.cost or Cost()
            self.pauses = trial.epochs or self.pauses
            place, paused = self.features.of(trial.values, cost), trial.epochs is not None
            self.training[trial.number] = Known(trial.number, trial.values, place, cost, self.costs(cost), paused)
        elif isinstance(event, Finished) and event.number in self.training:
            self.outcomes.append(self._finished(self.training.pop(event.number), event))

    def paused(self, most: int) -> list[Known]:
        """The first candidates that paused and have not been resumed, at most so many."""
        resumed = {key(known.values) for known in [*self.outcomes, *self.training.values()] if not known.paused}
        waiting = (k for k in self.outcomes[: 4 * most] if k.paused and not k.failed and key(k.values) not in resumed)
        return [known for known, _ in zip(waiting, range(most), strict=False)]

    def costs(self, cost: Cost) -> Array:
        """The priced objectives, smaller being better."""
        return np.array([loss_of(objective, cost, {}) for objective in self.priced], float)

    def _finished(self, known: Known, event: Finished) -> Known:
        outcome = event.outcome
        if isinstance(outcome, Failed):
            return replace(known, failed=True)
        sign = 1 if self.goal.maximize else -1
        begun = [sign * score for score in outcome.curve[: self.pauses] if score == score]
        known = replace(known, early=max(begun, default=None))
        if not isinstance(outcome, Scored) or known.paused:
            return known
        cost = outcome.cost or known.cost
        scores = [-loss_of(objective, cost, outcome.scores) for objective in self.scored]
        return replace(known, cost=cost, costs=self.costs(cost), scores=np.array(scores, float))


def remembered(candidates: Sequence[Known], value: Callable[[Known], float], most: int) -> list[Known]:
    """At most so many candidates: half those nearest to the front, half spread over all others in their order.

    With `value`, larger is better.
    """
    if len(candidates) <= most:
        return list(candidates)
    y = np.array([value(known) for known in candidates])
    costs = np.stack([known.costs for known in candidates])
    order = np.lexsort((-y, costs[:, 0])) if costs.shape[1] else np.argsort(-y)
    below = np.empty(len(y))
    below[order] = np.maximum.accumulate(y[order]) - y[order]
    near = np.argsort(below, kind="stable")[: most // 2]
    rest = np.setdiff1d(np.arange(len(y)), near)
    spread = rest[np.linspace(0, len(rest) - 1, most - len(near)).round().astype(int)]
    return [candidates[i] for i in sorted([*near, *spread])]
