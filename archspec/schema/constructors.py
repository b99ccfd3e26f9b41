"""The functions that create holes: what a person writes in a field that a search decides."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from archspec.geometry.groups import Group
from archspec.schema.hole import Expression, Hole
from archspec.schema.holes import Choice, Integer, Real


def choice(*options: Any, name: str | None = None) -> Any:
    """A hole for one of the options: `choice(3, 5, 7)`, `choice("C1", "C4", name="group")`, `choice(Table(), Siren())`.

    Holes with the same `name`, an identifier, are one decision. Raises ValueError if there is no option.
    """
    # A number of numpy's is taken as Python's, which can be written as JSON.
    return Choice(tuple(x.item() if isinstance(x, np.generic) else x for x in options), name)


def integer(*bounds: Any, step: int = 1, log: bool = False, name: str | None = None) -> Any:
    """A hole for a whole number: `integer(1, 4)`, `integer("width", 8, 32, step=8)`. Both ends are included.

    With `log` the value is drawn log-uniformly. ValueError if `step` does not divide the range, or if with `log` the
    lower end is below 1 or a step is given.
    """
    name, low, high = _named(bounds, name, "integer")
    return Integer(operator.index(low), operator.index(high), operator.index(step), log, name)


def real(*bounds: Any, log: bool = False, name: str | None = None) -> Any:
    """A hole for a real number: `real(0.0, 0.5)`, `real("rate", 1e-3, 1e-1, log=True)`; `log` draws log-uniformly."""
    name, low, high = _named(bounds, name, "real")
    return Real(float(low), float(high), log, name)


def order(group: Any) -> Any:
    """Number of elements of a group; of a hole for a group, an `Expression` for it."""
    return Expression("order", (group,)) if isinstance(group, Hole) else Group(str(group)).order


def _named(bounds: tuple[Any, ...], name: str | None, kind: str) -> tuple[str | None, Any, Any]:
    if bounds and isinstance(bounds[0], str):
        name, bounds = bounds[0], bounds[1:]
    if len(bounds) != 2:
        raise ValueError(f"{kind}() takes a lower and an upper end: {kind}(1, 4) or {kind}('name', 1, 4)")
    return name, bounds[0], bounds[1]
