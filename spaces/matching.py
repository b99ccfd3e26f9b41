"""The values of a template that make an architecture, found by matching the template with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

from archspec.geometry.groups import Group
from archspec.schema.hole import Decision, Expression, Scalar
from archspec.schema.model import Model

MAX_SOLUTIONS_TRIED = 100_000


class Match:
    """A partial match.

    Args:
        values: the values found so far, by name of the parameter.
        sums: expressions that must still be satisfied, each with its path and the value that it must have.
    """

    def __init__(self, values: dict[str, Scalar], sums: tuple[tuple[Expression, str, Any], ...] = ()) -> None:
        self.values, self.sums = values, sums

    def decided(self, name: str, hole: Decision, value: Scalar) -> Match | None:
        """The match with one more value; None if it contradicts an earlier one or is not a value of the hole."""
        if name in self.values:
            return self if self.values[name] == value else None
        try:
            hole.check(value, name)
        except ValueError:
            return None
        return Match({**self.values, name: value}, self.sums)


def matches(template: Any, value: Any, place: str, found: Match) -> Iterator[Match]:
    """Every match of a part of the template, at path `place`, with a part of the architecture, extending `found`."""
    match template:
        case Expression():
            yield Match(found.values, (*found.sums, (template, place, value)))
        case Decision():
            name = template.called(place)
            for label, option in template.options_for(value):
                decided = found.decided(name, template, label)
                if decided:
                    yield from matches(option, value, f"{place}[{label}]", decided)
        case Model():
            if (copied := template.copies()) and (split := copied.split(value)) is not None:
                bodies = [(copied.body, body, f"{place}.copy{i}.body") for i, body in enumerate(split)]
                yield from _all([(copied.times, len(split), f"{place}.times"), *bodies], found)
            elif type(template) is type(value):
                pairs = [
                    (getattr(template, name), getattr(value, name), f"{place}.{name}" if place else name)
                    for name in type(template).model_fields
                ]
                yield from _all(pairs, found)
        case tuple() if isinstance(value, tuple) and len(value) == len(template):
            yield from _all(
                [(t, v, f"{place}[{i}]") for i, (t, v) in enumerate(zip(template, value, strict=True))], found
            )
        case dict() if isinstance(value, dict) and value.keys() == template.keys():
            yield from _all([(t, value[key], f"{place}.{key}") for key, t in template.items()], found)
        case _:
            if template == value or (isinstance(template, Group | str) and str(template) == str(value)):
                yield found


def solved(found: Match) -> Iterator[dict[str, Scalar]]:
    """Every set of values that satisfies the expressions of a match, trying values of parameters not found yet.

    Raises:
        ValueError: there are more than 100,000 combinations to try.
    """
    unknown: dict[str, Decision] = {}
    for expression, place, _ in found.sums:
        for hole, at in expression.decisions(place):
            name = hole.called(at)
            if name not in found.values:
                unknown[name] = hole
    spans = [hole.values for hole in unknown.values()]
    if math.prod(map(len, spans)) > MAX_SOLUTIONS_TRIED:
        raise ValueError(
            f"too many unknowns in arithmetic over {', '.join(unknown)} to solve it; use one of them alone in a field"
        )
    for guess in product(*spans):
        values = {**found.values, **dict(zip(unknown, guess, strict=True))}
        if all(_comes_out(expression, place, wanted, values) for expression, place, wanted in found.sums):
            yield values


def _all(pairs: list[tuple[Any, Any, str]], found: Match) -> Iterator[Match]:
    """Every match of all pairs of template, value and place: depth first, however many there are."""
    if not pairs:
        yield found
        return
    begun = [matches(*pairs[0], found)]  # of the first pairs, each extending what the one before it has found
    while begun:
        if (further := next(begun[-1], None)) is None:
            begun.pop()
        elif len(begun) == len(pairs):
            yield further
        else:
            begun.append(matches(*pairs[len(begun)], further))


def _comes_out(expression: Expression, place: str, wanted: Any, values: dict[str, Scalar]) -> bool:
    return bool(expression.resolved(place, lambda hole, at: values[hole.called(at)]) == wanted)
