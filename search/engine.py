"""The engine, an ask-and-tell interface: it is asked for candidates, told their outcomes, and trains nothing itself."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from archspec.geometry.fourier import Target
from search.drawing import Drawing, Exhausted
from search.errors import named
from search.events import Epoch, Event, Finished, Proposed, Rejected, Started
from search.objectives import Constraint, Objective
from search.outcome import Outcome, from_record
from search.record.history import History
from search.record.memory import Log
from search.scoring import scored
from search.spending import PASSES, UNLIMITED, Spending, ahead
from search.strategies.strategy import DEFAULT, RESUMES, STRATEGIES, Budget, Strategy
from search.trial import Trial
from spaces import Space

# Of the sum of many shares of a training.
ROUNDING = 1e-6


def lag_of(workers: int) -> int:
    """How many slots back a proposal of a run looks: half as many again as there are workers.

    So a worker that is done seldom waits for the slowest of the others: of eight, 84 % of their time was used instead
    of 64 %, and what they found they found a quarter sooner (docs/decisions/006).
    """
    return workers + workers // 2


class Engine:
    """Draws candidates that are well-typed, new and within the constraints, and records their outcomes.

    The proposal for slot i is based on the outcomes of the slots up to i − `lag`, and of no others, whichever have
    finished: the same seed and lag give the same candidates. All state is in the record: an engine over the record of a
    killed run resumes that run, and hands out first the candidates that have no outcome yet.

    Args:
        record: the run's record, open for writing.
        space, objectives, constraints: as for `Search`.
        trials: number of whole trainings, in parts or not; what the run carries over from another comes on top.
        seed: seed of the run.
        lag: how many slots back the last outcome is that a proposal depends on; `lag_of` the workers in a run.
        target: what costs are computed for.
        strategy: proposes the values of candidates; it must not have observed an event yet. By default `front`.
        epochs: number of epochs of a full training, for strategies that train some candidates for fewer.
        settings: names of the space's parameters that are settings of the training.
        budget: the epochs and FLOPs after which no further candidate is handed out. What counts is what was handed out,
            priced ahead, so that it does not depend on which training ends first; the last candidate may go beyond it.
        workers: number of candidates in training at the same time, for what is told of the time; by default `lag`.
    """

    def __init__(
        self,
        record: Log,
        space: Space,
        objectives: Sequence[Objective],
        constraints: Sequence[Constraint],
        trials: int,
        seed: int,
        lag: int = 1,
        target: Target = "torch",
        strategy: Strategy | None = None,
        epochs: int = 1,
        settings: Collection[str] = (),
        budget: Spending = UNLIMITED,
        workers: int | None = None,
    ) -> None:
        self.record, self.space = record, space
        self.objectives, self.constraints = tuple(objectives), tuple(constraints)
        # What was carried over from another run comes before the candidates that are trained.
        self.designs = record.history.settings.designs
        self.trials, self.seed, self.lag = trials + record.history.settings.carried, seed, lag
        self.workers = workers or lag
        self.epochs = epochs
        self.exhausted: str | None = None
        self.strategy = strategy or STRATEGIES[DEFAULT](space, self.objectives)
        # Whole trainings that the run comes to at most; a budget of FLOPs does not say how many.
        most = min(self.trials, math.ceil(min(budget.epochs / epochs, self.trials)))
        known = record.history.settings.values
        flops = budget.flops / (PASSES * (known.get("examples") or 1))
        inherit = bool(known.get("training", {}).get("inherit"))
        each = Budget(0, most, 0, epochs, seed, seed, self.constraints, target, flops, inherit)
        self.drawing = Drawing(self.strategy, space, each, settings, self.designs)
        # The history as the strategy knows it: draws, and outcomes in the order of the slots.
        self.told = History(record.history.settings, record.directory)
        # The number of the trial in each slot, and how many whole trainings they amount to.
        self._numbers: list[int] = []
        self._trainings = 0.0
        self.budget, self.handed_out = budget, Spending()
        # The first slot whose outcome the strategy has not been told.
        self._next_to_tell = 0
        # Candidates of a killed run that were in training.
        self._to_resume: list[Trial] = []
        self._recover()

    @property
    def history(self) -> History:
        """The history of the run, with all events recorded so far."""
        return self.record.history

    @property
    def finished(self) -> int:
        """Number of candidates whose outcome is known."""
        return len(self.history.outcomes)

    @property
    def done(self) -> bool:
        """Whether every candidate has been asked for and its outcome told."""
        return self.finished >= self.wanted

    @property
    def wanted(self) -> int:
        """Number of candidates of the whole run: `trials`, or fewer once the space is exhausted or the run stopped."""
        left = 0 if self.ended else max(0, math.ceil(self.trials - self._trainings - ROUNDING))
        return len(self._numbers) + left

    @property
    def ended(self) -> str | None:
        """In a few words, why no further candidate is handed out; None as long as there is one."""
        if self._trainings >= self.trials - ROUNDING:
            return f"all {self.trials:,} trials are done"
        return self.exhausted or self.handed_out.reached(self.budget)

    def ask(self) -> Trial | None:
        """The next candidate; None if none is left, or if an outcome that it depends on is not known yet.

        Raises:
            Exhausted: the space has not a single candidate.
        """
        if self._to_resume:
            return self._to_resume.pop(0)
        slot = len(self._numbers)
        if self.ended or not self._tell_up_to(slot - self.lag):
            return None
        try:
            return self._draw(slot)
        except Exhausted as reason:
            self.exhausted = str(reason)
            if not self._numbers:
                raise
            return None

    def _draw(self, slot: int) -> Trial:
        for event in self.drawing.draw(slot, self.history.next_number, self.told):
            self.record.append(event)
            self._take_draw(event)
        return self.history[self._numbers[slot]]

    def stop(self, reason: str) -> None:
        """Hand out no further candidates; the outcomes of those in training are still recorded."""
        self.exhausted = self.exhausted or reason

    def tell(self, trial: Trial, outcome: Outcome) -> Outcome:
        """Record the outcome of a candidate; a second outcome of the same candidate is ignored.

        Returns the outcome as recorded: `Failed` if an objective cannot be computed. It is on the disk before the
        strategy learns of it.
        """
        if trial.number not in self.history.outcomes:
            self.record.append(Finished(trial.number, scored(trial, outcome, self.objectives, self.constraints)))
        return self.history.outcomes[trial.number]

    def observe(self, event: Event) -> tuple[Trial, Outcome] | None:
        """Record an event of a worker; returns the trial and its outcome if the event is `Finished`, else None."""
        trial = self.history[event.number]
        if isinstance(event, Finished):
            return trial, self.tell(trial, event.outcome)
        recorded = isinstance(event, Epoch) and trial.curve.get(event.epoch) == event.score
        if isinstance(event, Started | Epoch) and trial.state == "running" and not recorded:
            self.record.append(event)
        return None

    def _tell_up_to(self, last: int) -> bool:
        """Tell the strategy the outcomes of the candidates up to slot `last`, in order; False if one is not known."""
        while self._next_to_tell <= last:
            number = self._numbers[self._next_to_tell]
            if number not in self.history.outcomes:
                return False
            self._tell_strategy(Finished(number, self.history.outcomes[number]))
            self._next_to_tell += 1
        return True

    def _take_draw(self, event: Rejected | Proposed) -> None:
        if isinstance(event, Proposed):
            self._numbers.append(event.number)
            self._trainings += self.history.share(event.trial, self.epochs)
            counted = math.isfinite(self.budget.flops)
            self.handed_out += ahead(self.history[event.number], self.history, self.epochs, counted)
        self.drawing.observe(event)
        self._tell_strategy(event)

    def _tell_strategy(self, event: Event) -> None:
        self.told.observe(event)
        with named(f"the strategy {self.strategy.name}", RESUMES):
            self.strategy.observe(event)

    def _recover(self) -> None:
        """Replay the record: strategy and drawing observe the same events in the same order as when it was written."""
        for event in self.history.draws:
            self._tell_up_to(event.trial.slot - self.lag)
            self._take_draw(event)
        self._carry_over()
        self._to_resume = [trial for trial in self.history if trial.state == "running"]
        self._tell_up_to(self.history.settings.told - 1)

    def _carry_over(self) -> None:
        """Draw the designs whose outcome is known, and record it as that of the candidate."""
        for slot, design in enumerate(self.designs):
            if "outcome" not in design:
                return
            if slot == len(self._numbers):
                self._tell_up_to(slot - self.lag)
                self._draw(slot)
            trial = self.history[self._numbers[slot]]
            if trial.source is not None:
                self.tell(trial, from_record(design["outcome"]))
