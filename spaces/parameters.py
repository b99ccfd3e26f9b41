"""The decisions of a template: what they are called, what they can be, when they are alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from archspec.blocks import Repeat
from archspec.schema.hole import Choice, Expression, Hole, Integer, Real, Scalar
from archspec.schema.model import Model

# What must hold for a parameter to be alive: each named parameter has one of these values.
Condition = dict[str, tuple[Scalar, ...]]


@dataclass(frozen=True)
class Parameter:
    """One decision of a space.

    Attributes:
        name: the hole's own name, or its path with the options chosen on the way: `body[0].kernel[siren].hidden`.
        hole: what it can be.
        when: it is alive if any of these conditions holds; an empty condition always does.
    """

    name: str
    hole: Hole
    when: list[Condition] = field(default_factory=list)

    def __str__(self) -> str:
        match self.hole:
            case Choice():
                values = " | ".join(map(str, self.hole.labels))
            case Integer():
                values = f"{self.hole.low} … {self.hole.high}" + (f" by {self.hole.step}" if self.hole.step > 1 else "")
            case Real():
                values = f"{self.hole.low:g} … {self.hole.high:g}"
            case _:
                values = "?"
        return f"{self.name}: {values}"


def walk(value: Any, place: str, when: Condition, visit: Callable[[str, Hole, Condition], None]) -> None:
    """Call `visit(name, hole, condition)` for every decision, wherever it may become alive."""
    match value:
        case Expression():
            for i, hole in enumerate(value.holes):
                walk(hole, f"{place}.of[{i}]", when, visit)
        case Hole():
            name = getattr(value, "name", None) or place
            visit(name, value, when)
            if isinstance(value, Choice):
                for label, option in zip(value.labels, value.options, strict=True):
                    walk(option, f"{place}[{label}]", {**when, name: (label,)}, visit)
        case Repeat() if not value.tied and value.is_open():
            walk(value.times, f"{place}.times", when, visit)
            for copy, alive in _copies(value, place, when):
                walk(value.body, f"{place}.copy{copy}.body", alive, visit)
        case Model():
            for name in type(value).model_fields:
                walk(getattr(value, name), f"{place}.{name}" if place else name, when, visit)
        case tuple():
            for i, item in enumerate(value):
                walk(item, f"{place}[{i}]", when, visit)
        case dict():
            for key, item in value.items():
                walk(item, f"{place}.{key}", when, visit)


def option_of(hole: Choice, label: Scalar, name: str) -> Any:
    """The option a label stands for.

    Raises:
        ValueError: the choice has no such option.
    """
    for known, option in zip(hole.labels, hole.options, strict=True):
        if known == label and isinstance(known, bool) == isinstance(label, bool):
            return option
    raise ValueError(f"{name} cannot be {label!r}; it is one of {', '.join(map(str, hole.labels))}")


def domain(hole: Hole) -> tuple[Scalar, ...]:
    """All values a hole can hold, as they stand in a set of values.

    Raises:
        ValueError: it is a real number.
    """
    match hole:
        case Choice():
            return hole.labels
        case Integer():
            return tuple(hole.values)
        case _:
            raise ValueError("a real number has no list of values")


def check(hole: Hole, value: Scalar, name: str) -> Scalar:
    """The value, if the hole can hold it; ValueError otherwise."""
    match hole:
        case Choice():
            option_of(hole, value, name)
        case Integer():
            if isinstance(value, bool) or not isinstance(value, int) or value not in hole.values:
                steps = f" in steps of {hole.step}" if hole.step > 1 else ""
                raise ValueError(
                    f"{name} cannot be {value!r}; it is a whole number from {hole.low} to {hole.high}{steps}"
                )
        case Real():
            if isinstance(value, bool) or not isinstance(value, int | float) or not hole.low <= value <= hole.high:
                raise ValueError(f"{name} cannot be {value!r}; it is a number from {hole.low:g} to {hole.high:g}")
    return value


def _copies(repeat: Repeat, place: str, when: Condition) -> list[tuple[int, Condition]]:
    if isinstance(repeat.times, int):
        return [(copy, when) for copy in range(repeat.times)]
    hole: Any = repeat.times
    if isinstance(hole, Expression):
        raise ValueError(f"{place}.times: with tied=False write a plain hole here, not arithmetic")
    numbers = [int(str(x)) for x in domain(hole)]
    name = getattr(hole, "name", None) or f"{place}.times"
    return [(copy, {**when, name: tuple(n for n in numbers if n > copy)}) for copy in range(max(numbers))]
