"""What the strategy `front` knows of the candidates, as it follows from the events of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archspec.graph.cost import Cost
from archspec.graph.receptive_field import receptive_field
from search.events import Event, Finished, Proposed, Rejected
from search.objectives import Objective, goal_of, loss_of
from search.outcome import Failed, Scored
from search.strategies.features import Features
from search.strategies.strategy import key
from spaces import Space
from spaces.filling import Values

Array = NDArray[np.float64]
# So many candidates are remembered of those trained to the end, and so many with early scores; of more, this share is
# kept. A proposal thereby takes as long after a hundred thousand candidates as after a thousand.
REMEMBERED, BEGUN, KEPT = 128, 64, 0.75
# Length scales are estimated from so many outcomes on, and again when their number has grown by the factor.
LEAST, GROWTH = 4, 1.1


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
        failed: whether it failed, or breaks a constraint.
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


@dataclass(frozen=True)
class Lessons:
    """What a model learns from: candidates with early scores; and those trained to the end, and failed ones.

    Its length is the number of candidates of which a score is known.
    """

    early: Sequence[Known] = ()
    whole: Sequence[Known] = ()

    def __len__(self) -> int:
        scored = [known for known in self.whole if known.scores is not None]
        return len({known.number for known in [*self.early, *scored]})


class Knowledge:
    """The candidates of a run: those in training, and of the others what is remembered, in the order of the outcomes.

    Attributes:
        training: candidates in training, by number.
        waiting: paused candidates that are remembered and have not been resumed, by the hashes of their keys.
        lessons: what is remembered.
        studied: the lessons from which length scales are estimated, those when the number of outcomes had last grown
            by a factor: a resumed run, which is asked fewer times, estimates the same.
        new: hashes of the keys of what was proposed, rejected draws too, since it was last emptied.
        pauses: number of epochs after which candidates pause; 0 if none has.
        begun: number of candidates that were begun to pause.
        begun_flops: sum of their epochs times the FLOPs of each.
    """

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self.priced = [objective for objective in objectives if objective.priced]
        self.scored = [objective for objective in objectives if not objective.priced]
        self.goal = goal_of(objectives, "classification")
        self.features = Features(space)
        self.training: dict[int, Known] = {}
        self.waiting: dict[int, Known] = {}
        self.lessons, self.studied = Lessons(), Lessons()
        self.new: list[int] = []
        self.pauses = self.begun = 0
        self.begun_flops = 0.0
        self._count, self._next = 0, LEAST

    def observe(self, event: Event) -> None:
        """Take account of a draw, or of an outcome."""
        if isinstance(event, Proposed | Rejected):
            self.new.append(hash(key(event.trial.values)))
        if isinstance(event, Proposed):
            trial, cost = event.trial, event.trial.cost or Cost()
            self.pauses = trial.epochs or self.pauses
            self.begun += trial.epochs is not None
            self.begun_flops += (trial.epochs or 0) * cost.flops
            read = receptive_field(trial.architecture.graph) if trial.architecture else None
            place, paused = self.features.of(trial.values, cost, read), trial.epochs is not None
            self.training[trial.number] = Known(trial.number, trial.values, place, cost, self.costs(cost), paused)
            self.waiting.pop(self.new[-1], None)
        elif isinstance(event, Finished) and event.number in self.training:
            self._learn(self._finished(self.training.pop(event.number), event))

    def costs(self, cost: Cost) -> Array:
        """The priced objectives, smaller being better."""
        return np.array([loss_of(objective, cost, {}) for objective in self.priced], float)

    def _finished(self, known: Known, event: Finished) -> Known:
        outcome = event.outcome
        if isinstance(outcome, Failed) or (isinstance(outcome, Scored) and not outcome.feasible):
            return replace(known, failed=True)
        if isinstance(outcome, Scored) and outcome.values:  # its sizes were learned
            values = {**known.values, **outcome.values}
            self.new.append(hash(key(values)))
            place = self.features.of(values, outcome.cost or known.cost)
            return self._scored(replace(known, values=values, place=place), outcome)
        sign = 1 if self.goal.maximize else -1
        begun = [sign * score for score in outcome.curve[: self.pauses] if score == score]
        known = replace(known, early=max(begun, default=None))
        if not isinstance(outcome, Scored) or known.paused:
            return known
        return self._scored(known, outcome)

    def _scored(self, known: Known, outcome: Scored) -> Known:
        cost = outcome.cost or known.cost
        scores = [-loss_of(objective, cost, outcome.scores) for objective in self.scored]
        return replace(known, cost=cost, costs=self.costs(cost), scores=np.array(scores, float))

    def _learn(self, known: Known) -> None:
        early, whole = self.lessons.early, self.lessons.whole
        if known.early is not None:
            early = remembered([*early, known], BEGUN)
        if known.scores is not None or (known.failed and not known.paused):
            whole = remembered([*whole, known])
        self.lessons = Lessons(early, whole)
        if known.paused and not known.failed:
            self.waiting[hash(key(known.values))] = known
            remain = {begun.number for begun in early}
            self.waiting = {name: paused for name, paused in self.waiting.items() if paused.number in remain}
        self._count += 1
        if self._count >= self._next and len(self.lessons) >= LEAST:
            self.studied, self._next = self.lessons, max(self._count + 1, int(self._count * GROWTH))


def remembered(candidates: Sequence[Known], most: int = REMEMBERED) -> Sequence[Known]:
    """The candidates; of more than `most`, half those nearest to the front, half spread over all others in their order.

    What failed counts as the worst. With several scores, the sum of their ranks counts.

    Args:
        candidates: candidates in the order of their outcomes.
        most: with more than so many, the share `KEPT` of this number is kept.
    """
    if len(candidates) <= most:
        return candidates
    kept = int(most * KEPT)
    y = _worth(candidates)
    costs = np.stack([known.costs for known in candidates])
    order = np.lexsort((-y, costs[:, 0])) if costs.shape[1] else np.argsort(-y)
    below = np.empty(len(y))
    below[order] = np.maximum.accumulate(y[order]) - y[order]
    near = np.argsort(below, kind="stable")[: kept // 2]
    rest = np.setdiff1d(np.arange(len(y)), near)
    spread = rest[np.linspace(0, len(rest) - 1, kept - len(near)).round().astype(int)]
    return [candidates[i] for i in sorted([*near, *spread])]


def _worth(candidates: Sequence[Known]) -> Array:
    """One number for each candidate, larger being better."""
    scored = [known for known in candidates if known.scores is not None]
    if not scored:
        return np.array([known.early or 0.0 for known in candidates])
    scores = np.array([known.scores for known in scored])
    worth = scores[:, 0] if scores.shape[1] == 1 else scores.argsort(0).argsort(0).sum(1)
    found = dict(zip((known.number for known in scored), worth, strict=True))
    return np.array([float(found.get(known.number, min(worth))) for known in candidates])
