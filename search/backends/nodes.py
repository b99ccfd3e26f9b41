"""What a worker on a node of a Ray cluster does: it finds out whether it can train, and trains."""

from __future__ import annotations

import json
import os
import pickle
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import ray
import torch
from ray import tune

from search.backends.shipping import LATER
from search.backends.storage import Storage
from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Epoch, Event, Finished, Interrupted, to_data
from search.files import RunDirectory
from search.outcome import Scored
from search.training.threads import threads


@dataclass(frozen=True)
class Kit:
    """What every worker gets.

    Attributes:
        trainer: reference to the pickled trainer, in Ray's object store.
        storage: the folder that workers must reach; None if they see the run's directory.
        directory: the run's directory that workers must see; None if files go through a storage.
        versions: the versions of what must be the same everywhere.
        path: where Python looks for modules, `sys.path`, where the cluster is this machine's; empty elsewhere.
    """

    trainer: Any
    storage: Storage | None
    directory: str | None
    versions: Mapping[str, str]
    path: tuple[str, ...] = ()


def versions() -> dict[str, str]:
    """The versions here of what must be the same on all nodes for trainings to be."""
    try:
        ours = version("archsearch")
    except PackageNotFoundError:  # it is run from its sources
        ours = "unknown"
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, "torch": str(torch.__version__).split("+")[0], "archsearch": ours}


def unfit(kit: Kit) -> str | None:
    """Why this node cannot train, as a sentence without its subject; None if it can."""
    here = versions()
    for name, wanted in kit.versions.items():
        if here[name] != wanted:
            return f"has {name} {here[name]}, and the search {wanted}; install the same there"
    try:
        loaded(kit)
    except Exception as error:
        reason = " ".join(str(error).split())
        return (
            f"cannot load the task ({type(error).__name__}: {reason}); install there what the task needs, or keep its "
            "modules in the folder of the script"
        )
    if kit.storage is not None:
        try:
            kit.storage.check_mark()
        except RunError as error:
            return f"cannot train: {error}"
    if kit.directory is not None and not RunDirectory(Path(kit.directory)).record.exists():
        return (
            f"does not see {kit.directory}; put the run's directory on a file system that all nodes share, or give a "
            "storage that all reach (--storage s3://...)"
        )
    return None


# The trainer that this process has unpickled, by the reference to it.
_loaded: dict[str, Trainer] = {}


def loaded(kit: Kit) -> Trainer:
    """The trainer; a process unpickles it once, however many candidates it trains."""
    key = kit.trainer.hex()
    if key not in _loaded:
        found_here(kit.path)
        trainer: Trainer = pickle.loads(ray.get(kit.trainer))
        _loaded.clear()
        _loaded[key] = trainer
    return _loaded[key]


def found_here(path: Sequence[str]) -> None:
    """Let modules be found where a search on this machine finds them, and last where they were sent to.

    Ours are imported by now: modules of the same names beside a person's script do not come before them.
    """
    sent = [later for entry in sys.path if os.path.isdir(later := os.path.join(entry, LATER))]
    sys.path[:] = dict.fromkeys([*path, *sys.path, *sent])


def named(node: str, address: str) -> str:
    """A node as people read it: its address, and the beginning of its id, as several may have one address."""
    return f"{address}/{node[:6]}"


def train(config: dict[str, Any], kit: Kit) -> None:
    """Train the candidate of one of Ray Tune's trials, and report its events."""
    data, id_ = json.loads(config["candidate"]), ray.get_runtime_context().get_node_id()
    node = named(id_, ray.util.get_node_ip_address())

    def tell(event: Event) -> None:
        tune.report(_shown(event) | {"trial": data["number"], "node": id_, "event": json.dumps(to_data(event))})

    if kit.trainer.hex() not in _loaded and (reason := unfit(kit)) is not None:
        tell(Interrupted(data["number"], f"Ray's node {node} {reason}", lost=True))
        return
    trainer = loaded(kit)
    threads(max(1, int(trainer.needs.cpus)))
    if kit.storage is None:
        trainer.run(data, tell, own_process=True, node=node)
    else:
        kit.storage.train(trainer, data, tell, node)


def _shown(event: Event) -> dict[str, float]:
    """What Ray shows of an event: curves over epochs, and the scores in the end."""
    shown: dict[str, float] = {"finished": int(isinstance(event, Finished | Interrupted))}
    if isinstance(event, Epoch):
        return shown | {"epoch": event.epoch, "score": event.score}
    if isinstance(event, Finished) and isinstance(event.outcome, Scored):
        return shown | {"epoch": event.outcome.epochs, **event.outcome.scores}
    return shown
