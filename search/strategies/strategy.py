"""What a strategy is asked, what it answers, and the strategies that have a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from archspec.doors import Door
from archspec.schema.hole import Scalar
from search.events import Event
from search.objectives import Objective
from search.record.history import History
from spaces import Space


@dataclass(frozen=True)
class Budget:
    """What a proposal is for.

    Attributes:
        slot: the candidate it would be, counted from 0.
        trials: how many candidates there will be.
        attempt: how many proposals for this slot have been rejected.
        epochs: of a full training.
        seed: of whatever is random in this proposal. It follows from the run's seed, the slot and the attempt: a
            strategy that draws from nothing else makes the same proposals when a killed run is resumed.
    """

    slot: int
    trials: int
    attempt: int
    epochs: int
    seed: int


@dataclass(frozen=True)
class Proposal:
    """What to try.

    Attributes:
        values: of the space's active parameters, by name, as `Space.fill` takes them.
        fidelity: epochs to train for; None is the full training.
        parent: number of the trial it was made from, for the record.
        notes: plain data saved with the trial, which the strategy finds again there, also in a resumed run.
    """

    values: Mapping[str, Scalar]
    fidelity: int | None = None
    parent: int | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


class Strategy(Protocol):
    """Proposes candidates. The engine refuses proposals that are ill-typed, over a limit or known, and asks again.

    Histories and events come in an order that does not depend on which worker was faster: with N workers, the proposal
    for slot i is asked for when the outcomes of the slots up to i − N have been told, and no others.
    """

    @property
    def name(self) -> str:
        """Its name in the run's settings: a run can only be resumed with the strategy of this name."""

    def propose(self, history: History, budget: Budget) -> Proposal:
        """What to try next, given all that has been told; trials whose outcome has not been are `running`."""

    def observe(self, event: Event) -> None:
        """Learn that a trial was proposed, rejected or finished; when a run is resumed, all events come once more."""


# Functions of a space and the objectives.
STRATEGIES: Door[Callable[[Space, Sequence[Objective]], Strategy]] = Door(
    "archsearch.strategies",
    "strategy",
    {"tpe": "search.strategies.tpe:Tpe", "random": "search.strategies.random:Random"},
)
