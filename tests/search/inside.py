"""Searches and confirmations that train in this process, in the order of submission, and can be killed anywhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path

import pytest

from search import Result
from search.backends.backend import BACKENDS
from search.backends.worker import Trainer
from search.events import Epoch, Event, Finished
from search.tasks.named import AnyTask
from search.trial import Trial
from tests.search.tiny import bars, small_search


class Killed(BaseException):
    """In place of the end of this process."""


class Inside:
    """Trains in this process.

    Attributes:
        trainers: the trainers of all backends.
        trained: each training that was begun, as the trial and whether it came to its end.
        epochs: after so many epochs, of all trainings, it is killed; None for never.
    """

    trainers: list[Trainer]
    trained: list[tuple[Trial, bool]]
    epochs: int | None = None

    def __init__(self, trainer: Trainer, workers: int, address: str | None = None) -> None:
        self.trainer, self.waiting = trainer, deque[Trial]()
        type(self).trainers.append(trainer)

    def submit(self, trial: Trial) -> None:
        self.waiting.append(trial)

    def events(self) -> Sequence[Event]:
        trial, events = self.waiting.popleft(), list[Event]()
        self.trained.append((trial, False))

        def tell(event: Event) -> None:
            events.append(event)
            if isinstance(event, Epoch) and self.epochs is not None:
                type(self).epochs = self.epochs - 1
                if self.epochs == 0:
                    raise Killed

        self.trainer.run(trial.to_data(), tell)
        self.trained[-1] = trial, isinstance(events[-1], Finished)
        return events

    def close(self) -> None:
        pass


def inside(monkeypatch: pytest.MonkeyPatch) -> type[Inside]:
    """Let searches and confirmations train in this process until the end of the test."""
    backend = type("Inside", (Inside,), {"trainers": [], "trained": [], "epochs": None})
    monkeypatch.setattr(BACKENDS, "known", {**BACKENDS.known, "inside": backend, "local": backend})
    return backend


def searched(directory: Path, trials: int = 8, task: AnyTask | None = None) -> Result:
    """The result of a search of a few candidates; after `inside`."""
    search = small_search(trials)
    search.task = task or bars()
    return search.run(directory, backend="inside", workers=1, watch=None)
