"""The engine: passive; it is asked for candidates and told their outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from archspec.geometry.fourier import Target
from search.drawing import Drawing, Exhausted
from search.events import Epoch, Event, Finished, Proposed, Rejected, Started
from search.objectives import Constraint, Objective
from search.outcome import Failed, Outcome, Scored
from search.record.history import History
from search.record.writing import Record
from search.strategies.strategy import STRATEGIES, Strategy
from search.trial import Trial
from spaces import Space


class Engine:
    """Draws well-typed, new candidates within the constraints, and records what comes of them.

    With `lag` workers candidate i is chosen from the outcomes of candidates up to i − lag, whatever else has finished:
    same seed and same number of workers, same candidates. Everything is in the record: an engine over the record of one
    that was killed is resumed where it was, first with the candidates that have no outcome yet.

    Args:
        strategy: what proposes; one that has learned nothing yet. By default `tpe`.
        epochs: of a full training, for strategies that train some candidates for less.
    """

    def __init__(
        self,
        record: Record,
        space: Space,
        objectives: Sequence[Objective],
        constraints: Sequence[Constraint],
        trials: int,
        seed: int,
        lag: int = 1,
        target: Target = "torch",
        strategy: Strategy | None = None,
        epochs: int = 1,
    ) -> None:
        self.record, self.space = record, space
        self.objectives, self.constraints = tuple(objectives), tuple(constraints)
        self.trials, self.seed, self.lag = trials, seed, lag
        self.exhausted: str | None = None
        self.strategy = strategy or STRATEGIES["tpe"](space, self.objectives)
        self.drawing = Drawing(self.strategy, space, constraints, seed, trials, epochs, target)
        # What the strategy has been told: outcomes in the order of the slots.
        self.told = History(record.history.settings, record.directory)
        self._numbers: list[int] = []
        self._settled = 0
        self._again: list[Trial] = []
        self._recover()

    @property
    def history(self) -> History:
        """All that has happened."""
        return self.record.history

    @property
    def finished(self) -> int:
        """Number of candidates whose outcome is known."""
        return len(self.history.outcomes)

    @property
    def done(self) -> bool:
        """Whether every candidate has been asked for and told."""
        return self.finished >= self.wanted

    @property
    def all_asked(self) -> bool:
        """Whether no candidate is left to ask for."""
        return not self._again and len(self._numbers) >= self.wanted

    @property
    def wanted(self) -> int:
        """Number of candidates there will be."""
        return len(self._numbers) if self.exhausted else max(self.trials, len(self._numbers))

    def ask(self) -> Trial | None:
        """The next candidate; None when none is left, or while it still depends on an outcome not told.

        Raises:
            Exhausted: not one candidate fits, so that there is nothing to search.
        """
        if self._again:
            return self._again.pop(0)
        slot = len(self._numbers)
        if slot >= self.trials or self.exhausted or not self._settle(slot - self.lag):
            return None
        try:
            for event in self.drawing.draw(slot, self.history.next_number, self.told):
                self.record.append(event)
                self._drawn(event)
        except Exhausted as reason:
            self.exhausted = str(reason)
            if not self._numbers:
                raise
            return None
        return self.history[self._numbers[slot]]

    def stop(self, reason: str) -> None:
        """Hand out no further candidates; those in training are still told."""
        self.exhausted = self.exhausted or reason

    def tell(self, trial: Trial, outcome: Outcome) -> Outcome:
        """Record the outcome of a candidate, durably, before anything else happens; a second telling is ignored.

        What is recorded is returned: a failure where an objective cannot be worked out.
        """
        if trial.number not in self.history.outcomes:
            self.record.append(Finished(trial.number, self._measured(trial, outcome)))
        return self.history.outcomes[trial.number]

    def observe(self, event: Event) -> tuple[Trial, Outcome] | None:
        """Record an event of a worker; returns the trial and its outcome if the event is `Finished`, else None."""
        trial = self.history[event.number]
        if isinstance(event, Finished):
            return trial, self.tell(trial, event.outcome)
        known = isinstance(event, Epoch) and trial.curve.get(event.epoch) == event.score
        if isinstance(event, Started | Epoch) and trial.state == "running" and not known:
            self.record.append(event)
        return None

    def _measured(self, trial: Trial, outcome: Outcome) -> Outcome:
        """The outcome with every objective among its scores; `Failed` if one cannot be worked out or is no number."""
        if not isinstance(outcome, Scored) or trial.cost is None:
            return outcome
        scores = dict(outcome.scores)
        for objective in self.objectives:
            try:
                value = objective.value(outcome.cost or trial.cost, outcome.scores)
            except Exception as error:
                reason = error.args[0] if error.args else type(error).__name__
                return Failed(f"the objective {objective.name} cannot be worked out: {reason}", outcome.seconds)
            if not math.isfinite(value):
                return Failed(f"the objective {objective.name} is {value}", outcome.seconds)
            if not objective.priced:
                scores[objective.name] = value
        return replace(outcome, scores=scores)

    def _settle(self, last: int) -> bool:
        """Tell the strategy the outcomes of the candidates up to slot `last`, in order; False if one is not known."""
        while self._settled <= last:
            number = self._numbers[self._settled]
            if number not in self.history.outcomes:
                return False
            self._tell_strategy(Finished(number, self.history.outcomes[number]))
            self._settled += 1
        return True

    def _drawn(self, event: Rejected | Proposed) -> None:
        if isinstance(event, Proposed):
            self._numbers.append(event.number)
        self.drawing.observe(event)
        self._tell_strategy(event)

    def _tell_strategy(self, event: Event) -> None:
        self.told.observe(event)
        self.strategy.observe(event)

    def _recover(self) -> None:
        """Take up the record as it was left: the same events in the same order as when it was written."""
        for event in self.history.draws:
            self._settle(event.trial.slot - self.lag)
            self._drawn(event)
        self._again = [trial for trial in self.history if trial.state == "running"]
        self._settle(self.history.settings.told - 1)
