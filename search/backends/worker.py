"""How a worker of any backend trains one candidate."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archspec.geometry.fourier import Target
from search.events import Epoch, Event, Finished, Started
from search.files import RunDirectory
from search.objectives import Score
from search.outcome import Failed, Outcome
from search.tasks.named import AnyTask
from search.training.settings import Training
from search.training.trainer import train
from search.trial import Trial


@dataclass(frozen=True)
class Trainer:
    """Trains the candidates of one run. It can be pickled if the task can.

    Attributes:
        task: the run's task, without its test data.
        training: how candidates are trained.
        goal: the score that selects the best weights.
        directory: absolute path of the run's directory, which every worker can read and write.
        target: what the cost of a trained network is computed for.
    """

    task: AnyTask
    training: Training
    goal: Score
    directory: str
    target: Target = "torch"

    def run(self, data: Mapping[str, Any], tell: Callable[[Event], None]) -> None:
        """Train the trial that `Trial.to_data` wrote, and pass its events to `tell`, the last one `Finished`.

        An error becomes the outcome `Failed`, and its traceback is written to the run's directory.
        """
        trial = Trial.from_data(data)
        tell(Started(trial.number))
        tell(Finished(trial.number, self._outcome(trial, tell)))

    def _outcome(self, trial: Trial, tell: Callable[[Event], None]) -> Outcome:
        directory, training = RunDirectory(Path(self.directory)), self.training.filled(trial.values)
        assert trial.architecture is not None
        try:
            return train(
                trial.architecture,
                self.task,
                training if trial.epochs is None else replace(training, epochs=trial.epochs),
                trial.seed,
                self.goal,
                weights=directory.weights(trial.number),
                checkpoint=directory.checkpoint(trial.number),
                each_epoch=lambda epoch, score: tell(Epoch(trial.number, epoch, score)),
                target=self.target,
            )
        except Exception as error:
            directory.checkpoint(trial.number).unlink(missing_ok=True)
            path = directory.failure(trial.number)
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(traceback.format_exc())
            return Failed(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}")


def parent_is_gone(parent: int) -> bool:
    """Whether the process that started this one has ended."""
    return os.getppid() != parent
