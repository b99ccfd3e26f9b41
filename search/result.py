"""The results of a run: its trials, their front, the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.graph.cost import Cost
from archspec.moved import former_names
from search import objectives as named
from search.errors import RunError
from search.files import RunDirectory
from search.front import Front
from search.objectives import QUANTITIES, Objective, maximize, minimize, parse_objective
from search.record.history import History
from search.record.reading import Reading
from search.tasks.named import AnyTask
from search.trial import Trial

if TYPE_CHECKING:
    import optuna

ACCURACY_PER_FLOP = "accuracy_per_flop"


class Result:
    """The results of a run, read from its directory. While the run goes on, they cover the events written so far.

    Args:
        directory: directory of the run.
        objectives: by default those in the run's settings.
        task: the task of the run, needed only to score trials on its test data.

    Raises:
        RunError: there is no run in that directory.
    """

    def __init__(
        self, directory: str | Path, objectives: Sequence[Objective] | None = None, task: AnyTask | None = None
    ) -> None:
        self.directory, self.task = RunDirectory(Path(directory)), task
        self._reading = Reading(self.directory, task)
        recorded = self.history.settings.values.get("objectives", [])
        self.objectives = tuple(objectives if objectives is not None else map(parse_objective, recorded))

    @classmethod
    def open(cls, directory: str | Path, task: AnyTask | None = None) -> Result:
        """The result of a run, finished or not. The task is needed only to score trials on its test data.

        Raises:
            RunError: there is no run in that directory.
        """
        return cls(directory, task=task)

    @property
    def history(self) -> History:
        """The history of the run up to now; `history.settings.values` are the settings it was begun with."""
        return self._reading.history

    @property
    def trials(self) -> list[Trial]:
        """All trials, rejected ones too, in the order in which they were drawn."""
        return list(self.history)

    @property
    def study(self) -> optuna.Study:
        """The run as an Optuna study in memory, built anew at each access, for Optuna's importances and plots."""
        from search.record.studies import Translation
        from spaces import Space

        history = self.history
        space = Space.from_data(history.settings.values["space"])
        return Translation(space, self.objectives).study(history)

    @property
    def front(self) -> Front:
        """The scored trials that no other trial beats in every objective; one trial for each tuple of values."""
        scored = [(t, self._values(t)) for t in self.history if t.state == "scored"]
        best = [t for t, values in scored if not any(_beats(other, values) for _, other in scored)]
        seen: dict[tuple[float, ...], Trial] = {}
        for trial in best:
            seen.setdefault(self._values(trial), trial)
        return Front(tuple(sorted(seen.values(), key=_flops)), self.objectives)

    def best(self, by: str = ACCURACY_PER_FLOP) -> Trial:
        """The best scored trial by one number: an objective, a score, a quantity of the cost, or `accuracy_per_flop`.

        `accuracy_per_flop` is accuracy · (FLOPs / 10⁶)^-0.07: the plain ratio would favour a constant classifier. Of
        equally good trials it is the one with the fewest FLOPs.

        Raises:
            RunError: no trial was scored, or there is no such score.
        """
        scored = [t for t in self.history if t.state == "scored"]
        if not scored:
            raise RunError("no trial of this run has been scored; let it run on")
        small = by == "loss" or by in QUANTITIES
        known = [objective for objective in self.objectives if objective.name == by]
        try:
            objective = known[0] if known else minimize(by) if small else maximize(by)
            sign = 1 if objective.maximize else -1
            return max(scored, key=lambda t: (sign * objective.value(t.cost or Cost(), t.scores), -_flops(t)))
        except (KeyError, ValueError) as error:
            raise RunError(str(error.args[0])) from None

    def trial(self, number: int) -> Trial:
        """The trial with this number; RunError if there is none."""
        if number not in self.history:
            raise RunError(f"there is no trial {number} in {self.directory.path}")
        return self.history[number]

    def counts(self) -> dict[str, int]:
        """The number of trials in each state."""
        return self.history.counts()

    def _values(self, trial: Trial) -> tuple[float, ...]:
        """The values of the objectives, negated where they are maximised: smaller is better."""
        cost = trial.cost or Cost()
        return tuple((-1 if o.maximize else 1) * o.value(cost, trial.scores) for o in self.objectives)


def accuracy_per_flop(trial: Trial) -> float:
    """The value of the objective `accuracy_per_flop` for a trial."""
    return named.accuracy_per_flop(trial.cost or Cost(), trial.scores)


def _flops(trial: Trial) -> int:
    return trial.cost.flops if trial.cost else 0


def _beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether `a` dominates `b`: nowhere larger, and somewhere smaller."""
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
