"""The decisions of a template: what they are called, what they can be, when they are alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from archspec.schema.hole import Decision, Hole, Scalar
from archspec.schema.model import Copies, Model

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
    hole: Decision
    when: list[Condition] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.name}: {self.hole.text}"


def walk(value: Any, place: str, when: Condition, visit: Callable[[str, Decision, Condition], None]) -> None:
    """Call `visit(name, hole, condition)` for every decision, wherever it may become alive."""
    match value:
        case Hole():
            for hole, at in value.decisions(place):
                name = hole.called(at)
                visit(name, hole, when)
                for label, option in hole.parts():
                    walk(option, f"{at}[{label}]", {**when, name: (label,)}, visit)
        case Model():
            if copies := value.copies():
                walk(copies.times, f"{place}.times", when, visit)
                for copy, alive in _copies(copies, place, when):
                    walk(copies.body, f"{place}.copy{copy}.body", alive, visit)
                return
            for name in type(value).model_fields:
                walk(getattr(value, name), f"{place}.{name}" if place else name, when, visit)
        case tuple():
            for i, item in enumerate(value):
                walk(item, f"{place}[{i}]", when, visit)
        case dict():
            for key, item in value.items():
                walk(item, f"{place}.{key}", when, visit)


def _copies(repeat: Copies, place: str, when: Condition) -> list[tuple[int, Condition]]:
    if isinstance(repeat.times, int):
        return [(copy, when) for copy in range(repeat.times)]
    hole = repeat.times
    if not isinstance(hole, Decision):
        raise ValueError(f"{place}.times: with tied=False write a plain hole here, not arithmetic")
    numbers = [int(str(x)) for x in hole.values]
    name = hole.called(f"{place}.times")
    return [(copy, {**when, name: tuple(n for n in numbers if n > copy)}) for copy in range(max(numbers))]
