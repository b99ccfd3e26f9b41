"""Constraints of a search: what must hold of an architecture and its cost, or of the network once it is trained."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real

from archspec.architecture import Architecture
from archspec.graph.cost import Cost
from archspec.graph.signal import SignalError
from search.errors import RunError, said
from search.measures import finer, latency, weight_bytes
from search.numbers import amount, as_seconds, seconds

QUANTITIES = tuple(Cost().quantities())
LATENCY, BYTES, MEMORY, RESOLUTION_GAP = "latency", "bytes", "memory", "resolution_gap"
# What training must come before: it is among the scores of a trial if the search limits it.
TRAINED = ("equivariance_error", RESOLUTION_GAP)
OF_BYTES = (BYTES, MEMORY)
# What is limited without a function.
LIMITED = (*QUANTITIES, LATENCY, *OF_BYTES, *TRAINED)
_CONSTRAINT = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:<=|<|≤)\s*(.+)")


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
    measured = measure is None and name in LIMITED and name not in QUANTITIES
    if measure is None and name not in LIMITED:
        raise ValueError(
            f"there is no cost {name!r} to limit; use one of {', '.join(LIMITED)}, or a function of your own"
        )
    if measure is not None and name in (*QUANTITIES, LATENCY, BYTES, *TRAINED):  # earlier versions had no memory
        raise ValueError(f"{name} is the name of what is limited without a function; give your function another name")
    if not (isinstance(limit, Real) and limit > 0):
        raise ValueError(f"the limit of {name} must be above 0, not {limit!r}")
    return Constraint(name, float(limit), measure, whole=measured)


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
        name = written(match[1], LIMITED) if match else ""
        limit = math.nan if not match else seconds(match[2]) if name == LATENCY else amount(match[2], name in OF_BYTES)
    except ValueError:
        limit = math.nan
    if not match or math.isnan(limit):
        least = "; a constraint is a limit from above" if ">" in text else ""
        raise ValueError(
            f"cannot read the constraint {text!r}; write 'params <= 50k', 'memory <= 2G' or 'latency <= 5ms'{least}"
        )
    return at_most(name, limit)


def written(name: str, names: Sequence[str]) -> str:
    """The name, written as one of those names is, such as `flops` for FLOPs."""
    return name.lower() if name.lower() in names else name
