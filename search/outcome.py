"""The outcomes of training a candidate: scored, stopped or failed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from archspec.graph.cost import Cost
from archspec.schema.hole import Scalar
from search.pickled import Pickled


@dataclass(frozen=True)
class Scored(Pickled):
    """The candidate was trained to the end of its training.

    Attributes:
        scores: scores on validation data, with the best weights.
        epochs: number of epochs trained.
        seconds: seconds of training, including those before an interruption.
        cost: cost of the trained network if learned windows or elements changed it; None if it is the proposed one's.
        symmetry: the network's certificate as plain data; None for a network without a group.
        curve: the score that selects the best weights, after each epoch; NaN where it was not a finite number.
        excess: by which fraction of its limit each constraint on the trained network is exceeded, by its name.
        proxies: zero-cost proxies by name, where they were wanted; NaN where there is none.
        architecture: the architecture that its training has made of it, as plain data, where sizes are learned; None if
            it is the proposed one.
        values: the values of the space's parameters that give this architecture; empty if it is the proposed one.
        sizes: the learned sizes after each epoch in which they were learned, by the names of their decisions.
        ran: how its steps ran on a GPU: `recorded` as CUDA graphs, or why one by one; empty on a CPU.
    """

    scores: dict[str, float]
    epochs: int = 0
    seconds: float = 0.0
    cost: Cost | None = None
    symmetry: dict[str, Any] | None = None
    curve: tuple[float, ...] = ()
    excess: dict[str, float] = field(default_factory=dict)
    proxies: dict[str, float] = field(default_factory=dict)
    architecture: dict[str, Any] | None = None
    values: dict[str, Scalar] = field(default_factory=dict)
    sizes: dict[str, list[float]] = field(default_factory=dict)
    ran: str = ""

    @property
    def feasible(self) -> bool:
        """Whether the trained network keeps all constraints."""
        return all(by <= 0 for by in self.excess.values())


@dataclass(frozen=True)
class Stopped(Pickled):
    """The candidate was trained for fewer epochs than a whole training; the fields are those of `Scored`."""

    scores: dict[str, float]
    epochs: int = 0
    seconds: float = 0.0
    curve: tuple[float, ...] = ()
    proxies: dict[str, float] = field(default_factory=dict)
    ran: str = ""


@dataclass(frozen=True)
class Failed(Pickled):
    """The candidate could not be trained: it diverged, ran out of memory or raised an error."""

    reason: str
    seconds: float = 0.0

    @property
    def natural(self) -> bool:
        """Whether such failures belong to a search of large spaces: divergence, and limits of memory and time."""
        return self.reason.startswith(NATURAL)

    @property
    def for_memory(self) -> bool:
        """Whether memory ran out, which may have been taken by another candidate."""
        return self.reason in ("ran out of memory", "ran out of GPU memory")

    @property
    def too_large(self) -> bool:
        """Whether it takes more memory than the device has."""
        return self.reason.startswith(TOO_LARGE)


# How the reasons begin that say something of the candidate alone.
TOO_LARGE = "its training takes"
NATURAL = ("diverged", "ran out of", "its time limit", TOO_LARGE)
Outcome: TypeAlias = Scored | Stopped | Failed
_KINDS: dict[str, type[Scored] | type[Stopped] | type[Failed]] = {
    "scored": Scored,
    "stopped": Stopped,
    "failed": Failed,
}


def to_record(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain data, for the record; nothing of how steps ran on a CPU."""
    known = {key: value for key, value in asdict(outcome).items() if key != "ran" or value}
    return {"state": type(outcome).__name__.lower(), **known}


def number(value: float | None) -> float:
    """A number of the record, in which null stands for one that JSON does not have."""
    return math.nan if value is None else value


def from_record(record: dict[str, Any]) -> Outcome:
    """The outcome that `to_record` wrote."""
    fields = dict(record)
    if fields.get("cost"):
        fields["cost"] = Cost(**fields["cost"])
    for name in {"scores", "proxies"} & fields.keys():
        fields[name] = {key: number(value) for key, value in fields[name].items()}
    if "curve" in fields:
        fields["curve"] = tuple(map(number, fields["curve"]))
    return _KINDS[fields.pop("state")](**fields)
