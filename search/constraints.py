"""Constraints of a search: what must hold of an architecture and its cost, or of the network once it is trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from archspec.architecture import Architecture
from archspec.graph.cost import Cost
from archspec.graph.signal import SignalError
from search.errors import RunError, said
from search.measures import finer, latency, weight_bytes
from search.numbers import as_seconds

LATENCY, BYTES, MEMORY, RESOLUTION_GAP = "latency", "bytes", "memory", "resolution_gap"
# What training must come before: it is among the scores of a trial if the search limits it.
TRAINED = ("equivariance_error", RESOLUTION_GAP)


@dataclass(frozen=True)
class Constraint:
    """A quantity of the cost, a user's function, or a measurement that must not exceed a limit.

    Attributes:
        name: the quantity, the name of the function, `latency` in seconds, `bytes`, `memory` in bytes, or what is
            measured of a trained network.
        limit: what it must not exceed.
        measure: the function, of the cost or of an architecture and its cost; None for what is known by its name.
        whole: whether the cost alone does not decide it.
        memory: bytes that the training of an architecture takes, in the search that limits them.
    """

    name: str
    limit: float
    measure: Callable[..., float] | None = None
    whole: bool = False
    memory: Callable[[Architecture], float] | None = field(default=None, compare=False, repr=False)

    @property
    def trained(self) -> bool:
        """Whether it is decided once the network is trained."""
        return self.measure is None and self.name in TRAINED

    @property
    def priced(self) -> bool:
        """Whether it changes with the cost alone, as the windows of a network are learned."""
        return not self.whole or self.measure is not None

    def value(
        self, cost: Cost, architecture: Architecture | None = None, scores: Mapping[str, float] | None = None
    ) -> float:
        """What is limited; RunError if it was not measured, the function raises, or its result is not finite."""
        if self.trained:
            if self.name not in (scores or {}):
                raise RunError(f"{self.name} was not measured in this run; make it a constraint of the search")
            return float((scores or {})[self.name])
        try:
            value = self._computed(cost, architecture)
        except Exception as error:
            remedy = "mend its function" if self.measure else "leave it out"
            raise RunError(f"the constraint {self} cannot be worked out ({said(error)}); {remedy}") from error
        if not math.isfinite(value):
            raise RunError(f"the constraint {self} cannot be worked out: it is {value} of {cost}; mend its function")
        return value

    def _computed(self, cost: Cost, architecture: Architecture | None) -> float:
        if self.measure is not None:
            return float(self.measure(architecture, cost) if self.whole else self.measure(cost))
        if self.name == LATENCY and architecture is not None:
            return latency(architecture)
        if self.name == BYTES and architecture is not None:
            return weight_bytes(architecture)
        if self.name == MEMORY and architecture is not None:
            if self.memory is None:
                raise ValueError("it depends on task and training: give it to Search, or ask search.training_memory")
            return self.memory(architecture)
        return float(cost.quantities()[self.name])

    def excess(
        self, cost: Cost, architecture: Architecture | None = None, scores: Mapping[str, float] | None = None
    ) -> float:
        """How far the value is over the limit, as a fraction of the limit; the constraint holds at or below zero.

        It is -1 as long as it cannot be decided: without an architecture or, of a trained network, without scores. It
        is 1 where the network could not be measured once it is trained.
        """
        if self.whole and architecture is None:
            return -1.0
        if self.trained and scores is None:
            return 1.0 if self.obstacle(architecture) else -1.0
        return self.value(cost, architecture, scores) / self.limit - 1

    def obstacle(self, architecture: Architecture | None) -> str | None:
        """Why the trained network could not be measured; None if it could."""
        if self.trained and self.name == RESOLUTION_GAP and architecture is not None:
            try:
                finer(architecture)
            except SignalError as error:
                return str(error)
        return None

    def amount(self, value: float) -> str:
        """A value of what is limited, as text."""
        return as_seconds(value) if self.name == LATENCY and self.measure is None else f"{value:,.10g}"

    def __str__(self) -> str:
        return f"{self.name} <= {self.amount(self.limit)}"


def broken(name: str, excess: float) -> str:
    """In a few words, that a trial breaks the constraint of this name, and by how much."""
    return f"breaks {name}: {100 * excess:.0f} % over"
