"""The protocol of a strategy, the budget that it is asked with, the proposal that it returns, and its names."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from archspec.doors import Door, Unknown
from archspec.geometry.fourier import Target
from archspec.schema.hole import Scalar
from search.errors import RunError
from search.events import Event
from search.numbers import whole
from search.objectives import Constraint, Objective
from search.record.history import History
from search.record.lines import plain
from spaces import Space

# After this many rejected proposals for one slot, fillings of the space itself are examined for a candidate: of a
# proposal all but its values then counts.
MOST_DRAWS = 40
# What to do about a strategy that raises an error.
RESUMES = "mend it, and run the same again: it resumes"
# The trials of a budget that has no end.
ENDLESS = 2**53
Key = frozenset[tuple[str, type, Scalar]]


def key(values: Mapping[str, Scalar]) -> Key:
    """What tells values from others: 1, 1.0 and True are equal, but different values of a hole."""
    return frozenset((name, type(value), value) for name, value in values.items())


@dataclass(frozen=True)
class Budget:
    """What the engine tells a strategy when it asks for a proposal.

    Attributes:
        slot: index of the candidate that is asked for, from 0.
        trials: number of candidates of the run, or as many whole trainings.
        attempt: number of proposals for this slot that were rejected.
        epochs: number of epochs of a full training.
        seed: seed for all that is random in this proposal. It follows from the run's seed, the slot and the attempt: a
            strategy without other randomness makes the same proposals when a killed run is resumed.
        run_seed: seed of the run.
        limits: the constraints; the engine rejects what breaks one.
        target: what costs are computed for.
        flops: of a run with a budget of FLOPs, what all epochs of all its architectures may come to, an epoch counting
            as the FLOPs of one example's forward pass, without those that make kernels; otherwise infinity.
        inherit: whether a candidate begins from the weights of its parent (`Training(inherit=True)`).
    """

    slot: int
    trials: int
    attempt: int
    epochs: int
    seed: int
    run_seed: int = 0
    limits: Sequence[Constraint] = ()
    target: Target = "torch"
    flops: float = math.inf
    inherit: bool = False


@dataclass(frozen=True)
class Proposal:
    """What a strategy proposes to train.

    Attributes:
        values: values of the space's active parameters, by name, the argument of `Space.fill`. They are copied.
        fidelity: number of epochs to train for, 1 or more; None is the full training, as is any number beyond it.
        parent: number of the trial that the proposal was derived from, for the record. With `Training(inherit=True)`
            it begins from the weights of that trial, if the strategy has been told that it was scored or has paused.
        notes: plain data that is stored with the trial, so that the strategy can read it there in a resumed run too:
            as JSON has it, tuples as lists, all keys as text.

    Raises:
        ValueError: fidelity or parent are no such numbers, the values are no mapping, or the notes no plain data.
    """

    values: Mapping[str, Scalar]
    fidelity: int | None = None
    parent: int | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, least in (("fidelity", 1), ("parent", 0)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, whole(f"the {name} of a proposal", value, least))
        if not isinstance(self.values, Mapping):
            raise ValueError(f"the values of a proposal are a mapping from names to values, not {self.values!r}")
        object.__setattr__(self, "values", dict(self.values))  # the strategy may go on with its own
        try:
            object.__setattr__(self, "notes", plain(dict(self.notes)))
        except (TypeError, ValueError) as error:
            raise ValueError(f"the notes of a proposal are no plain data: {error}; give texts and numbers") from None


class Strategy(Protocol):
    """Proposes candidates. The engine rejects proposals that are ill-typed, over a limit or duplicates, and asks again.

    The order of histories and events does not depend on which worker is faster: with N workers, the strategy has been
    told the outcomes of the slots up to i − N − ⌊N/2⌋, and no others, when it is asked for the proposal for slot i.
    """

    @property
    def name(self) -> str:
        """The strategy's name in the run's settings: a run can only be resumed with the strategy of that name."""

    def propose(self, history: History, budget: Budget) -> Proposal:
        """The next proposal. In `history`, trials whose outcome the strategy has not been told are `running`.

        Raises:
            Exhausted: the strategy has proposed all that it can; the run ends with what it has.
        """

    def observe(self, event: Event) -> None:
        """Learn that a trial was proposed, rejected or finished. When a run is resumed, all its events are replayed."""


# Strategies by name: each is a function that takes the space and the objectives, and returns a strategy.
STRATEGIES: Door[Callable[[Space, Sequence[Objective]], Strategy]] = Door(
    "archsearch.strategies",
    "strategy",
    {
        "front": "search.strategies.front:FrontStrategy",
        "tpe": "search.strategies.optuna_samplers:Tpe",
        "random": "search.strategies.random:Random",
        "quasi_random": "search.strategies.quasi_random:QuasiRandom",
        "exhaustive": "search.strategies.exhaustive:Exhaustive",
        "nsga2": "search.strategies.optuna_samplers:Nsga2",
        "gp": "search.strategies.optuna_samplers:Gp",
        "evolve": "search.strategies.evolve:Evolve",
        "halving": "search.strategies.halving:Halving",
        "gradient": "search.strategies.gradient:Gradient",
    },
)


# What an object that is given as a strategy has.
PARTS = ("name", "propose", "observe")
# What proposes candidates where nothing else is said; and what did in earlier versions, with which their runs go on.
DEFAULT, FORMER_DEFAULT = "front", "tpe"


def check_strategy(strategy: str | Strategy | None) -> None:
    """Refuse what is no strategy.

    Raises:
        ValueError: there is none of this name, or the object lacks what a strategy has.
    """
    if isinstance(strategy, str):
        _ = STRATEGIES[strategy]  # raises for an unknown name
    elif strategy is not None and (isinstance(strategy, type) or not all(hasattr(strategy, what) for what in PARTS)):
        what = f"the class {strategy.__name__}" if isinstance(strategy, type) else repr(strategy)
        raise ValueError(f"a strategy is a name, or an object that has {', '.join(PARTS)}, not {what}")
    elif strategy is not None and not (isinstance(strategy.name, str) and strategy.name):
        raise ValueError(f"the name of a strategy is a text, by which its runs know it, not {strategy.name!r}")


def fresh(strategy: str | Strategy, space: Space, objectives: Sequence[Objective]) -> Strategy:
    """A strategy that has observed no event: a new one by its name, or a copy of the object.

    Raises:
        RunError: there is no such strategy, or the object cannot be copied.
    """
    if isinstance(strategy, str):
        try:
            make = STRATEGIES[strategy]
        except Unknown as error:
            raise RunError(str(error)) from None
        return make(space, objectives)
    try:
        return copy.deepcopy(strategy)
    except Exception as error:
        raise RunError(
            f"the strategy {strategy.name} cannot be copied for a run: {error}; give it a __deepcopy__ that begins "
            "anew, or register it and give its name"
        ) from None
