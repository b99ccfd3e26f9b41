"""Holes: open fields of an architecture, and arithmetic over them. A hole is data; it is drawn by whoever searches."""

from __future__ import annotations

import math
import operator
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any, ClassVar, Protocol, Self, TypeAlias

from archspec.geometry.groups import Group

Scalar: TypeAlias = int | float | str | bool | None

MAX_CHECKED = 4096
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
    """An open field. Arithmetic with numbers and other holes gives an `Expression`."""

    kind: ClassVar[str]

    @abstractmethod
    def decisions(self, place: str) -> Iterator[tuple[Decision, str]]:
        """The decisions that it depends on, each with its place, where the hole itself is at `place`."""

    @abstractmethod
    def values_to_check(self) -> Iterator[tuple[str, Any]]:
        """Every value that the field can get, each with how it came about; the ends only where they are too many."""

    @abstractmethod
    def resolved(self, place: str, resolve: Callable[[Decision, str], Any]) -> Any:
        """The value of the field once `resolve(decision, place)` says what each decision is."""

    @abstractmethod
    def data(self, to_data: Callable[[Any], Any]) -> dict[str, Any]:
        """The hole as plain data, `to_data` writing what is in it."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """The hole whose `data` has these fields, but for `hole`; what was in it is read already."""
        return cls(**fields)

    def with_options(self, options: tuple[Any, ...]) -> Hole:
        """The same hole with what the field made of its values; holes that hold plain numbers stay as they are."""
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


class Suggests(Protocol):
    """What suggests values, as Optuna's trials do."""

    def suggest_categorical(self, name: str, choices: Any, /) -> Any:
        """One of the choices."""
        ...

    def suggest_int(self, name: str, low: int, high: int, /, *, step: int, log: bool) -> int:
        """A whole number."""
        ...

    def suggest_float(self, name: str, low: float, high: float, /, *, log: bool) -> float:
        """A real number."""
        ...


class Decision(Hole):
    """A hole that somebody decides: a choice or a number. Two with one name are one decision."""

    name: str | None

    def called(self, place: str) -> str:
        """Its name or, without one, its place."""
        return self.name or place

    @property
    @abstractmethod
    def values(self) -> tuple[Scalar, ...]:
        """Everything that it can be, as it stands in a set of values; ValueError of a real number."""

    @property
    def count(self) -> float:
        """How many values it has."""
        return len(self.values)

    @property
    def first(self) -> Scalar:
        """The first of its values, or the lowest."""
        return self.values[0]

    @property
    @abstractmethod
    def text(self) -> str:
        """What it can be, in words."""

    @abstractmethod
    def check(self, value: Scalar, name: str) -> None:
        """Raise ValueError, which speaks of it as `name`, if it cannot be this value."""

    @abstractmethod
    def neighbours(self, value: Scalar) -> tuple[Scalar, ...]:
        """Other values one step from this one."""

    def drawn(self, share: float) -> Scalar:
        """The value at a share, from 0 to 1, of all of them: uniform over them for a uniform share."""
        values = self.values
        return values[min(int(share * len(values)), len(values) - 1)]

    @abstractmethod
    def suggested(self, trial: Suggests, name: str) -> Scalar:
        """The value that a trial suggests under this name."""

    def option(self, value: Scalar, name: str) -> Any:
        """What a value stands for in the field: itself, unless there are options."""
        return value

    def options_for(self, wanted: Any) -> Iterator[tuple[Scalar, Any]]:
        """Values that may stand for what the field holds, each with what it stands for."""
        yield wanted, wanted

    def parts(self) -> Iterator[tuple[Scalar, Any]]:
        """Its values, each with what it stands for, where that may hold holes of its own."""
        yield from ()

    def decisions(self, place: str) -> Iterator[tuple[Decision, str]]:
        yield self, place

    def resolved(self, place: str, resolve: Callable[[Decision, str], Any]) -> Any:
        return resolve(self, place)

    def named(self) -> dict[str, Any]:
        """What it is, and its name if it has one, as data."""
        return {"hole": self.kind} | ({"name": self.name} if self.name else {})


@dataclass(frozen=True, eq=False)
class Expression(Hole):
    """A value worked out from holes: `2 * width`, `width // order(group)`."""

    kind: ClassVar[str] = "expression"
    operation: str
    operands: tuple[Any, ...]

    def __post_init__(self) -> None:
        if self.operation not in _OPERATORS:
            raise ValueError(f"unknown operation {self.operation!r}: use one of {', '.join(_OPERATORS)}")
        for operand in self.operands:
            if not isinstance(operand, Hole | int | float | Group | str):
                raise ValueError(f"{type(operand).__name__} cannot take part in arithmetic over holes")

    def value(self, resolve: Callable[[Decision], Any]) -> Any:
        """The value once `resolve` says what each decision in it is."""
        operands = [
            x.value(resolve) if isinstance(x, Expression) else resolve(x) if isinstance(x, Decision) else x
            for x in self.operands
        ]
        return _OPERATORS[self.operation](*operands)

    @cached_property
    def holes(self) -> tuple[Decision, ...]:
        """The decisions it depends on, each once: same name, same decision."""
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
            yield names, self.value(partial(_taken, given))

    def data(self, to_data: Callable[[Any], Any]) -> dict[str, Any]:
        return {"hole": self.kind, "operation": self.operation, "of": [to_data(x) for x in self.operands]}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        rest = dict(fields)
        return cls(rest.pop("operation"), tuple(rest.pop("of")), **rest)


def _taken(given: dict[Any, Any], hole: Decision) -> Any:
    return given[_identity(hole)]


def _identity(hole: Decision) -> Any:
    return hole.name or id(hole)
