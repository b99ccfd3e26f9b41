"""Objectives and constraints of a search, written as text or in Python."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Protocol

from archspec.architecture import Architecture
from archspec.doors import Door
from archspec.graph.cost import Cost
from search.constraints import BYTES, LATENCY, MEMORY, TRAINED
from search.constraints import Constraint as Constraint
from search.numbers import amount, seconds

QUANTITIES = tuple(Cost().quantities())
PRICE_OF_FLOPS, TARGET_FLOPS = -0.07, 1e6
_OBJECTIVE = re.compile(r"\s*(maximi[sz]e|minimi[sz]e)\s+([A-Za-z_]\w*)\s*")
_CONSTRAINT = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:<=|<)\s*(.+)")
Measure = Callable[[Cost, Mapping[str, float]], float]


class Objective(Protocol):
    """A number of a trained network that a search maximises or minimises."""

    @property
    def name(self) -> str:
        """One word: what objectives are written with, and the key of its value among the scores of a trial."""

    @property
    def maximize(self) -> bool:
        """True to maximise, False to minimise."""

    @property
    def priced(self) -> bool:
        """Whether its value follows from the cost alone, so that it is known before training."""

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The value, computed from a trained network's cost and validation scores.

        Raises:
            KeyError: the task computes no such score; the first argument of the error is one sentence.
        """

    def told(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The number that strategies learn from: the value, or for instance its logarithm where ratios matter."""


@dataclass(frozen=True)
class _Named:
    name: str
    maximize: bool

    def __str__(self) -> str:
        return in_words(self.name, self.maximize)


@dataclass(frozen=True)
class Quantity(_Named):
    """A quantity of the cost, such as FLOPs. Strategies learn from its logarithm, because ratios of costs matter."""

    priced = True

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The quantity of the cost."""
        return float(cost.quantities()[self.name])

    def told(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The log10 of the quantity."""
        return math.log10(max(self.value(cost, scores), 1.0))


@dataclass(frozen=True)
class Score(_Named):
    """A score of the task, measured on validation data."""

    priced = False

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The score."""
        if self.name not in scores:
            raise KeyError(f"there is no score {self.name!r}; the scores of the task are {', '.join(sorted(scores))}")
        return scores[self.name]

    told = value


@dataclass(frozen=True)
class Measured(_Named):
    """A number that a user's function computes from cost and scores."""

    measure: Measure
    priced = False

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The function's result."""
        return float(self.measure(cost, dict(scores)))  # of which the function may take some out

    told = value


def accuracy_per_flop(cost: Cost, scores: Mapping[str, float]) -> float:
    """Accuracy with a soft price on FLOPs: accuracy · (FLOPs / 10⁶)^-0.07 (Tan et al. 2019, arXiv 1807.11626)."""
    accuracy = Score("accuracy", True).value(cost, scores)
    return float(accuracy * (max(cost.flops, 1) / TARGET_FLOPS) ** PRICE_OF_FLOPS)


def _accuracy_per_flop(maximize: bool) -> Objective:
    return Measured("accuracy_per_flop", maximize, accuracy_per_flop)


# Objectives that are neither a quantity of the cost nor a score of the task, by name: each is a function that takes
# `maximize` and returns the objective.
OBJECTIVES: Door[Callable[[bool], Objective]] = Door(
    "archsearch.objectives", "objective", {"accuracy_per_flop": _accuracy_per_flop}
)


def maximize(name: str, measure: Measure | None = None) -> Objective:
    """The objective of maximising a score of the task, a quantity of the cost, or your own `measure(cost, scores)`.

    Raises:
        ValueError: the name is not one word, or that of a package's objective that cannot be used.
    """
    return _objective(name, True, measure)


def minimize(name: str, measure: Measure | None = None) -> Objective:
    """The objective of minimising a score of the task, a quantity of the cost, or your own `measure(cost, scores)`.

    Raises:
        ValueError: the name is not one word, or that of a package's objective that cannot be used.
    """
    return _objective(name, False, measure)


def at_most(
    name: str | Callable[[Architecture, Cost], float], limit: float, measure: Callable[[Cost], float] | None = None
) -> Constraint:
    """The constraint that a quantity of the cost, a function of your own, or a measurement is at or below a limit.

    It is decided before a candidate is accepted, so that none that breaks it is ever trained; but `equivariance_error`
    and `resolution_gap` are of the trained network: a trial that breaks such a limit is scored, and not on the front.
    So is one whose learned windows or sizes have outgrown any limit as it was trained.

    Args:
        name: the quantity; `latency`, seconds of the frozen network for one example on a core of this machine;
            `bytes`, those of the frozen network's weights, kernels as they are sampled;
            `memory`, bytes that its training holds at the most, see `training_memory`;
            `equivariance_error`, the largest error of the certificate, 0 for a network without a group;
            `resolution_gap`, by how much the score that selects the best weights is worse on twice as fine a grid; or a
            function of an architecture and its cost, whose name is that of the constraint.
        limit: the limit, above zero.
        measure: a function of the cost alone, which then gets this name.

    Raises:
        ValueError: the quantity is unknown, the function has no name or one of a cost, or the limit is not positive.
    """
    if not isinstance(name, str):
        named = getattr(name, "__name__", "")
        if not named.isidentifier() or measure is not None:
            raise ValueError("a function to limit is one with a name: def depth(architecture, cost), at_most(depth, 9)")
        return replace(at_most(named, limit, lambda cost: 0.0), measure=name, whole=True)
    measured = measure is None and name in (LATENCY, BYTES, MEMORY, *TRAINED)
    if measure is None and not measured and name not in QUANTITIES:
        known = ", ".join((*QUANTITIES, LATENCY, BYTES, MEMORY, *TRAINED))
        raise ValueError(f"there is no cost {name!r} to limit; use one of {known}, or a function of your own")
    if measure is not None and name in (*QUANTITIES, LATENCY, BYTES, *TRAINED):  # earlier versions had no memory
        raise ValueError(f"{name} is the name of what is limited without a function; give your function another name")
    if not (isinstance(limit, Real) and limit > 0):
        raise ValueError(f"the limit of {name} must be above 0, not {limit!r}")
    return Constraint(name, float(limit), measure, whole=measured)


def loss_of(objective: Objective, cost: Cost, scores: Mapping[str, float]) -> float:
    """The number that strategies learn from for an objective, negated if it is maximised: smaller is better."""
    return (-1 if objective.maximize else 1) * objective.told(cost, scores)


def is_recorded(objective: Objective) -> bool:
    """Whether its value is among a trial's scores, as it is no quantity of the cost."""
    return not (objective.priced and objective.name in QUANTITIES)


def parse_objective(text: str | Objective) -> Objective:
    """The objective that a text such as `"maximize accuracy"` states; ValueError if it cannot be read.

    An objective is returned as it is.
    """
    if not isinstance(text, str):
        return text
    match = _OBJECTIVE.fullmatch(text)
    if not match:
        raise ValueError(f"cannot read the objective {text!r}; write 'maximize accuracy' or 'minimize flops'")
    return _objective(match[2], match[1].startswith("max"), None)


def parse_constraint(text: str | Constraint) -> Constraint:
    """The constraint that a text such as `"params <= 50k"` or `"latency <= 5ms"` states; ValueError if it states none.

    The suffixes k, M, G, T and P are thousands, millions and so on. A constraint is returned as it is.
    """
    if isinstance(text, Constraint):
        return text
    if not isinstance(text, str):
        raise ValueError(f"a constraint is text such as 'params <= 50k', or at_most(function, limit), not {text!r}")
    match = _CONSTRAINT.fullmatch(text)
    try:
        limit = math.nan if not match else seconds(match[2]) if match[1] == LATENCY else amount(match[2])
    except ValueError:
        limit = math.nan
    if not match or math.isnan(limit):
        raise ValueError(
            f"cannot read the constraint {text!r}; write 'params <= 50k', 'memory <= 2G' or 'latency <= 5ms'"
        )
    return at_most(match[1], limit)


def goal_of(objectives: Sequence[Objective], kind: str) -> Score:
    """The score that selects the best weights of a training: the first objective that is a score of the task.

    If no objective is one, it is the accuracy for `kind` `classification`, otherwise the loss.
    """
    default = Score("accuracy", True) if kind == "classification" else Score("loss", False)
    return next((objective for objective in objectives if isinstance(objective, Score)), default)


def in_words(name: str, maximize: bool) -> str:
    """The text of an objective: `maximize accuracy`."""
    return f"{'maximize' if maximize else 'minimize'} {name}"


def _objective(name: str, maximize: bool, measure: Measure | None) -> Objective:
    if not name.isidentifier():
        raise ValueError(f"the name of an objective is one word, not {name!r}")
    if measure is not None and name in QUANTITIES:
        raise ValueError(f"{name} is the name of a cost; give your function another name")
    if measure is not None:
        return Measured(name, maximize, measure)
    if name in QUANTITIES:
        return Quantity(name, maximize)
    return OBJECTIVES[name](maximize) if name in OBJECTIVES else Score(name, maximize)
