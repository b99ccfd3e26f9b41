"""Filling the holes of a template: a callback returns the value of every decision, in the order of the fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from archspec.schema.hole import Decision, Hole, Scalar
from archspec.schema.model import Model
from spaces.parameters import walk

# The value of each decision of a space by name.
Values: TypeAlias = Mapping[str, Scalar]
Draw = Callable[[str, Decision], Scalar]
MOST_REMEMBERED = 50_000


@dataclass
class Known:
    """The cache of a template, shared by its fillings.

    Attributes:
        closed: whether the part of the template with this `id` has no hole.
        names: for the `id` and path of a model, a number that identifies them and the names of the parameters inside.
        filled: for that number and values of these parameters, the filled model and the parameters that it used.
    """

    closed: dict[int, bool] = field(default_factory=dict)
    names: dict[tuple[int, str], tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    filled: dict[tuple[Any, ...], tuple[Model, dict[str, Scalar]]] = field(default_factory=dict)


class Filling:
    """One filling of a template.

    Args:
        draw: called as draw(name, hole), returns the value of a decision.
        known: the cache of the template.
        given: all values, if they are known beforehand; then models filled with equal values before are reused.

    Attributes:
        values: the decided values by name of the parameter.
    """

    def __init__(self, draw: Draw, known: Known, given: Mapping[str, Scalar] | None = None) -> None:
        self.draw = draw
        self.known = known
        self.given = given
        self.values: dict[str, Scalar] = {}

    def fill(self, value: Any, place: str) -> Any:
        """The part of the template at path `place` with every hole in it filled."""
        if isinstance(value, Hole):
            return value.resolved(place, self._resolved)
        if isinstance(value, Model):
            return self._fill_model(value, place)
        if isinstance(value, tuple):
            closed = self.known.closed
            return tuple([x if closed.get(id(x)) else self.fill(x, f"{place}[{i}]") for i, x in enumerate(value)])
        if isinstance(value, dict):
            return {key: self.fill(x, f"{place}.{key}") for key, x in value.items()}
        return value

    def decide(self, hole: Decision, place: str) -> Scalar:
        """The value of a decision: the one decided before under its name, or one drawn now."""
        name = hole.called(place)
        if name not in self.values:
            self.values[name] = self.draw(name, hole)
        return self.values[name]

    def _resolved(self, hole: Decision, place: str) -> Any:
        value = self.decide(hole, place)
        option = hole.option(value, hole.called(place))
        return option if option is value else self.fill(option, f"{place}[{value}]")

    def _fill_model(self, model: Model, place: str) -> Any:
        if self.known.closed.get(id(model)) or self.is_closed(model):
            return model
        if self.given is None:
            return self._filled(model, place)
        known = self.known.names.get((id(model), place))
        if known is None:
            found: dict[str, None] = {}
            walk(model, place, {}, lambda name, hole, when: found.setdefault(name))
            known = self.known.names[id(model), place] = (len(self.known.names), tuple(found))
        given, filled = self.given, self.known.filled
        values = [given.get(name, Ellipsis) for name in known[1]]
        key = (known[0], *values, *map(type, values))  # 1, 1.0 and True are equal, but different values of a hole
        if key not in filled:
            if len(filled) >= MOST_REMEMBERED:
                filled.clear()
            inside = Filling(self.draw, self.known, given)
            result = inside._filled(model, place)
            filled[key] = (result, inside.values)
        result, used = filled[key]
        self.values.update(used)
        return result

    def _filled(self, model: Model, place: str) -> Any:
        if copied := model.copies():
            times = self.fill(copied.times, f"{place}.times")
            return copied.joined([self.fill(copied.body, f"{place}.copy{i}.body") for i in range(times)])
        changes = {}
        for name in type(model).model_fields:
            value = model.__dict__[name]
            if not self.is_closed(value):
                changes[name] = self.fill(value, f"{place}.{name}" if place else name)
        return model.with_fields(changes)

    def is_closed(self, value: Any) -> bool:
        """Whether a part of the template contains no hole; cached, as the template does not change."""
        if isinstance(value, Hole):
            return False
        if not isinstance(value, Model | tuple | dict):
            return True
        known = self.known.closed.get(id(value))
        if known is None:
            parts = value.__dict__ if isinstance(value, Model) else value
            known = all(map(self.is_closed, parts.values() if isinstance(parts, dict) else parts))
            self.known.closed[id(value)] = known
        return known
