"""What came of a search: its trials, their front, the best of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.graph.cost import Cost
from archspec.symmetry.certificate import Certificate
from search.candidate import ARCHITECTURE, OUTCOME, REJECTED, candidate_of
from search.errors import RunError
from search.front import Front
from search.objectives import Objective, parse_objective
from search.outcome import Failed, Scored, from_record
from search.record.directory import RunDirectory
from search.trial import State, Trial, accuracy_per_flop

if TYPE_CHECKING:
    import optuna

    from search.tasks.task import Task

ACCURACY_PER_FLOP = "accuracy_per_flop"


class Result:
    """A run as its directory tells it."""

    def __init__(
        self, directory: str | Path, study: optuna.Study, objectives: Sequence[Objective], task: Task | None
    ) -> None:
        self.directory, self.study, self.task = RunDirectory(directory), study, task
        self.objectives = tuple(objectives)

    @classmethod
    def open(cls, directory: str | Path, task: Task | None = None) -> Result:
        """The result of a run, finished or not. Give the task to measure on test data.

        Raises:
            RunError: there is no run in that directory.
        """
        study = RunDirectory(directory).read()
        objectives = [parse_objective(text) for text in study.user_attrs.get("objectives", [])]
        return cls(directory, study, objectives, task)

    @property
    def trials(self) -> list[Trial]:
        """Every draw, rejected ones too, in the order drawn."""
        return [t for t in map(self._trial, self.study.get_trials(deepcopy=False)) if t is not None]

    @property
    def front(self) -> Front:
        """The scored trials no other beats in every objective."""
        scored = [(t, self._values(t)) for t in self.trials if t.state == "scored"]
        best = [t for t, values in scored if not any(_beats(other, values) for _, other in scored)]
        seen: dict[tuple[float, ...], Trial] = {}
        for trial in best:
            seen.setdefault(self._values(trial), trial)
        return Front(tuple(sorted(seen.values(), key=lambda t: t.cost.flops if t.cost else 0)), self.objectives)

    def best(self, by: str = ACCURACY_PER_FLOP) -> Trial:
        """The best scored trial by one objective, a score, a cost, or `accuracy_per_flop`.

        `accuracy_per_flop` is accuracy · (FLOPs / 10⁶)^-0.07: the plain ratio would favour a constant answer.

        Raises:
            RunError: no trial was scored, or there is no such score.
        """
        scored = [t for t in self.trials if t.state == "scored"]
        if not scored:
            raise RunError("no trial of this run has been scored")
        objective = next((o for o in self.objectives if o.name == by), None)
        try:
            if by == ACCURACY_PER_FLOP:
                return max(scored, key=accuracy_per_flop)
            chosen = objective or Objective(by, maximize=by not in ("loss", "flops", "macs", "params", "activations"))
            return max(
                scored,
                key=lambda t: (
                    chosen.value(t.cost or Cost(), t.scores) * (1 if chosen.maximize else -1),
                    -(t.cost.flops if t.cost else 0),
                ),
            )
        except KeyError as error:
            raise RunError(str(error.args[0])) from None

    def trial(self, number: int) -> Trial:
        """The trial of this number; RunError if there is none."""
        for trial in self.trials:
            if trial.number == number:
                return trial
        raise RunError(f"there is no trial {number} in {self.directory.path}")

    def counts(self) -> dict[str, int]:
        """How many trials are in each state."""
        states = [t.state for t in self.trials]
        return {state: states.count(state) for state in ("scored", "stopped", "failed", "running", "rejected")}

    def _values(self, trial: Trial) -> tuple[float, ...]:
        """Objectives as losses."""
        assert trial.cost is not None
        return tuple((-1 if o.maximize else 1) * o.value(trial.cost, trial.scores) for o in self.objectives)

    def _trial(self, frozen: optuna.trial.FrozenTrial) -> Trial | None:
        attrs = frozen.user_attrs
        if REJECTED in attrs:
            return Trial(frozen.number, "rejected", None, None, {}, 0, attrs[REJECTED], 0, self.directory)
        if ARCHITECTURE not in attrs:
            return None  # killed while it was being drawn
        candidate = candidate_of(frozen)
        state: State = "running"
        scores: Mapping[str, float] = {}
        epochs, reason, cost, symmetry = 0, None, candidate.cost, None
        if OUTCOME in attrs:
            outcome = from_record(attrs[OUTCOME])
            state = "failed" if isinstance(outcome, Failed) else "scored" if isinstance(outcome, Scored) else "stopped"
            if isinstance(outcome, Failed):
                reason = outcome.reason
            else:
                scores, epochs = outcome.scores, outcome.epochs
            if isinstance(outcome, Scored):
                cost = outcome.cost or cost
                symmetry = Certificate.from_data(outcome.symmetry) if outcome.symmetry else None
        return Trial(
            frozen.number,
            state,
            candidate.architecture,
            cost,
            scores,
            epochs,
            reason,
            candidate.seed,
            self.directory,
            self.task,
            symmetry,
        )


def _beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b
