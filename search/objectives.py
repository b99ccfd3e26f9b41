"""What to search for, and within which limits: as text or in Python."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from archspec.doors import Door
from archspec.graph.cost import Cost

QUANTITIES = tuple(Cost().quantities())
PRICE_OF_FLOPS, TARGET_FLOPS = -0.07, 1e6
_SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_OBJECTIVE = re.compile(r"\s*(maximi[sz]e|minimi[sz]e)\s+([A-Za-z_]\w*)\s*")
_CONSTRAINT = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|<)\s*([0-9][0-9_,]*\.?[0-9]*(?:e[+-]?[0-9]+)?)\s*([kKmMgG]?)\s*")
Measure = Callable[[Cost, Mapping[str, float]], float]


class Objective(Protocol):
    """A number that a search makes large or small."""

    @property
    def name(self) -> str:
        """One word, by which it is asked for and under which its value is kept."""

    @property
    def maximize(self) -> bool:
        """Whether it should be large."""

    @property
    def priced(self) -> bool:
        """Whether it is known before training, from the cost alone."""

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The number itself, of a trained network's cost and validation scores.

        Raises:
            KeyError: training gave no such score; its first argument is one sentence.
        """

    def told(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The number that strategies learn from, such as its logarithm where ratios matter."""


@dataclass(frozen=True)
class _Named:
    name: str
    maximize: bool

    def __str__(self) -> str:
        return in_words(self.name, self.maximize)


@dataclass(frozen=True)
class Quantity(_Named):
    """A quantity of the cost. Strategies learn its logarithm, as what matters of costs is their ratio."""

    priced = True

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The quantity."""
        return float(cost.quantities()[self.name])

    def told(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """Its log10."""
        return math.log10(max(self.value(cost, scores), 1.0))


@dataclass(frozen=True)
class Score(_Named):
    """A score of the task."""

    priced = False

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The score."""
        if self.name not in scores:
            raise KeyError(f"there is no score {self.name!r}; the task gives {', '.join(sorted(scores))}")
        return scores[self.name]

    told = value


@dataclass(frozen=True)
class Measured(_Named):
    """A number that a function of one's own works out of cost and scores."""

    measure: Measure
    priced = False

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """What the function says."""
        return float(self.measure(cost, scores))

    told = value


def accuracy_per_flop(cost: Cost, scores: Mapping[str, float]) -> float:
    """Accuracy with a soft price on FLOPs: accuracy · (FLOPs / 10⁶)^-0.07 (Tan et al. 2019, arXiv 1807.11626)."""
    accuracy = Score("accuracy", True).value(cost, scores)
    return float(accuracy * (max(cost.flops, 1) / TARGET_FLOPS) ** PRICE_OF_FLOPS)


def _accuracy_per_flop(maximize: bool) -> Objective:
    return Measured("accuracy_per_flop", maximize, accuracy_per_flop)


# Objectives that are neither a quantity of the cost nor a score of the task, by name: functions of `maximize`.
OBJECTIVES: Door[Callable[[bool], Objective]] = Door(
    "archsearch.objectives", "objective", {"accuracy_per_flop": _accuracy_per_flop}
)


@dataclass(frozen=True)
class Constraint:
    """A quantity of the cost that must not exceed a limit."""

    name: str
    limit: float
    measure: Callable[[Cost], float] | None = None

    def excess(self, cost: Cost) -> float:
        """How far over the limit, as a fraction of it; at or below zero it holds."""
        value = self.measure(cost) if self.measure else cost.quantities()[self.name]
        return value / self.limit - 1

    def __str__(self) -> str:
        return f"{self.name} <= {self.limit:,.10g}"


def maximize(name: str, measure: Measure | None = None) -> Objective:
    """The objective of making a score or quantity large; `measure(cost, scores)` for one of your own."""
    return _objective(name, True, measure)


def minimize(name: str, measure: Measure | None = None) -> Objective:
    """The objective of making a score or quantity small; `measure(cost, scores)` for one of your own."""
    return _objective(name, False, measure)


def at_most(name: str, limit: float, measure: Callable[[Cost], float] | None = None) -> Constraint:
    """The constraint that a quantity of the cost stays at or below a limit; `measure(cost)` for one of your own.

    Raises:
        ValueError: the quantity is unknown, or the limit is not positive.
    """
    if measure is None and name not in QUANTITIES:
        raise ValueError(f"there is no cost {name!r} to limit; use one of {', '.join(QUANTITIES)}")
    if not limit > 0:
        raise ValueError(f"the limit of {name} must be above 0, not {limit:g}")
    return Constraint(name, float(limit), measure)


def parse_objective(text: str | Objective) -> Objective:
    """`"maximize accuracy"`; ValueError if it cannot be read."""
    if not isinstance(text, str):
        return text
    match = _OBJECTIVE.fullmatch(text)
    if not match:
        raise ValueError(f"cannot read the objective {text!r}; write 'maximize accuracy' or 'minimize flops'")
    return _objective(match[2], match[1].startswith("max"), None)


def parse_constraint(text: str | Constraint) -> Constraint:
    """`"params <= 50k"`, with k, M or G for thousands, millions, billions; ValueError if it cannot be read."""
    if isinstance(text, Constraint):
        return text
    match = _CONSTRAINT.fullmatch(text)
    if not match:
        raise ValueError(f"cannot read the constraint {text!r}; write 'params <= 50k' or 'flops <= 2M'")
    return at_most(match[1], float(match[3].replace("_", "").replace(",", "")) * _SUFFIX[match[4].lower()])


def goal_of(objectives: Sequence[Objective], kind: str) -> Score:
    """The score that picks the best weights of a training: the first of the objectives that is a score of the task.

    Where none is, the accuracy of a classification and the loss of anything else.
    """
    default = Score("accuracy", True) if kind == "classification" else Score("loss", False)
    return next((objective for objective in objectives if isinstance(objective, Score)), default)


def in_words(name: str, maximize: bool) -> str:
    """An objective as it is written: `maximize accuracy`."""
    return f"{'maximize' if maximize else 'minimize'} {name}"


def _objective(name: str, maximize: bool, measure: Measure | None) -> Objective:
    if not name.isidentifier():
        raise ValueError(f"the name of an objective is one word, not {name!r}")
    if measure is not None:
        return Measured(name, maximize, measure)
    if name in QUANTITIES:
        return Quantity(name, maximize)
    return OBJECTIVES[name](maximize) if name in OBJECTIVES else Score(name, maximize)
