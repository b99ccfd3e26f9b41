"""What a worker does with a candidate, wherever it runs."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from archspec.architecture import Architecture
from archspec.geometry.fourier import Target
from search.candidate import Candidate
from search.outcome import Failed, Outcome
from search.record.directory import RunDirectory
from search.tasks.task import Task
from search.training.settings import Training
from search.training.trainer import train


@dataclass(frozen=True)
class Job:
    """All that training a candidate needs to know of it; plain data."""

    number: int
    architecture: str
    seed: int

    @classmethod
    def of(cls, candidate: Candidate) -> Job:
        """The job of training a candidate."""
        return cls(candidate.number, candidate.architecture.to_json(), candidate.seed)


@dataclass(frozen=True)
class Trainer:
    """Trains the candidates of one run."""

    task: Task
    training: Training
    goal: tuple[str, bool]
    directory: str
    target: Target = "torch"

    def run(self, job: Job, each_epoch: Callable[[int, float], None] | None = None) -> Outcome:
        """Train; whatever goes wrong becomes `Failed`, and what Python said is kept in the run's directory."""
        directory = RunDirectory(self.directory)
        try:
            return train(
                Architecture.from_json(job.architecture),
                self.task,
                self.training,
                job.seed,
                self.goal,
                weights=directory.weights(job.number),
                checkpoint=directory.checkpoint(job.number),
                each_epoch=each_epoch,
                target=self.target,
            )
        except Exception as error:
            directory.checkpoint(job.number).unlink(missing_ok=True)
            path = directory.failure(job.number)
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(traceback.format_exc())
            return Failed(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}")


def parent_is_gone(parent: int) -> bool:
    """Whether the process that started this one has ended."""
    return os.getppid() != parent
