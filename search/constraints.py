"""Constraints of a search: what must hold of an architecture and its cost, decided before it is trained."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from archspec.architecture import Architecture
from archspec.graph.cost import Cost
from search.errors import RunError


@dataclass(frozen=True)
class Constraint:
    """A quantity of the cost, or a user's function, that must not exceed a limit.

    Attributes:
        name: the quantity, or the name of the function.
        limit: what it must not exceed.
        measure: the function, of the cost or of an architecture and its cost; None for a quantity of the cost.
        whole: whether the function is one of an architecture and its cost.
    """

    name: str
    limit: float
    measure: Callable[..., float] | None = None
    whole: bool = False

    def value(self, cost: Cost, architecture: Architecture | None = None) -> float:
        """What is limited; RunError if the function raises an error, or its result is not a finite number."""
        if self.measure is None:
            return float(cost.quantities()[self.name])
        try:
            value = float(self.measure(architecture, cost) if self.whole else self.measure(cost))
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise RunError(f"the constraint {self} cannot be worked out ({reason}); mend its function") from error
        if not math.isfinite(value):
            raise RunError(f"the constraint {self} cannot be worked out: it is {value} of {cost}; mend its function")
        return value

    def excess(self, cost: Cost, architecture: Architecture | None = None) -> float:
        """How far the value is over the limit, as a fraction of the limit; the constraint holds at or below zero.

        Of a function of the architecture, -1 where there is the cost alone.
        """
        return -1.0 if self.whole and architecture is None else self.value(cost, architecture) / self.limit - 1

    def __str__(self) -> str:
        return f"{self.name} <= {self.limit:,.10g}"
