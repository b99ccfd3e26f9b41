"""The engine: passive, asked for candidates and told what came of them. Backends pull."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import optuna
from optuna.trial import TrialState

from archspec.geometry.fourier import Target
from search.candidate import ARCHITECTURE, OUTCOME, Candidate, candidate_of
from search.drawing import Drawing, Exhausted
from search.objectives import Constraint, Objective
from search.outcome import Failed, Outcome, Scored, from_record, to_record
from search.record.directory import quietly
from spaces import Space


class Engine:
    """Draws well-typed, new candidates within the constraints, and records what comes of them.

    With `lag` workers candidate i is chosen from the outcomes of candidates up to i − lag, whatever else has finished:
    same seed and same number of workers, same candidates. Everything is in the study: an engine over the study of one
    that was killed goes on where it was, first with the candidates whose outcome was never told.
    """

    def __init__(
        self,
        study: optuna.Study,
        space: Space,
        objectives: Sequence[Objective],
        constraints: Sequence[Constraint],
        trials: int,
        seed: int,
        lag: int = 1,
        target: Target = "torch",
    ) -> None:
        self.study, self.space = study, space
        self.objectives, self.constraints = tuple(objectives), tuple(constraints)
        self.trials, self.seed, self.lag = trials, seed, lag
        self.exhausted: str | None = None
        self.drawing = Drawing(study, space, constraints, seed, target)
        self._asked: list[Candidate] = []
        self._outcomes: dict[int, Outcome] = {}
        self._final: set[int] = set()
        self._again: list[Candidate] = []
        self._recover()

    @property
    def finished(self) -> int:
        """Number of candidates whose outcome is known."""
        return len(self._outcomes)

    @property
    def done(self) -> bool:
        """Whether every candidate has been asked for and told."""
        return self.finished >= self.wanted

    @property
    def all_asked(self) -> bool:
        """Whether no candidate is left to ask for."""
        return not self._again and len(self._asked) >= self.wanted

    @property
    def wanted(self) -> int:
        """Number of candidates there will be."""
        return len(self._asked) if self.exhausted else max(self.trials, len(self._asked))

    def ask(self) -> Candidate | None:
        """The next candidate; None when none is left, or while it still depends on an outcome not told.

        Raises:
            Exhausted: not one candidate fits, so that there is nothing to search.
        """
        if self._again:
            return self._again.pop(0)
        slot = len(self._asked)
        if slot >= self.trials or self.exhausted or (slot >= self.lag and slot - self.lag not in self._outcomes):
            return None
        self._settle(slot - self.lag)
        try:
            candidate = self.drawing.draw(slot)
        except Exhausted as reason:
            self.exhausted = str(reason)
            if not self._asked:
                raise
            return None
        self._asked.append(candidate)
        return candidate

    def stop(self, reason: str) -> None:
        """Hand out no further candidates; those in training are still told."""
        self.exhausted = self.exhausted or reason

    def tell(self, candidate: Candidate, outcome: Outcome) -> None:
        """Record what came of a candidate, durably, before anything else happens; a second telling is ignored."""
        if candidate.slot in self._outcomes:
            return
        outcome = self._measured(candidate, outcome)
        self.study._storage.set_trial_user_attr(self._trial_id(candidate), OUTCOME, to_record(outcome))
        self._outcomes[candidate.slot] = outcome
        if self.done:
            self._settle(len(self._asked) - 1)

    def _measured(self, candidate: Candidate, outcome: Outcome) -> Outcome:
        """The outcome with every objective among its scores; `Failed` if one cannot be worked out or is no number."""
        if not isinstance(outcome, Scored):
            return outcome
        scores = dict(outcome.scores)
        for objective in self.objectives:
            try:
                value = objective.value(outcome.cost or candidate.cost, outcome.scores)
            except Exception as error:
                reason = error.args[0] if error.args else type(error).__name__
                return Failed(f"the objective {objective.name} cannot be worked out: {reason}", outcome.seconds)
            if not math.isfinite(value):
                return Failed(f"the objective {objective.name} is {value}", outcome.seconds)
            if objective.measure is not None:
                scores[objective.name] = value
        return replace(outcome, scores=scores)

    def _settle(self, last: int) -> None:
        """Give the sampler the outcomes up to candidate `last`, in order."""
        for slot in range(last + 1):
            if slot in self._final:
                continue
            candidate, outcome = self._asked[slot], self._outcomes[slot]
            if isinstance(outcome, Scored):
                cost = outcome.cost or candidate.cost
                values = [o.told(cost, outcome.scores) for o in self.objectives]
                quietly(self.study.tell, candidate.number, values)
            else:
                state = TrialState.FAIL if isinstance(outcome, Failed) else TrialState.PRUNED
                quietly(self.study.tell, candidate.number, state=state)
            self._final.add(slot)

    def _recover(self) -> None:
        """Take up the study as it was left."""
        for trial in self.study.get_trials(deepcopy=False):
            self.drawing.take_up(trial)
            if ARCHITECTURE in trial.user_attrs:
                candidate = candidate_of(trial)
                self._asked.append(candidate)
                if trial.state.is_finished():
                    self._final.add(candidate.slot)
                if OUTCOME in trial.user_attrs:
                    self._outcomes[candidate.slot] = from_record(trial.user_attrs[OUTCOME])
                else:
                    self._again.append(candidate)
        if self.done:
            self._settle(len(self._asked) - 1)

    def _trial_id(self, candidate: Candidate) -> int:
        return self.study._storage.get_trial_id_from_study_id_trial_number(self.study._study_id, candidate.number)
