"""The Ray backend: Ray Tune in a thread, connected by two queues."""

from __future__ import annotations

import atexit
import logging
import math
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Empty
from typing import Any

import cloudpickle
import torch

from search.backends.cluster import connect, nodes, probe
from search.backends.environment import ray, verbose
from search.backends.lookout import Lookout
from search.backends.nodes import Kit, train, versions
from search.backends.quiet import Quiet
from search.backends.resources import Resources
from search.backends.searcher import Errors, QueueSearcher, tune
from search.backends.storage import Storage
from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Event, Finished, Interrupted, Notice
from search.files import RunDirectory
from search.machine import available_cores
from search.training.limits import TIME_UP
from search.trial import Trial

# Seconds in which this process must have parted from a cluster that is gone; otherwise Ray ends it in a minute.
PARTING = 15.0
NAMES = "{number}-{hash}"  # of Ray Tune's trials: the number of the candidate, and the beginning of its hash


class Ray:
    """Trains on the Ray cluster at `address`, or on one started on this machine if that is None.

    The run's directory must be on a file system that all nodes share, unless the trainer has a storage. Each node is
    asked before the first candidate whether it can train; one that joins later is asked when it joins.

    Raises:
        RunError: there is no cluster at the address, or a node cannot train.
    """

    def __init__(self, trainer: Trainer, workers: int, address: str | None = None) -> None:
        self.home, self.until = RunDirectory(Path(trainer.directory)), trainer.until
        self.storage = None if trainer.storage is None else Storage.of(trainer)
        if self.storage:
            self.storage.begin()
        self.ours = not ray.is_initialized()
        if self.ours:
            connect(address, workers, trainer.needs.cpus)
        self.quiet = Quiet()
        self.trials: dict[int, Trial] = {}
        try:
            self._begin(trainer, workers, alone=self.ours and not (address or os.environ.get("RAY_ADDRESS")))
        except BaseException:
            self.quiet.close()
            if self.storage:
                self.storage.end()
            if self.ours:
                ray.shutdown()
            raise

    @staticmethod
    def room(address: str | None, needs: Resources) -> int:
        """How many candidates the cluster at an address has room for now; at least 1."""
        if ray.is_initialized():
            return _room(needs)
        if address is None and not os.environ.get("RAY_ADDRESS"):
            gpus = float(torch.cuda.device_count())
            return max(1, needs.settled(gpus, None).fit([{"CPU": available_cores(), "GPU": gpus, "memory": math.inf}]))
        connect(address, 1)
        try:
            return _room(needs)
        finally:
            ray.shutdown()

    def submit(self, trial: Trial) -> None:
        """Queue a candidate for the cluster."""
        self.trials[trial.number] = trial
        if self.storage:
            self.storage.hand_over(self.home, trial)
        self.searcher.submit(trial)

    def events(self) -> Sequence[Event | Notice]:
        """The next event; waits until there is one.

        Raises:
            RunError: Ray Tune has ended with an error, the head of the cluster is gone, or the storage does not answer.
        """
        left = None if self.until is None else max(1.0, self.until - time.time())
        try:
            event = self.searcher.heard.get(timeout=left)
        except Empty:  # a worker notices itself that the time is up, but these have none
            return [Interrupted(number, TIME_UP) for number in sorted(self.searcher.waiting)]
        if isinstance(event, RunError):
            raise event
        if isinstance(event, BaseException):
            raise RunError(f"Ray has stopped: {event}; run the same again") from event
        if self.storage and isinstance(event, Finished):
            self.storage.fetch(self.home, self.trials[event.number], event.outcome)
        return [event]

    def close(self) -> None:
        """End all training, and the cluster if this backend started it."""
        self.lookout.close()
        self.searcher.closing.set()
        if not self.lookout.lost:
            self.thread.join()
            if self.ours:
                ray.shutdown()
        elif not (self.ours and _within(PARTING, ray.shutdown)):
            atexit.register(_exit)
        if self.storage:
            self.storage.end()
        self.quiet.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _begin(self, trainer: Trainer, workers: int, alone: bool) -> None:
        """Ask the nodes whether they can train, and begin Ray Tune; `alone` is a cluster that no node can join."""
        trainer = replace(trainer, needs=trainer.needs.settled(ray.cluster_resources().get("GPU", 0.0), workers))
        there, needs = nodes(), trainer.needs
        if alone and (missing := needs.missing(node.resources for node in there)):
            raise RunError(f"{missing}; ask for less, or use a cluster that has it (--address)")
        seen = None if trainer.storage else trainer.directory
        path = tuple(map(os.path.abspath, sys.path)) if alone else ()
        kit = Kit(ray.put(cloudpickle.dumps(trainer)), self.storage, seen, versions(), path)
        for reason in probe(kit, there).values():
            raise RunError(reason)
        self.scratch = self.home.path / "ray"
        self.searcher = QueueSearcher()
        self.lookout = Lookout(kit, needs, self.searcher.counts, self.searcher.heard.put, self.searcher.avoided)
        self.searcher.avoid, self.searcher.gone = self.lookout.avoid, self.lookout.gone
        os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(workers)  # by default workers start one after the other
        if not verbose():
            logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
        self.tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(train, kit=kit), partial(_place, needs.amounts)),
            tune_config=tune.TuneConfig(
                search_alg=self.searcher,
                num_samples=-1,
                reuse_actors=True,
                trial_name_creator=_name,
                trial_dirname_creator=lambda trial: f"{_name(trial)}-{trial.trial_id}",
            ),
            run_config=tune.RunConfig(
                storage_path=str(self.scratch),
                name="tune",
                verbose=2 if verbose() else 0,
                callbacks=[Errors(self.searcher)],
            ),
        )
        self.thread = threading.Thread(target=self._tune, daemon=True)
        self.thread.start()
        self.lookout.begin()

    def _tune(self) -> None:
        try:
            self.tuner.fit()
        except BaseException as error:
            self.searcher.heard.put(error)


def _within(seconds: float, call: Callable[[], object]) -> bool:
    """Call a function that may not return; whether it has within so many seconds."""
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def _exit() -> None:
    """End this process, as Ray does a minute after the head is gone; at the exit it would wait for that minute."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(1)


def _room(needs: Resources) -> int:
    there = [node.resources for node in nodes()]
    return max(1, needs.settled(sum(node.get("GPU", 0.0) for node in there), None).fit(there))


def _place(amounts: dict[str, float], config: dict[str, Any]) -> Any:
    """What one of Ray Tune's trials takes, and of which nodes: of none that cannot train."""
    away = [{"ray.io/node-id": f"!in({', '.join(config['avoided'])})"}]
    return tune.PlacementGroupFactory([amounts], **({"bundle_label_selector": away} if config["avoided"] else {}))


def _name(trial: Any) -> str:
    return NAMES.format(**trial.config)
