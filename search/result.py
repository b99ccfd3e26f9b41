"""The results of a run: its trials, their front, the best of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.moved import former_names
from search.anytime import anytime
from search.choosing import accuracy_per_flop as accuracy_per_flop
from search.choosing import best_of
from search.confirmation import Confirmation, confirmation_in
from search.correlations import Correlations, correlations_in
from search.errors import RunError
from search.files import RunDirectory
from search.frame import curves_frame, trials_frame
from search.front import Front, front_of, point
from search.hypervolume import hypervolume
from search.objectives import Constraint, Objective, parse_objective
from search.record.history import History
from search.record.reading import Reading
from search.reference import corner, reference_in
from search.tasks.named import AnyTask
from search.trial import NO_TEST, Trial
from search.words import counted, in_html, printable

if TYPE_CHECKING:
    import optuna
    import pandas as pd

    from search.prediction import Predictor


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
        self.directory, self.task = RunDirectory.at(directory), task
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
        from search.record.studies import study_of

        return study_of(self.history, self.objectives)

    @property
    def front(self) -> Front:
        """The scored trials that no other trial beats in every objective, as found, and what confirmed them.

        Of trials with equal values there is one.
        """
        confirmed = self.confirmation
        rows = {row.trial.number: row for row in confirmed.rows} if confirmed else {}
        return replace(front_of(self.history, self.objectives), confirmed=rows)

    @property
    def confirmation(self) -> Confirmation | None:
        """What has been confirmed so far; None if nothing has."""
        return confirmation_in(self.directory, self.history, self.objectives, self.task)

    def confirm(
        self,
        seeds: int = 3,
        trials: Sequence[int] | None = None,
        workers: int | None = None,
        watch: Callable[[str], object] | None = None,
        backend: str = "local",
        address: str | None = None,
        cpus: float = 1,
        gpus: float | None = None,
        memory: float | str | None = None,
        storage: str | None = None,
    ) -> Confirmation:
        """Train the front again, whole and from fresh seeds, and score each network once on the test data.

        What the search found is the best of many, so it looks better than it is; what is confirmed does not. Validation
        data choose the best epoch of each network, as in the search. It can be killed, and goes on when it is called
        again, here or elsewhere; nothing is trained twice. Test data stay in this process, wherever it trains.

        Args:
            seeds: number of fresh seeds for each trial.
            trials: the numbers of the trials; by default those of the front.
            workers: number of trainings at the same time; this and all from `backend` on are as for `Search.run`.
            watch: called with a line of text after each training, as `print`, and with what a backend has to say, which
                without it goes to standard error.
            backend: where it trains: `local`, `ray`, or a name that an installed package registers.
            address: address of the Ray cluster.
            cpus: CPU cores that each training takes of it.
            gpus: GPUs that each takes.
            memory: bytes that each takes.
            storage: URL of a folder that all its nodes reach, if they do not see the directory of the run.

        Raises:
            ValueError: a number is out of its range.
            RunError: a trial was not scored; task or objectives are not those of the run, or have no test data; another
                process confirms it; workers cannot be started; the machine keeps failing.
        """
        from search.backends.place import place
        from search.backends.resources import resources
        from search.confirming import Confirming

        if self.task is None or self.task.test is None:
            raise RunError(NO_TEST)
        chosen = self.front if trials is None else [self.trial(number) for number in trials]
        confirming = Confirming(self.directory, self.history, self.objectives, self.task)
        wanted = confirming.wanted(chosen, seeds)
        needs = resources(cpus, gpus, memory, confirming.training.device)
        where = place(backend, workers, address, needs, storage, idle=not confirming.left(wanted))
        confirming.run(wanted, where, watch)
        return self.confirmation or Confirmation((), self.objectives)

    @property
    def reference(self) -> dict[str, float]:
        """The point up to which hypervolumes are measured, by objective, fixed before anything was trained.

        Of a cost its limit, or the dearest of 10,000 fillings; of a score that of the best constant answer.

        Raises:
            RunError: the run has none for an objective: it is older, or the score cannot be worked out.
        """
        return reference_in(self.directory, self.objectives)

    def hypervolume(self, reference: Mapping[str, float] | None = None) -> float:
        """What the front dominates, up to a value for each objective; by default up to the run's `reference`.

        It is in units of the scores, times factors of ten of the costs. `front.hypervolume()` is a share of a rectangle
        that is the same for all runs.

        Raises:
            RunError: there is no reference for an objective.
        """
        return hypervolume([point(trial, self.objectives) for trial in self.front], self._corner(reference))

    def anytime(self, reference: Mapping[str, float] | None = None) -> list[tuple[int, float]]:
        """After each outcome, the epochs spent on all so far, and the hypervolume of their front; see `hypervolume`."""
        return anytime(self.history, self.objectives, self._corner(reference))

    @property
    def correlations(self) -> Correlations | None:
        """Kendall's τ of zero-cost proxies with the score; None without `Training(proxies=True)` or scored trials."""
        return correlations_in(self.history, self.objectives)

    def _corner(self, reference: Mapping[str, float] | None) -> tuple[float, ...]:
        return corner(self.objectives, self.reference if reference is None else reference)

    def best(self, by: str | None = None, within: str | Constraint | Sequence[str | Constraint] = ()) -> Trial:
        """The best scored trial, as found; among equal ones, the cheapest.

        Args:
            by: an objective of the run, a score, a cost, or `accuracy_per_flop`: accuracy · (FLOPs / 10⁶)^-0.07, as the
                plain ratio would favour constant answers. A score whose direction is not known is written with it:
                `"minimize delay"`. By default `accuracy_per_flop` where there is an accuracy, else the first objective.
            within: limits on costs, such as `"flops <= 1M"`; trials above them do not count.

        Raises:
            RunError: no trial was scored, there is no such score, or it is not known whether it is to be large.
            ValueError: a limit cannot be read.
        """
        return best_of(self.history, self.objectives, by, within)

    def __repr__(self) -> str:
        return f"Result({printable(self.directory.path)}: {counted(self.counts())})"

    def __str__(self) -> str:
        return f"{printable(self.directory.path)}: {counted(self.counts())}\n\n{self.front}"

    def _repr_html_(self) -> str:
        return f"<p>{in_html(f'{self.directory.path}: {counted(self.counts())}')}</p>{self.front.to_html()}"

    def to_frame(self) -> pd.DataFrame:
        """All trials as a data frame, a row each: state, scores, costs, proxies, values; RunError without pandas."""
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

    def export(
        self,
        directory: str | Path,
        by: str | None = None,
        overwrite: bool = False,
        formats: Sequence[str] | None = None,
    ) -> Path:
        """Export the best trained network, as by `best`; see `Trial.export`."""
        return self.best(by).export(directory, overwrite, formats)

    def trial(self, number: int) -> Trial:
        """The trial with this number; RunError if there is none."""
        if number not in self.history:
            raise RunError(f"there is no trial {number} in {self.directory.path}")
        return self.history[number]

    def counts(self) -> dict[str, int]:
        """The number of trials in each state."""
        return self.history.counts()


if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
