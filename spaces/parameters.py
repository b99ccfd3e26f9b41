"""The parameters of a template: the names of its decisions, their holes, and the conditions under which they exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archspec.moved import former_names
from archspec.schema.hole import Decision, Hole, Scalar
from archspec.schema.model import Copies, Model

# A condition for a parameter to be active: each named parameter has one of these values.
Condition = dict[str, tuple[Scalar, ...]]


@dataclass(frozen=True)
class Parameter:
    """One decision of a space.

    Attributes:
        name: the name of the hole or, without one, its path with the options that contain it:
            `body[0].kernel[siren].hidden`.
        hole: the hole, which knows its possible values.
        when: conditions, at least one of which must hold for the parameter to be active, that is, to have a value; an
            empty condition always holds.
    """

    name: str
    hole: Decision
    when: list[Condition] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.name}: {self.hole.text}"


def walk(value: Any, place: str, when: Condition, visit: Callable[[str, Decision, Condition], None]) -> None:
    """Call `visit(name, hole, condition)` for every occurrence of a decision.

    Args:
        value: the template or a part of it.
        place: path of this part.
        when: condition under which this part exists.
        visit: called with the decision's name, its hole, and the condition under which this occurrence is active.

    Raises:
        ValueError: a `Repeat` with untied copies has arithmetic as its `times`.
    """
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
                for copy, alive in copies_of(copies, place, when):
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


def copies_of(repeat: Copies, place: str, when: Condition) -> list[tuple[int, Condition]]:
    """The numbers of the copies, each with the condition under which it exists; errors as `walk`."""
    if isinstance(repeat.times, int):
        return [(copy, when) for copy in range(repeat.times)]
    hole = repeat.times
    if not isinstance(hole, Decision):
        raise ValueError(f"{place}.times: with tied=False write a plain hole here, not arithmetic")
    name = hole.called(f"{place}.times")
    most = max(int(str(x)) for x in hole.values)
    numbers = [int(str(x)) for x in when.get(name, hole.values)]  # copies inside copies may share their number
    return [(copy, {**when, name: tuple(n for n in numbers if n > copy)}) for copy in range(most)]


if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
