"""Ray's cluster: connecting to it, and what its nodes must have before anything is trained there."""

from __future__ import annotations

import math
import os
import socket
from pathlib import Path
from typing import Any

from search.backends.worker import Trainer
from search.errors import RunError
from search.files import RunDirectory

# Read by Ray when it is imported: no usage statistics, no progress tables, no loggers of its own.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

try:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as error:
    raise RunError("the ray backend needs Ray: pip install 'archsearch[ray]', or use backend='local'") from error

# Seconds in which the head of a cluster must take a connection, and a node must load the task.
ANSWERS, LOADS = 5.0, 300.0


def gpu_share(gpus: float, workers: int) -> float:
    """The share of a GPU that each worker gets, so that as many as possible of equal shares fit on each GPU."""
    if gpus < 1:
        return 0.0
    return 1 / max(1, math.ceil(workers / int(gpus)))


def probe_nodes(trainer: Trainer) -> None:
    """Check that each node sees the run's directory and can load the trainer; RunError names one that does not."""
    kept = ray.put(trainer)
    probe = ray.remote(num_cpus=0, max_retries=0)(_sees)
    nodes = [node for node in ray.nodes() if node["Alive"]]
    there = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes]
    answers = [probe.options(scheduling_strategy=place).remote(kept) for place in there]
    for node, answer in zip(nodes, answers, strict=True):
        where = f"Ray's node {node['NodeManagerAddress']}"
        try:
            seen = ray.get(answer, timeout=LOADS)
        except ray.exceptions.GetTimeoutError:
            raise RunError(f"{where} has not answered for {LOADS:.0f} s; see whether it is up") from None
        except ray.exceptions.RayError as error:
            raise RunError(
                f"{where} cannot load the task ({_last_line(error)}); install there what the task needs, or send it "
                "with ray.init(runtime_env=...)"
            ) from None
        if not seen:
            raise RunError(
                f"{trainer.directory} is not visible on {where}; put the run's directory on a file system that all "
                "nodes share"
            )


def _sees(trainer: Trainer) -> bool:
    """Whether this node sees the run's directory."""
    return RunDirectory(Path(trainer.directory)).record.exists()


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def connect(address: str | None, workers: int) -> None:
    """Connect to the cluster at an address, or start one on this machine; RunError if there is none."""
    options: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is None:
            ray.init(num_cpus=workers, **options)
        else:
            _check(address)
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, RunError):
            raise
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(
            f"there is no Ray cluster at {address or 'this machine'} ({why}); give the address of the head of one that "
            "runs, or leave it out to use this machine"
        ) from None


def _check(address: str) -> None:
    """Check an address before Ray does, which waits for minutes where nothing listens.

    Raises:
        RunError: the address is not of the form HOST:PORT.
        OSError: nothing listens there.
    """
    if address in ("auto", "local"):
        return
    if "://" in address:
        raise RunError(
            f"the address {address} is that of a Ray client, which cannot run a search; give that of the head, "
            "HOST:6379, or run the search on the cluster, by `ray job submit`"
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise RunError(f"{address} is not the address of a Ray cluster; give HOST:PORT of its head, or auto")
    socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWERS).close()
