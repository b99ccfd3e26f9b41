"""The events of a run; its history follows from them alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from search.files import RunDirectory
from search.outcome import Outcome, from_record, number, to_record
from search.trial import Trial


@dataclass(frozen=True)
class Proposed:
    """A candidate was drawn, and will be trained."""

    trial: Trial

    @property
    def number(self) -> int:
        """The number of the trial."""
        return self.trial.number


@dataclass(frozen=True)
class Rejected:
    """A draw was rejected without training: it was ill-typed, over a limit or a duplicate."""

    trial: Trial

    @property
    def number(self) -> int:
        """The number of the trial."""
        return self.trial.number


@dataclass(frozen=True)
class Started:
    """A worker has begun to train a candidate, or resumed its training.

    Attributes:
        number: the number of the trial.
        node: the machine of a cluster that the worker is on; None for this one.
    """

    number: int
    node: str | None = None


@dataclass(frozen=True)
class Epoch:
    """A candidate was trained for one more epoch: `epoch` counts from 1; `score` is what selects its best weights.

    `sizes` are those that it has by then, by the names of decisions, where sizes are learned.
    """

    number: int
    epoch: int
    score: float
    sizes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """Training of a candidate has ended with an outcome."""

    number: int
    outcome: Outcome


@dataclass(frozen=True)
class Retried:
    """The outcome of a failed candidate no longer counts: it is trained again."""

    number: int


@dataclass(frozen=True)
class Interrupted:
    """Training of a candidate has ended without an outcome, through no fault of its own. It is not recorded.

    Attributes:
        number: the number of the trial.
        reason: why, in a few words.
        died: whether its worker process died.
        lost: whether the machine that it was on is gone, which is not counted against the candidate.
    """

    number: int
    reason: str
    died: bool = False
    lost: bool = False


@dataclass(frozen=True)
class Notice:
    """What a backend tells a person, in one sentence, about no trial in particular. It is not recorded."""

    text: str


Event: TypeAlias = Proposed | Rejected | Started | Epoch | Finished | Retried | Interrupted


def to_data(event: Event) -> dict[str, Any]:
    """An event as plain data, for a line of the record or a message to another process."""
    kind = {"event": type(event).__name__.lower()}
    match event:
        case Proposed() | Rejected():
            return kind | event.trial.to_data()
        case Finished():
            return kind | {"number": event.number, "outcome": to_record(event.outcome)}
        case Started() | Epoch() | Retried() | Interrupted():
            return kind | {name: value for name, value in vars(event).items() if value not in (None, {})}


def from_data(data: Mapping[str, Any], directory: RunDirectory | None = None) -> Event:
    """The event that `to_data` wrote.

    Raises:
        ValueError: there is no such event; a later version of this package wrote it.
    """
    fields = dict(data)
    match fields.pop("event"):
        case "proposed":
            return Proposed(Trial.from_data(fields, directory))
        case "rejected":
            return Rejected(Trial.from_data(fields, directory))
        case "started":
            return Started(**fields)
        case "retried":
            return Retried(**fields)
        case "interrupted":
            return Interrupted(**fields)
        case "epoch":
            return Epoch(**fields | {"score": number(fields["score"])})
        case "finished":
            return Finished(fields["number"], from_record(fields["outcome"]))
        case other:
            raise ValueError(f"there is no event {other!r}; read this run with a newer version of archsearch")
