"""The protocol of a backend, and the backends by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from archspec.doors import Door
from search.backends.worker import Trainer
from search.events import Event, Notice
from search.trial import Trial


class Backend(Protocol):
    """Trains the candidates that the search submits, and returns their events; it decides nothing."""

    def submit(self, trial: Trial) -> None:
        """Queue a candidate: as soon as a worker is free, it calls `Trainer.run(trial.to_data(), tell)`.

        A worker process in which nothing else runs passes `own_process=True`, so that limits of time hold in any case.
        """

    def events(self) -> Sequence[Event | Notice]:
        """The next events of the submitted trials, in order for each trial; waits until there is at least one.

        A `Notice` among them is a sentence for the person who runs the search: what keeps candidates waiting, say. The
        last event of each trial is `Finished`, or `Interrupted` if the machine failed (its worker died, say), after
        which the search submits the trial again.

        Raises:
            RunError: nothing can be trained any more; the run can be resumed once that is mended.
        """

    def close(self) -> None:
        """End all training at once. It is always called, also when the search is interrupted."""


# Backends by name: each is a function that takes what trains a candidate, the number of workers and the address of a
# cluster (None for this machine), and returns a backend. It raises RunError if workers cannot train: nothing is then
# drawn. Without a number of workers, there are as many as its attribute `room` says, a function of the address and of
# what a candidate takes; without that, one for each CPU core of this machine.
BACKENDS: Door[Callable[[Trainer, int, str | None], Backend]] = Door(
    "archsearch.backends",
    "backend",
    {"local": "search.backends.local:Local", "ray": "search.backends.ray:Ray"},
)
