"""How a worker of any backend trains one candidate."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from archspec.architecture import Architecture
from archspec.doors import Registered
from archspec.geometry.fourier import Target
from search.backends.resources import Resources
from search.errors import RunError, first_line
from search.events import Epoch, Event, Finished, Interrupted, Started
from search.files import RunDirectory
from search.machine import machine_fault
from search.masks.training import NOTES, Asked, train_sizes
from search.objectives import Score
from search.outcome import Failed, Outcome, Scored
from search.tasks.named import AnyTask
from search.training.limits import TIME_UP, Limits, TimeUp, time_limit
from search.training.settings import Training
from search.training.trainer import train
from search.training.weights import load_parent
from search.trial import Trial
from spaces import Space

Tell = Callable[[Event], None]


@dataclass(frozen=True)
class Trainer:
    """Trains the candidates of one run. It can be pickled if the task can.

    Attributes:
        task: the run's task, without its test data.
        training: how candidates are trained.
        goal: the score that selects the best weights.
        directory: absolute path of the run's directory, which every worker can read and write.
        target: what the cost of a trained network is computed for.
        until: time, in seconds since 1970, at which training is interrupted; None for never.
        measure: what is measured of trained networks, because the run limits it.
        needs: what each candidate takes of a cluster.
        storage: URL of the folder through which files go between the nodes of a cluster, where they do not see the
            run's directory; None if they do.
        registered: what was registered where the search runs, so that workers can read architectures with it.
        template: the template of the run's space, for candidates whose sizes are learned.
    """

    task: AnyTask
    training: Training
    goal: Score
    directory: str
    target: Target = "torch"
    until: float | None = None
    measure: tuple[str, ...] = ()
    needs: Resources = field(default_factory=Resources)
    storage: str | None = None
    registered: Registered = field(default_factory=Registered.here)
    template: Architecture | None = None

    def trial(self, data: Mapping[str, Any]) -> Trial:
        """The trial that `Trial.to_data` wrote, which knows how the run trains."""
        return replace(Trial.from_data(data), settings={"training": self.training.record()})

    def read(self, data: Mapping[str, Any], tell: Tell) -> Trial | None:
        """The trial; None, and `Interrupted` is told, if it cannot be read here.

        That is no fault of the candidate, which was drawn by a process that can read it.
        """
        try:
            return self.trial(data)
        except ValueError as error:
            tell(Interrupted(data["number"], f"what was drawn cannot be read here: {error}"))
            return None

    def run(self, data: Mapping[str, Any], tell: Tell, own_process: bool = False, node: str | None = None) -> None:
        """Train the trial that `Trial.to_data` wrote, and pass its events to `tell`.

        The last event is `Finished`, or `Interrupted` if the machine failed (its disk, say), what was drawn cannot be
        read here, or the time of the search is up; the checkpoint is then kept. Any other error becomes the outcome
        `Failed`, and its traceback is written to the run's directory.

        With `own_process`, this process trains and does nothing else: if training does not end at a limit of time (its
        data loader blocks, say), another thread tells the last event, and ends the process. `node` is the machine of a
        cluster that this process is on.
        """
        if (trial := self.read(data, tell)) is None:
            return
        tell(Started(trial.number, node))

        def end(own: bool) -> None:
            seconds = self.training.seconds or 0.0
            failed = Finished(trial.number, Failed(time_limit(seconds), seconds))
            tell(failed if own else Interrupted(trial.number, TIME_UP))

        name, ending = f"trial {trial.number}", end if own_process else None
        with Limits(name, self.training.seconds, self.until, ending) as limits:
            last = self._last_event(trial, tell, limits)
        tell(last)

    def _last_event(self, trial: Trial, tell: Tell, limits: Limits) -> Finished | Interrupted:
        directory, training = RunDirectory(Path(self.directory)), self.training.filled(trial.values)
        assert trial.architecture is not None
        try:
            parent = None if trial.inherits is None else load_parent(directory.weights(trial.inherits))
        except RunError as error:  # no fault of the candidate: with other weights its scores would be others
            return Interrupted(trial.number, str(error))
        try:
            limits.step()
            how = partial(self._sizes, trial) if NOTES in trial.notes else partial(train, trial.architecture)
            own: dict[str, Any] = {} if NOTES in trial.notes else {"epochs": trial.epochs, "trunk": self._trunk(trial)}
            outcome = how(
                self.task,
                training,
                trial.seed,
                self.goal,
                weights=directory.weights(trial.number),
                checkpoint=directory.checkpoint(trial.number),
                each_epoch=lambda *told: tell(Epoch(trial.number, *told)),
                target=self.target,
                each_batch=limits.step,
                measure=self.measure,
                parent=parent,
                **own,
            )
            return Finished(trial.number, outcome)
        except TimeUp:
            return Interrupted(trial.number, TIME_UP)
        except (Exception, SystemExit) as error:
            if (fault := machine_fault(error)) is not None:
                return Interrupted(trial.number, fault)
            return self._failed(trial, error)

    def _sizes(self, trial: Trial, *wanted: Any, **named: Any) -> Outcome:
        """Train a candidate whose sizes are learned, with the arguments of `train`."""
        assert self.template is not None
        state = RunDirectory(Path(self.directory)).sizes(trial.number)
        asked, trunk = Asked.from_data(trial.notes[NOTES]), self._trunk(trial)
        outcome = train_sizes(asked, Space(self.template), trial.values, *wanted, state=state, **named)
        if trunk is not None and isinstance(outcome, Scored):  # a candidate that has paused goes on no further
            trunk.unlink(missing_ok=True)
        return outcome

    def _trunk(self, trial: Trial) -> Path | None:
        return None if trial.trained_as is None else RunDirectory(Path(self.directory)).trunk(trial.trained_as)

    def _failed(self, trial: Trial, error: BaseException) -> Finished | Interrupted:
        """The outcome of an error of the candidate; its traceback is written, and its checkpoint deleted."""
        directory = RunDirectory(Path(self.directory))
        try:
            directory.checkpoint(trial.number).unlink(missing_ok=True)
            path = directory.failure(trial.number)
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(traceback.format_exception(error)), errors="backslashreplace")
        except OSError as fault:
            return Interrupted(trial.number, machine_fault(fault) or str(fault))
        words = first_line(error) if str(error).strip() else "no message"
        return Finished(trial.number, Failed(f"{type(error).__name__}: {words}"))
