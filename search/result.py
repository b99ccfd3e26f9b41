"""The results of a run: its trials, their front, the best of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.graph.cost import Cost
from archspec.moved import former_names
from search import objectives as named
from search.directions import direction_of
from search.errors import RunError
from search.files import RunDirectory
from search.frame import curves_frame, trials_frame
from search.front import Front, flops_of, front_of, smaller_is_better
from search.objectives import QUANTITIES, Objective, maximize, minimize, parse_objective
from search.record.history import History
from search.record.reading import Reading
from search.tasks.named import AnyTask
from search.trial import Trial
from search.words import counted, in_html, printable

if TYPE_CHECKING:
    import optuna
    import pandas as pd

    from search.prediction import Predictor

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
        try:
            self.objectives = tuple(objectives if objectives is not None else map(parse_objective, recorded))
        except ValueError as error:
            raise RunError(f"{self.directory.path}: {error}") from None

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
        from search.training.joint import joint
        from search.training.settings import Training
        from spaces import Space

        history, known = self.history, self.history.settings.values
        space = joint(Space.from_data(known["space"]), Training.from_record(known.get("training", {})))
        return Translation(space, self.objectives).study(history)

    @property
    def front(self) -> Front:
        """The scored trials that no other trial beats in every objective; one trial for each tuple of values."""
        return front_of(self.history, self.objectives)

    def best(self, by: str | None = None) -> Trial:
        """The best scored trial; among equal ones, the cheapest.

        Args:
            by: an objective of the run, a score, a cost, or `accuracy_per_flop`: accuracy · (FLOPs / 10⁶)^-0.07, as the
                plain ratio would favour constant answers. A score whose direction is not known is written with it:
                `"minimize delay"`. By default `accuracy_per_flop` where there is an accuracy, else the first objective.

        Raises:
            RunError: no trial was scored, there is no such score, or it is not known whether it is to be large.
        """
        scored = [t for t in self.history if t.state == "scored"]
        if not scored:
            raise RunError("no trial of this run has been scored; let it run on")
        if not isinstance(by, str | None):
            raise RunError(f"best takes the name of an objective, a score or a cost, not {by!r}")
        objective = self._objective(by) if by else self._default_objective(scored[0])
        valued = [(smaller_is_better(t, [objective]), flops_of(t), t) for t in scored]
        known = [(values, flops, t) for values, flops, t in valued if not math.isnan(values[0])]
        if not known:
            raise RunError(f"{objective.name} is not a number for any trial of this run; choose by another score")
        return min(known, key=lambda found: found[:2])[2]

    def __repr__(self) -> str:
        return f"Result({printable(self.directory.path)}: {counted(self.counts())})"

    def __str__(self) -> str:
        return f"{printable(self.directory.path)}: {counted(self.counts())}\n\n{self.front}"

    def _repr_html_(self) -> str:
        return f"<p>{in_html(f'{self.directory.path}: {counted(self.counts())}')}</p>{self.front.to_html()}"

    def _default_objective(self, trial: Trial) -> Objective:
        known = any(objective.name == "accuracy" for objective in self.objectives) or "accuracy" in trial.scores
        if not known and not self.objectives:
            raise RunError("the run records no objective; say what best means: best('loss')")
        return maximize(ACCURACY_PER_FLOP) if known else self.objectives[0]

    def _objective(self, by: str) -> Objective:
        """The objective that is written as `by`, or has this name."""
        if " " in by.strip():
            try:
                return parse_objective(by)
            except ValueError as error:
                raise RunError(str(error)) from None
        for objective in self.objectives:
            if objective.name == by:
                return objective
        if by in QUANTITIES:
            return minimize(by)
        recorded = self.history.settings.values.get("directions", {})
        large = True if by == ACCURACY_PER_FLOP else recorded.get(by, direction_of(by))
        if large is not None:
            return maximize(by) if large else minimize(by)
        known = sorted({name for trial in self.history for name in trial.scores})
        if by not in known:
            raise RunError(
                f"there is no score {by!r}; there are {', '.join(known)} and the costs {', '.join(QUANTITIES)}"
            )
        raise RunError(f"whether {by} is to be large is not known; write 'maximize {by}' or 'minimize {by}'")

    def to_frame(self) -> pd.DataFrame:
        """All trials as a data frame of pandas, a row each: state, scores, costs, decided values, reason.

        Raises:
            RunError: pandas is not installed.
        """
        return trials_frame(self.history)

    def curves(self) -> pd.DataFrame:
        """The learning curves as a data frame of pandas: a row for each epoch, a column for each trial.

        They are of the validation score that selects the best weights; `result.curves().plot()` draws them.

        Raises:
            RunError: pandas is not installed.
        """
        return curves_frame(self.history)

    def predictor(self, by: str | None = None) -> Predictor:
        """The best trained network, as by `best`, which answers for raw examples: `predict("x.png")`."""
        return self.best(by).predictor()

    def trial(self, number: int) -> Trial:
        """The trial with this number; RunError if there is none."""
        if number not in self.history:
            raise RunError(f"there is no trial {number} in {self.directory.path}")
        return self.history[number]

    def counts(self) -> dict[str, int]:
        """The number of trials in each state."""
        return self.history.counts()


def accuracy_per_flop(trial: Trial) -> float:
    """The value of the objective `accuracy_per_flop` for a trial."""
    return named.accuracy_per_flop(trial.cost or Cost(), trial.scores)


if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
