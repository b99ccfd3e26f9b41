"""Fill the holes of a template: every decision is asked of a callback, in the order of the fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from archspec.schema.hole import Decision, Hole, Scalar
from archspec.schema.model import Model
from spaces.parameters import walk

Draw = Callable[[str, Decision], Scalar]
MOST_REMEMBERED = 50_000


@dataclass
class Known:
    """What is remembered of a template between its fillings.

    Attributes:
        closed: whether the part with this id has no hole.
        names: the parameters inside a model at a place, after a number of its own.
        filled: by that number and the values of those parameters, the model filled, and the parameters it used.
    """

    closed: dict[int, bool] = field(default_factory=dict)
    names: dict[tuple[int, str], tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    filled: dict[tuple[Any, ...], tuple[Model, dict[str, Scalar]]] = field(default_factory=dict)


class Filling:
    """One filling of a template; `values` collects what was decided, by the name of the parameter.

    With `given`, the values are known beforehand, and models that were filled with the same ones before are reused.
    """

    def __init__(self, draw: Draw, known: Known, given: Mapping[str, Scalar] | None = None) -> None:
        self.draw = draw
        self.known = known
        self.given = given
        self.values: dict[str, Scalar] = {}

    def fill(self, value: Any, place: str) -> Any:
        """The value with every hole in it filled."""
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
        """What the hole holds: decided before under its name, or drawn now."""
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
        key = (known[0], *values, *map(type, values))  # 1, 1.0 and True are equal, but not the same decision
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
        """Whether there is no hole in it; remembered, as the template does not change."""
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
