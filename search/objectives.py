"""What to search for, and within which limits: as text or in Python."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archspec.graph.cost import Cost

QUANTITIES = tuple(Cost().quantities())
_SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_OBJECTIVE = re.compile(r"\s*(maximi[sz]e|minimi[sz]e)\s+([A-Za-z_]\w*)\s*")
_CONSTRAINT = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|<)\s*([0-9][0-9_,]*\.?[0-9]*(?:e[+-]?[0-9]+)?)\s*([kKmMgG]?)\s*")
Measure = Callable[[Cost, Mapping[str, float]], float]


@dataclass(frozen=True)
class Objective:
    """A quantity of the cost or a score, and the direction it should go.

    `measure` works it out of (cost, scores) where it is neither.
    """

    name: str
    maximize: bool
    measure: Measure | None = None

    @property
    def priced(self) -> bool:
        """Whether it is known before training."""
        return self.measure is None and self.name in QUANTITIES

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The quantity itself.

        Raises:
            KeyError: training gave no such score.
        """
        if self.measure is not None:
            return float(self.measure(cost, scores))
        if self.name in QUANTITIES:
            return float(cost.quantities()[self.name])
        if self.name not in scores:
            raise KeyError(f"there is no score {self.name!r}; the task gives {', '.join(sorted(scores))}")
        return scores[self.name]

    def told(self, cost: Cost, scores: Mapping[str, float]) -> float:
        """The value the sampler learns from: costs by their logarithm, as what matters is their ratio."""
        value = self.value(cost, scores)
        return math.log10(max(value, 1.0)) if self.priced else value

    def __str__(self) -> str:
        return f"{'maximize' if self.maximize else 'minimize'} {self.name}"


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
    if isinstance(text, Objective):
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


def _objective(name: str, maximize: bool, measure: Measure | None) -> Objective:
    if not name.isidentifier():
        raise ValueError(f"the name of an objective is one word, not {name!r}")
    return Objective(name, maximize, measure)
