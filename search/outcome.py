"""What came of training a candidate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from archspec.graph.cost import Cost


@dataclass(frozen=True)
class Scored:
    """Trained to its end.

    Attributes:
        scores: measured on validation data with the best weights.
        epochs: how many were run.
        seconds: spent, those before an interruption too.
        cost: what the network costs now, where learned windows or elements made that another than it began with.
        symmetry: its certificate as plain data; None of a plain network.
        curve: the score that picks the best weights, after each epoch.
    """

    scores: dict[str, float]
    epochs: int = 0
    seconds: float = 0.0
    cost: Cost | None = None
    symmetry: dict[str, Any] | None = None
    curve: tuple[float, ...] = ()


@dataclass(frozen=True)
class Stopped:
    """Stopped before its end because others were better; `scores` are those it had reached."""

    scores: dict[str, float]
    epochs: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Failed:
    """Could not be trained: it diverged, ran out of memory or raised."""

    reason: str
    seconds: float = 0.0


Outcome: TypeAlias = Scored | Stopped | Failed
_KINDS: dict[str, type[Scored] | type[Stopped] | type[Failed]] = {
    "scored": Scored,
    "stopped": Stopped,
    "failed": Failed,
}


def to_record(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain data."""
    return {"state": type(outcome).__name__.lower(), **asdict(outcome)}


def from_record(record: dict[str, Any]) -> Outcome:
    """The outcome that `to_record` wrote."""
    fields = dict(record)
    if fields.get("cost"):
        fields["cost"] = Cost(**fields["cost"])
    if "curve" in fields:
        fields["curve"] = tuple(fields["curve"])
    return _KINDS[fields.pop("state")](**fields)
