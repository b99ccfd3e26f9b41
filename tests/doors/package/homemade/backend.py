"""A backend: this very process, one candidate after the other."""

from __future__ import annotations

from collections.abc import Sequence

from search.backends.worker import Trainer
from search.events import Event
from search.trial import Trial


class Here:
    """Trains what was submitted first, when it is asked for events."""

    def __init__(self, trainer: Trainer, workers: int, address: str | None) -> None:
        self.trainer, self.waiting = trainer, list[Trial]()

    def submit(self, trial: Trial) -> None:
        self.waiting.append(trial)

    def events(self) -> Sequence[Event]:
        told: list[Event] = []
        self.trainer.run(self.waiting.pop(0).to_data(), told.append)
        return told

    def close(self) -> None:
        self.waiting.clear()
