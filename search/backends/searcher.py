"""What connects a search to Ray Tune: its search algorithm, which suggests what was submitted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from ray import tune as tune
from ray.exceptions import RayTaskError
from ray.tune.search import Searcher

from search.errors import first_line
from search.events import Event, Finished, Interrupted, Notice, Started, from_data
from search.trial import Trial


class Closed(Exception):
    """Raised inside Ray Tune to end it when the backend is closed."""


# Ray has no types: to mypy its classes are anything, here and below.
class QueueSearcher(Searcher):  # type: ignore[misc]
    """Ray Tune's search algorithm: it suggests the submitted trials, and queues the events that they report."""

    def __init__(self) -> None:
        super().__init__(metric="finished", mode="max")
        self.submitted: SimpleQueue[Trial] = SimpleQueue()
        self.heard: SimpleQueue[Event | Notice | BaseException] = SimpleQueue()
        self.closing = threading.Event()
        # Takes the id of a node that cannot train, and why; and why, by the ids of such nodes.
        self.avoid: Callable[[str, str], None] = lambda id_, reason: None
        self.avoided: dict[str, str] = {}
        # Whether the node of an id is lost.
        self.gone: Callable[[str | None], bool] = lambda id_: False
        # By Ray Tune's id of a trial, its number and the id of the node that it is on, once it is on one.
        self.running: dict[str, int] = {}
        self.places: dict[str, str] = {}
        # The numbers of the trials that no worker has begun yet.
        self.waiting: set[int] = set()

    def __reduce__(self) -> tuple[type[QueueSearcher], tuple[()]]:
        """Pickled without its queues: Ray Tune saves it for restoring runs, but here the record does that."""
        return QueueSearcher, ()

    def submit(self, trial: Trial) -> None:
        """Queue a trial."""
        self.waiting.add(trial.number)
        self.submitted.put(trial)

    def counts(self) -> tuple[int, int]:
        """How many trials wait for a worker, and how many are in training."""
        return len(self.waiting), len(self.places)

    def suggest(self, trial_id: str) -> Any:
        """The next submitted trial as Ray Tune's configuration; None while the queue is empty."""
        if self.closing.is_set():
            raise Closed
        try:
            trial = self.submitted.get_nowait()
        except Empty:
            return None
        self.running[trial_id] = trial.number
        # As JSON text, because Ray flattens nested mappings.
        named = {"number": trial.number, "hash": str(trial.hash)[:8]}
        return named | {"avoided": sorted(self.avoided), "candidate": json.dumps(trial.to_data())}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Queue the event that a worker reports."""
        event = from_data(json.loads(result["event"]))
        if isinstance(event, Started):
            self.places[trial_id] = result["node"]
            self.waiting.discard(event.number)
        if isinstance(event, Interrupted) and event.lost:
            self.avoid(result["node"], event.reason)
        if isinstance(event, Finished | Interrupted):
            self._end(trial_id)
        self.heard.put(event)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Does nothing: `Errors` is told of a trial that ends without an outcome, and why."""

    def lost(self, trial_id: str, error: BaseException | None) -> None:
        """Queue that a trial has ended without an outcome: its worker, or the node of it, has died."""
        place = self.places.get(trial_id)
        if (number := self._end(trial_id)) is None:
            return
        why = first_line(error)
        if getattr(error, "preempted", False) or self.gone(place):
            self.heard.put(Interrupted(number, f"its Ray node is lost ({why})", lost=True))
        elif isinstance(error, RayTaskError):  # raised before a candidate is begun, where our packages are missing, say
            self.heard.put(Interrupted(number, f"its Ray worker cannot train: {why}"))
        else:
            self.heard.put(Interrupted(number, f"its Ray worker died ({why})", died=True))

    def _end(self, trial_id: str) -> int | None:
        self.places.pop(trial_id, None)
        number = self.running.pop(trial_id, None)
        if number is not None:
            self.waiting.discard(number)
        return number

    def save(self, checkpoint_path: str) -> None:
        """Does nothing: the run's record holds all state."""

    def restore(self, checkpoint_path: str) -> None:
        """Does nothing: a run is resumed from its record."""


class Errors(tune.Callback):  # type: ignore[misc]
    """Tells the searcher of Ray Tune's trials that end with an error, and ends Ray Tune when the searcher closes."""

    def __init__(self, searcher: QueueSearcher) -> None:
        self.searcher = searcher

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """End Ray Tune, if it is to end; while trials wait for room it asks for no other, which would end it too."""
        if self.searcher.closing.is_set():
            raise Closed

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Pass on the trial and its error."""
        self.searcher.lost(trial.trial_id, trial.get_error())
