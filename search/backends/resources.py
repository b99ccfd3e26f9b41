"""What each candidate in training takes of a cluster, and how many fit on its nodes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from search.numbers import most, short

# A tolerance for sums of shares such as 1/3.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Resources:
    """What each candidate in training takes of a cluster.

    Attributes:
        cpus: CPU cores, above 0; torch computes in as many threads.
        gpus: GPUs, 0 or more; below 1 it is a share of one. None is decided by `settled`.
        memory: bytes, of which a node has as many as Ray says; None is not counted.

    Raises:
        ValueError: a number is out of its range, or above 1 and not whole.
    """

    cpus: float = 1.0
    gpus: float | None = None
    memory: float | None = None

    def __post_init__(self) -> None:
        for name, value, least in (("cpus", self.cpus, "above 0"), ("gpus", self.gpus, "0 or more")):
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ValueError(f"{name} must be {least}, not {value!r}")
            if value > 1 and value != int(value):
                raise ValueError(f"{name} above 1 must be whole, not {value}")
        if self.cpus == 0:
            raise ValueError("cpus must be above 0, not 0")

    def settled(self, gpus: float, workers: int | None) -> Resources:
        """The same with a number of GPUs, in a cluster that has `gpus`.

        Unless it was given, whole workers share each GPU if their number is known, and else each has one of its own.
        """
        if self.gpus is not None:
            return self
        return replace(self, gpus=gpu_share(gpus, workers) if workers else min(1.0, float(int(gpus))))

    @property
    def amounts(self) -> dict[str, float]:
        """What is taken, by Ray's names: scarce things first."""
        wanted = {"GPU": self.gpus or 0.0, "CPU": self.cpus, "memory": self.memory or 0.0}
        return {name: value for name, value in wanted.items() if value}

    def fit(self, nodes: Iterable[Mapping[str, float]]) -> int:
        """How many candidates fit at once on nodes that have these resources, by Ray's names."""
        return sum(
            int(min(node.get(name, 0.0) / wanted for name, wanted in self.amounts.items()) + ROUNDING) for node in nodes
        )

    def missing(self, nodes: Iterable[Mapping[str, float]]) -> str | None:
        """What no node has as much of as one candidate takes, as a part of a sentence; None if one fits somewhere."""
        there = list(nodes)
        if self.fit(there):
            return None
        largest = {name: max((node.get(name, 0.0) for node in there), default=0.0) for name in self.amounts}
        short_of = [name for name, wanted in self.amounts.items() if largest[name] < wanted - ROUNDING]
        name = (short_of or list(self.amounts))[0]
        takes, has = told(name, self.amounts[name]), told(name, largest[name])
        return f"each candidate takes {takes}, and the largest node has {has}"


def gpu_share(gpus: float, workers: int) -> float:
    """The share of a GPU that each worker gets, so that as many as possible of equal shares fit on each GPU."""
    if gpus < 1:
        return 0.0
    return 1 / max(1, math.ceil(workers / int(gpus)))


def resources(cpus: float, gpus: float | None, memory: float | str | None, device: str) -> Resources:
    """What a candidate takes that is trained on that device: of a CPU, no GPU. Memory may be text such as `4G`."""
    if gpus is None and device == "cpu":
        gpus = 0.0
    return Resources(cpus, gpus, None if memory is None else most("memory", memory, of_bytes=True))


def told(name: str, amount: float) -> str:
    """An amount of a resource as text: `1 GPU`, `4 CPUs`, `2G bytes of memory`."""
    unit = {"CPU": "CPU", "GPU": "GPU", "memory": "bytes of memory"}[name]
    return f"{short(amount)} {unit}{'s' if amount > 1 and name != 'memory' else ''}"
