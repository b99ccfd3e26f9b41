"""Ray's cluster: connecting to it, and what its nodes must have before anything is trained there."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search.backends.environment import NodeAffinitySchedulingStrategy, ray, verbose
from search.backends.nodes import Kit, named, unfit
from search.backends.quiet import without_remarks
from search.backends.resources import gpu_share as gpu_share
from search.backends.shipping import shipped
from search.errors import RunError, first_line

# Seconds in which the head of a cluster must take a connection, and a node must load the task.
ANSWERS, LOADS = 5.0, 300.0


@dataclass(frozen=True)
class Node:
    """A node of the cluster that is alive: its id, its address and port, and its resources by Ray's names."""

    id: str
    address: str
    port: int
    resources: dict[str, float]

    @property
    def name(self) -> str:
        """How people read it."""
        return named(self.id, self.address)


def nodes() -> list[Node]:
    """The nodes of the cluster that are alive."""
    rows = [row for row in ray.nodes() if row["Alive"]]
    return [Node(r["NodeID"], r["NodeManagerAddress"], int(r["NodeManagerPort"]), r["Resources"]) for r in rows]


def probe(kit: Kit, which: Sequence[Node]) -> dict[str, str]:
    """Why nodes cannot train, as sentences that name them, by the ids of those that cannot; without a CPU none does.

    A node that has just been lost, and that Ray still takes to be alive, is left out.
    """
    ask = ray.remote(num_cpus=0, max_retries=0)(unfit)
    asked = [node for node in which if node.resources.get("CPU") and answers(node.address, node.port)]
    there = [NodeAffinitySchedulingStrategy(node.id, soft=False) for node in asked]
    replies = [ask.options(scheduling_strategy=place).remote(kit) for place in there]
    answered = [(node, _answer(answer)) for node, answer in zip(asked, replies, strict=True)]
    if not (refused := [(node, reason) for node, reason in answered if reason is not None]):
        return {}
    # The machine of a suspended node still takes connections, though Ray has given the node up.
    alive = {node.id for node in nodes()}
    return {
        node.id: f"Ray's node {node.name} {reason}"
        for node, reason in refused
        if node.id in alive and answers(node.address, node.port)
    }


def _answer(answer: Any) -> str | None:
    try:
        reason: str | None = ray.get(answer, timeout=LOADS)
        return reason
    except ray.exceptions.GetTimeoutError:
        return f"has not answered for {LOADS:.0f} s; see whether it is up"
    except ray.exceptions.RayError as error:  # where our packages are missing, say
        return f"cannot train ({_last_line(error)}); install archsearch there"


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def connect(address: str | None, workers: int, cpus: float = 1.0) -> None:
    """Connect to the cluster at an address, or start one on this machine; RunError if there is none.

    Without an address it is the cluster that this process is a job of, if it is one. The modules beside the script are
    sent along, unless the cluster is this machine's or the job brings its own.
    """
    if not address and (address := os.environ.get("RAY_ADDRESS")) and address.startswith("http"):
        address = "auto"  # that was set for `ray job submit`
    wanted: dict[str, Any]
    quiet: dict[str, Any] = {} if verbose() else {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is None:
            wanted = {"address": "local", "num_cpus": math.ceil(workers * cpus), "include_dashboard": False}
        else:
            _check(address)
            job = "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ
            wanted = {"address": address, "runtime_env": None if job else shipped()}
        with without_remarks():
            ray.init(**wanted, **quiet)
    except ConnectionError as error:
        if isinstance(error, ConnectionRefusedError) or address in (None, "auto"):
            raise _none_there(address, error) from None
        raise RunError(
            f"what listens at {address} does not let this process join a Ray cluster; if it asks for a token, set "
            "RAY_AUTH_MODE=token and RAY_AUTH_TOKEN as on its head, and if not, see that it is the head, of the same "
            "Ray"
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, RunError):
            raise
        raise _none_there(address, error) from None


def _none_there(address: str | None, error: BaseException) -> RunError:
    why = first_line(error)
    return RunError(
        f"there is no Ray cluster at {address or 'this machine'} ({why}); give the address of the head of one that "
        "runs, or leave it out to use this machine"
    )


def _check(address: str) -> None:
    """Check an address before Ray does, which waits for minutes where nothing listens.

    Raises:
        RunError: the address is not of the form HOST:PORT.
        OSError: nothing listens there.
    """
    if address in ("auto", "local"):
        return
    if address.startswith("http"):
        raise RunError(
            f"the address {address} is that of a dashboard, for `ray job submit`; give that of the head, HOST:6379, or "
            "run the search on the cluster, by `ray job submit`"
        )
    if "://" in address:
        raise RunError(
            f"the address {address} is that of a Ray client, which cannot run a search; give that of the head, "
            "HOST:6379, or run the search on the cluster, by `ray job submit`"
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise RunError(f"{address} is not the address of a Ray cluster; give HOST:PORT of its head, or auto")
    socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWERS).close()


def answers(address: str, port: int) -> bool:
    """Whether something listens at an address."""
    try:
        socket.create_connection((address, port), timeout=ANSWERS).close()
        return True
    except OSError:
        return False
