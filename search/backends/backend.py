"""What a backend does, and the backends that have a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from archspec.doors import Door
from search.backends.worker import Trainer
from search.events import Event
from search.trial import Trial


class Backend(Protocol):
    """Trains candidates somewhere. It decides nothing: the search submits, and takes what events there are."""

    def submit(self, trial: Trial) -> None:
        """Have a candidate trained, as soon as there is room for it: `Trainer.run(trial.to_data(), tell)`."""

    def events(self) -> Sequence[Event]:
        """The next events of the trials submitted, in order for each trial; waits until there is one.

        Each trial ends with `Finished`, also where its worker died: then with `Failed` and the reason.
        """

    def close(self) -> None:
        """End at once whatever still trains; called in any case, also when the search is interrupted."""


# Functions of what trains a candidate, the number of workers, and the address of a cluster.
BACKENDS: Door[Callable[[Trainer, int, str | None], Backend]] = Door(
    "archsearch.backends",
    "backend",
    {"local": "search.backends.local:Local", "ray": "search.backends.ray:Ray"},
)
