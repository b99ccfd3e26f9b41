"""Holes: open fields of an architecture, and arithmetic over them. A hole is data; a search decides its value."""

from __future__ import annotations

import math
import operator
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any, ClassVar, Self, TypeAlias

from archspec.geometry.groups import Group
from archspec.schema.mistakes import shortened
from archspec.schema.suggestions import Suggests

Scalar: TypeAlias = int | float | str | bool | None

MAX_CHECKED = 4096
MAX_NUMBER = 2**53  # a float still counts every whole number up to here
MAX_HOLES = 12  # of one expression, whose combinations of extreme values are all checked
_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "max": max,
    "min": min,
    "order": lambda group: Group(str(group)).order,
}


class Hole:
    """The base class of open fields. Arithmetic (+ - * //) with numbers and other holes returns an `Expression`."""

    kind: ClassVar[str]

    @abstractmethod
    def decisions(self, place: str) -> Iterator[tuple[Decision, str]]:
        """The decisions that it depends on, each with its path; `place` is the path of this hole."""

    @abstractmethod
    def values_to_check(self) -> Iterator[tuple[str, Any]]:
        """Every possible value of the field with a label for errors; if there are too many, only the extreme ones."""

    @abstractmethod
    def resolved(self, place: str, resolve: Callable[[Decision, str], Any]) -> Any:
        """The value of the field, where `resolve(decision, place)` returns the value of each decision."""

    @abstractmethod
    def data(self, to_data: Callable[[Any], Any]) -> dict[str, Any]:
        """The hole as plain data; `to_data` converts models and holes inside it."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """The hole whose `data` has these fields besides `hole`; models and holes inside are already converted."""
        return cls(**fields)

    def with_options(self, options: tuple[Any, ...]) -> Hole:
        """The same hole with options as validated by the field; a hole without options is returned as it is."""
        return self

    def __add__(self, other: Any) -> Any:
        return Expression("+", (self, other))

    def __radd__(self, other: Any) -> Any:
        return Expression("+", (other, self))

    def __sub__(self, other: Any) -> Any:
        return Expression("-", (self, other))

    def __rsub__(self, other: Any) -> Any:
        return Expression("-", (other, self))

    def __mul__(self, other: Any) -> Any:
        return Expression("*", (self, other))

    def __rmul__(self, other: Any) -> Any:
        return Expression("*", (other, self))

    def __floordiv__(self, other: Any) -> Any:
        return Expression("//", (self, other))

    def __rfloordiv__(self, other: Any) -> Any:
        return Expression("//", (other, self))

    def __bool__(self) -> bool:
        raise TypeError("a hole has no value yet: use it as a field of a block, or in + - * // arithmetic")


class Decision(Hole):
    """A hole whose value is decided: a choice or a number. Holes with the same name are one decision."""

    name: str | None  # None if its path is its name

    def called(self, place: str) -> str:
        """Its name or, without one, its path `place`."""
        return self.name or place

    @property
    @abstractmethod
    def values(self) -> Sequence[Scalar]:
        """All its values, options by their labels; ValueError for a real number, which has infinitely many."""

    @property
    def count(self) -> float:
        """Number of its values; infinite for a real number."""
        return len(self.values)

    @property
    def first(self) -> Scalar:
        """The first value of a choice, the lowest of a number."""
        return self.values[0]

    @property
    @abstractmethod
    def text(self) -> str:
        """Its values as text, such as `3 | 5 | 7` or `8 … 32 by 8`."""

    @abstractmethod
    def check(self, value: Scalar, name: str) -> None:
        """Raise ValueError, with `name` in the message, if `value` is not one of its values."""

    @abstractmethod
    def neighbours(self, value: Scalar) -> tuple[Scalar, ...]:
        """The other values that are one step away: all others of a choice, the next lower and higher of a number."""

    @abstractmethod
    def coordinates(self, value: Scalar) -> tuple[float, ...]:
        """A value as numbers from 0 to 1, for models: a number's place in its range, or a number for each option."""

    def drawn(self, share: float) -> Scalar:
        """The value at a quantile `share` from 0 to 1; a uniformly random share draws a uniformly random value."""
        values = self.values
        return values[min(int(share * len(values)), len(values) - 1)]

    @abstractmethod
    def suggested(self, trial: Suggests, name: str) -> Scalar:
        """The value that an Optuna trial suggests under this name."""

    def option(self, value: Scalar, name: str) -> Any:
        """The content of the field for a value: the option with this label, or the value itself."""
        return value

    def options_for(self, wanted: Any) -> Iterator[tuple[Scalar, Any]]:
        """Candidate values for a field with content `wanted`, each with its option."""
        yield wanted, wanted

    def parts(self) -> Iterator[tuple[Scalar, Any]]:
        """Pairs of value and option, whose options may contain holes; none for a number."""
        yield from ()

    def decisions(self, place: str) -> Iterator[tuple[Decision, str]]:
        yield self, place

    def resolved(self, place: str, resolve: Callable[[Decision, str], Any]) -> Any:
        return resolve(self, place)

    def named(self) -> dict[str, Any]:
        """Its kind, and its name if it has one, as plain data."""
        return {"hole": self.kind} | ({"name": self.name} if self.name else {})


@dataclass(frozen=True, eq=False)
class Expression(Hole):
    """A value computed from holes: `2 * width`, `width // order(group)`.

    Raises:
        ValueError: the operation is unknown, or an operand is neither a hole nor a number or group.
    """

    kind: ClassVar[str] = "expression"
    operation: str
    operands: tuple[Any, ...]

    def __post_init__(self) -> None:
        if self.operation not in _OPERATORS:
            raise ValueError(f"unknown operation {shortened(self.operation)}; use one of {', '.join(_OPERATORS)}")
        for wrong in (x for x in self.operands if not isinstance(x, Hole | int | float | Group | str)):
            what = type(wrong).__name__
            raise ValueError(f"{what} cannot take part in arithmetic over holes; use a number, a group or a hole")
        wanted, more = 1 if self.operation == "order" else 2, self.operation in ("max", "min")
        if len(self.operands) != wanted and not (more and len(self.operands) > wanted):
            raise ValueError(f"{self.operation} takes {wanted} operands, not {len(self.operands)}")
        if len(self.holes) > MAX_HOLES:
            raise ValueError(f"one expression has at most {MAX_HOLES} holes, not {len(self.holes)}")

    def value(self, resolve: Callable[[Decision], Any]) -> Any:
        """The value of the expression, where `resolve` returns the value of each decision in it."""
        operands = [
            x.value(resolve) if isinstance(x, Expression) else resolve(x) if isinstance(x, Decision) else x
            for x in self.operands
        ]
        if self.operation != "order" and not all(map(_is_number, operands)):
            raise ValueError(
                f"{self.operation} is arithmetic over numbers, not over {', '.join(map(shortened, operands))}"
            )
        try:
            return _OPERATORS[self.operation](*operands)
        except (ArithmeticError, TypeError) as error:
            raise ValueError(f"{shortened(operands)[1:-1]} under {self.operation}: {error}") from None

    @cached_property
    def holes(self) -> tuple[Decision, ...]:
        """The decisions that it depends on, each once; holes with the same name are one decision."""
        found: dict[Any, Decision] = {}
        for x in self.operands:
            for hole in x.holes if isinstance(x, Expression) else (x,) if isinstance(x, Decision) else ():
                found.setdefault(_identity(hole), hole)
        return tuple(found.values())

    def decisions(self, place: str) -> Iterator[tuple[Decision, str]]:
        for i, hole in enumerate(self.holes):
            yield hole, f"{place}.of[{i}]"

    def resolved(self, place: str, resolve: Callable[[Decision, str], Any]) -> Any:
        places = {_identity(hole): at for hole, at in self.decisions(place)}
        return self.value(lambda hole: resolve(hole, places[_identity(hole)]))

    def values_to_check(self) -> Iterator[tuple[str, Any]]:
        spans = [[value for _, value in hole.values_to_check()] for hole in self.holes]
        if math.prod(map(len, spans)) > MAX_CHECKED:
            spans = [[span[0], span[-1]] for span in spans]
        for values in product(*spans):
            given = dict(zip(map(_identity, self.holes), values, strict=True))
            names = ", ".join(f"{hole.name or 'hole'} = {v}" for hole, v in zip(self.holes, values, strict=True))
            yield names, self.value(partial(_value_of, given))

    def data(self, to_data: Callable[[Any], Any]) -> dict[str, Any]:
        return {"hole": self.kind, "operation": self.operation, "of": [to_data(x) for x in self.operands]}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        rest = dict(fields)
        return cls(rest.pop("operation"), tuple(rest.pop("of")), **rest)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _value_of(given: dict[Any, Any], hole: Decision) -> Any:
    return given[_identity(hole)]


def _identity(hole: Decision) -> Any:
    return hole.name or id(hole)
