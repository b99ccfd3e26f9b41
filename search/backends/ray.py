"""The Ray backend: Ray Tune in a thread, connected by two queues. The only file that imports Ray."""

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

from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Event, Finished, from_data, to_data
from search.files import RunDirectory
from search.outcome import Failed
from search.training.threads import one_thread
from search.trial import Trial

# Read by Ray when it is imported: no usage statistics, no progress tables, no loggers of its own.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

try:
    import ray
    from ray import tune
    from ray.tune.search import Searcher
except ImportError as error:
    raise RunError("the ray backend needs Ray: pip install 'archsearch[ray]', or use backend='local'") from error

RESTARTS = 2  # of a worker that died, for each trial


class Ray:
    """Trains on the Ray cluster at `address`, or on one started on this machine if that is None.

    The run's directory must be on a file system that all nodes share. A worker that died is restarted up to twice for
    each trial, from the last epoch's checkpoint.

    Raises:
        RunError: there is no cluster at the address.
    """

    def __init__(self, trainer: Trainer, workers: int, address: str | None = None) -> None:
        self.ours = not ray.is_initialized()
        if self.ours:
            _connect(address, workers)
        logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
        self.scratch = Path(trainer.directory) / "ray"
        self.searcher = _QueueSearcher()
        gpus = ray.cluster_resources().get("GPU", 0.0) / workers
        self.tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(_train, trainer=trainer), {"cpu": 1, "gpu": min(1.0, gpus)}),
            tune_config=tune.TuneConfig(search_alg=self.searcher, num_samples=-1, reuse_actors=True),
            run_config=tune.RunConfig(
                storage_path=str(self.scratch),
                name="tune",
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=RESTARTS),
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
        if isinstance(event, Finished):
            self.running.pop(trial_id, None)
        self.heard.put(event)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Queue a failure for a trial that ends without an outcome: its workers have died."""
        number = self.running.pop(trial_id, None)
        if number is not None:
            reason = f"its Ray worker died {RESTARTS + 1} times, most likely for lack of memory"
            self.heard.put(Finished(number, Failed(reason)))

    def save(self, checkpoint_path: str) -> None:
        """Does nothing: the run's record holds all state."""

    def restore(self, checkpoint_path: str) -> None:
        """Does nothing: a run is resumed from its record."""


def _train(config: dict[str, Any], trainer: Trainer) -> None:
    """What a Ray worker runs for one candidate."""
    one_thread()
    data = json.loads(config["trial"])

    def tell(event: Event) -> None:
        tune.report({"finished": int(isinstance(event, Finished)), "event": json.dumps(to_data(event))})

    if RunDirectory(Path(trainer.directory)).record.exists():
        trainer.run(data, tell)
        return
    reason = (
        f"{trainer.directory} is not visible on node {ray.util.get_node_ip_address()}; put the run's "
        "directory on a file system that all nodes share"
    )
    tell(Finished(data["number"], Failed(reason)))


def _connect(address: str | None, workers: int) -> None:
    """Connect to the cluster at an address, or start one on this machine; RunError if there is none."""
    options: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is None:
            ray.init(num_cpus=workers, **options)
        else:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RunError(f"no Ray cluster at {address or 'this machine'}: {str(error).splitlines()[0]}") from None
