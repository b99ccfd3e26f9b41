"""Objectives and constraints of a search, written as text or in Python."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from archspec.doors import Door
from archspec.graph.cost import Cost
from search.constraints import QUANTITIES, written
from search.constraints import Constraint as Constraint
from search.constraints import at_most as at_most
from search.constraints import parse_constraint as parse_constraint

PRICE_OF_FLOPS, TARGET_FLOPS = -0.07, 1e6
_OBJECTIVE = re.compile(r"\s*(maximi[sz]e|minimi[sz]e)\s+([A-Za-z_]\w*)\s*", re.IGNORECASE)
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
    return _objective(written(match[2], QUANTITIES), match[1].lower().startswith("max"), None)


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
