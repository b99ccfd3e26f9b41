"""The Ray backend: Ray Tune in a thread, connected by two queues."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from search.backends.cluster import connect, gpu_share, probe_nodes
from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Event, Finished, Interrupted, from_data, to_data
from search.training.threads import one_thread
from search.trial import Trial

import ray  # isort: skip  # after `cluster`, which says what to do where there is no Ray
from ray import tune  # isort: skip
from ray.tune.search import Searcher  # isort: skip


class Ray:
    """Trains on the Ray cluster at `address`, or on one started on this machine if that is None.

    The run's directory must be on a file system that all nodes share. Each node is asked before the first candidate
    whether it sees the directory and can load the task.

    Raises:
        RunError: there is no cluster at the address, or a node cannot train.
    """

    def __init__(self, trainer: Trainer, workers: int, address: str | None = None) -> None:
        self.ours = not ray.is_initialized()
        if self.ours:
            connect(address, workers)
        logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
        try:
            probe_nodes(trainer)
        except BaseException:
            if self.ours:
                ray.shutdown()
            raise
        self.scratch = Path(trainer.directory) / "ray"
        self.searcher = _QueueSearcher()
        os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(workers)  # by default workers start one after the other
        gpus = gpu_share(ray.cluster_resources().get("GPU", 0.0), workers)
        self.tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(_train, trainer=trainer), {"cpu": 1, "gpu": gpus}),
            tune_config=tune.TuneConfig(search_alg=self.searcher, num_samples=-1, reuse_actors=True),
            run_config=tune.RunConfig(
                storage_path=str(self.scratch),
                name="tune",
                verbose=0,
                callbacks=[_Errors(self.searcher)],
            ),
        )
        self.thread = threading.Thread(target=self._tune, daemon=True)
        self.thread.start()

    def submit(self, trial: Trial) -> None:
        """Queue a candidate for the cluster."""
        self.searcher.submitted.put(trial)

    def events(self) -> Sequence[Event]:
        """The next event; waits until there is one.

        Raises:
            RunError: Ray Tune has ended with an error.
        """
        event = self.searcher.heard.get()
        if isinstance(event, BaseException):
            raise RunError(f"Ray has stopped: {event}; run the same again") from event
        return [event]

    def close(self) -> None:
        """End all training, and the cluster if this backend started it."""
        self.searcher.closing.set()
        self.thread.join()
        if self.ours:
            ray.shutdown()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _tune(self) -> None:
        try:
            self.tuner.fit()
        except BaseException as error:
            self.searcher.heard.put(error)


class _Closed(Exception):
    """Raised inside Ray Tune to end it when the backend is closed."""


# Ray has no types: to mypy its classes are anything, here and below.
class _QueueSearcher(Searcher):  # type: ignore[misc]
    """Ray Tune's search algorithm: it suggests the submitted trials, and queues the events that they report."""

    def __init__(self) -> None:
        super().__init__(metric="finished", mode="max")
        self.submitted: SimpleQueue[Trial] = SimpleQueue()
        self.heard: SimpleQueue[Event | BaseException] = SimpleQueue()
        self.closing = threading.Event()
        self.running: dict[str, int] = {}

    def __reduce__(self) -> tuple[type[_QueueSearcher], tuple[()]]:
        """Pickled without its queues: Ray Tune saves it for restoring runs, but here the record does that."""
        return _QueueSearcher, ()

    def suggest(self, trial_id: str) -> Any:
        """The next submitted trial as Ray Tune's configuration; None while the queue is empty."""
        if self.closing.is_set():
            raise _Closed
        try:
            trial = self.submitted.get_nowait()
        except Empty:
            return None
        self.running[trial_id] = trial.number
        # As JSON text, because Ray flattens nested mappings.
        return {"trial": json.dumps(trial.to_data())}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Queue the event that a worker reports."""
        event = from_data(json.loads(result["event"]))
        if isinstance(event, Finished | Interrupted):
            self.running.pop(trial_id, None)
        self.heard.put(event)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Does nothing: `_Errors` is told of a trial that ends without an outcome, and why."""

    def lost(self, trial_id: str, error: BaseException | None) -> None:
        """Queue that a trial has ended without an outcome: its worker, or the node of it, has died."""
        number = self.running.pop(trial_id, None)
        if number is not None:
            why = str(error).splitlines()[0] if str(error or "") else type(error).__name__
            self.heard.put(Interrupted(number, f"its Ray worker died ({why})", died=True))

    def save(self, checkpoint_path: str) -> None:
        """Does nothing: the run's record holds all state."""

    def restore(self, checkpoint_path: str) -> None:
        """Does nothing: a run is resumed from its record."""


class _Errors(tune.Callback):  # type: ignore[misc]
    """Tells the searcher of Ray Tune's trials that end with an error."""

    def __init__(self, searcher: _QueueSearcher) -> None:
        self.searcher = searcher

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Pass on the trial and its error."""
        self.searcher.lost(trial.trial_id, trial.get_error())


def _train(config: dict[str, Any], trainer: Trainer) -> None:
    """What a Ray worker runs for one candidate."""
    one_thread()
    data = json.loads(config["trial"])

    def tell(event: Event) -> None:
        tune.report({"finished": int(isinstance(event, Finished | Interrupted)), "event": json.dumps(to_data(event))})

    trainer.run(data, tell, own_process=True)
