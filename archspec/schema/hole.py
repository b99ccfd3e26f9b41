"""Holes: open fields of an architecture, and arithmetic over them. A hole is data; it is drawn by whoever searches."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any, TypeAlias

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


@dataclass(frozen=True, eq=False)
class Hole:
    """An open field. Arithmetic with numbers and other holes gives an `Expression`."""

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


@dataclass(frozen=True, eq=False)
class Choice(Hole):
    """One of `options`: plain values, blocks, kernels, or lists of blocks."""

    options: tuple[Any, ...]
    name: str | None = None

    @cached_property
    def labels(self) -> tuple[Scalar, ...]:
        """What stands for each option in a set of values: the value itself, or the kind of block."""
        labels = [_label(option) for option in self.options]
        return tuple(f"{x}#{i}" if labels.count(x) > 1 else x for i, x in enumerate(labels))


@dataclass(frozen=True, eq=False)
class Integer(Hole):
    """A whole number from `low` to `high`, both included, in steps of `step`; `log` draws it on a log scale."""

    low: int
    high: int
    step: int = 1
    log: bool = False
    name: str | None = None

    def __post_init__(self) -> None:
        if self.low > self.high or self.step < 1 or (self.high - self.low) % self.step:
            raise ValueError(f"integer({self.low}, {self.high}, step={self.step}) does not reach its upper end")
        if self.log and (self.low < 1 or self.step != 1):
            raise ValueError("integer(..., log=True) starts at 1 or above and has no step")

    @property
    def values(self) -> range:
        return range(self.low, self.high + 1, self.step)


@dataclass(frozen=True, eq=False)
class Real(Hole):
    """A real number from `low` to `high`; `log` draws it on a log scale."""

    low: float
    high: float
    log: bool = False
    name: str | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"real({self.low}, {self.high}) is not a range")
        if self.log and self.low <= 0:
            raise ValueError("real(..., log=True) starts above 0")


@dataclass(frozen=True, eq=False)
class Expression(Hole):
    """A value worked out from holes: `2 * width`, `width // order(group)`."""

    operation: str
    operands: tuple[Any, ...]

    def __post_init__(self) -> None:
        if self.operation not in _OPERATORS:
            raise ValueError(f"unknown operation {self.operation!r}: use one of {', '.join(_OPERATORS)}")
        for operand in self.operands:
            if not isinstance(operand, Hole | int | float | Group | str):
                raise ValueError(f"{type(operand).__name__} cannot take part in arithmetic over holes")

    def value(self, resolve: Callable[[Hole], Any]) -> Any:
        """The value once `resolve` says what each hole in it is."""
        operands = [
            x.value(resolve) if isinstance(x, Expression) else resolve(x) if isinstance(x, Hole) else x
            for x in self.operands
        ]
        return _OPERATORS[self.operation](*operands)

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        """The holes it depends on, each once: same name, same hole."""
        found: dict[Any, Hole] = {}
        for x in self.operands:
            for hole in x.holes if isinstance(x, Expression) else (x,) if isinstance(x, Hole) else ():
                found.setdefault(getattr(hole, "name", None) or id(hole), hole)
        return tuple(found.values())


def choice(*options: Any, name: str | None = None) -> Any:
    """One of the options: `choice(3, 5, 7)`, `choice("C1", "C4", name="group")`, `choice(Table(), Siren())`."""
    if len(options) < 1:
        raise ValueError("choice() needs at least one option")
    return Choice(tuple(options), _checked_name(name))


def integer(*bounds: Any, step: int = 1, log: bool = False, name: str | None = None) -> Any:
    """A whole number: `integer(1, 4)`, `integer("width", 8, 32, step=8)`. Both ends are included."""
    name, low, high = _named(bounds, name, "integer")
    return Integer(operator.index(low), operator.index(high), step, log, name)


def real(*bounds: Any, log: bool = False, name: str | None = None) -> Any:
    """A real number: `real(0.0, 0.5)`, `real("rate", 1e-3, 1e-1, log=True)`."""
    name, low, high = _named(bounds, name, "real")
    return Real(float(low), float(high), log, name)


def order(group: Any) -> Any:
    """Number of elements of a group, or of the group a hole will hold."""
    return Expression("order", (group,)) if isinstance(group, Hole) else Group(str(group)).order


def possible_values(hole: Hole) -> Iterator[tuple[str, Any]]:
    """Every value the hole can take, each with how it came about; the ends only where they are too many."""
    match hole:
        case Choice():
            for label, option in zip(hole.labels, hole.options, strict=True):
                yield str(label), option
        case Integer():
            for number in hole.values if len(hole.values) <= MAX_CHECKED else (hole.low, hole.high):
                yield str(number), number
        case Real():
            yield from ((f"{x:g}", x) for x in (hole.low, hole.high))
        case Expression():
            spans = [[value for _, value in possible_values(h)] for h in hole.holes]
            if math.prod(map(len, spans)) > MAX_CHECKED:
                spans = [[span[0], span[-1]] for span in spans]
            for values in product(*spans):
                given = dict(zip(map(_identity, hole.holes), values, strict=True))
                names = ", ".join(
                    f"{getattr(h, 'name', None) or 'hole'} = {v}" for h, v in zip(hole.holes, values, strict=True)
                )
                yield names, hole.value(partial(_taken, given))


def _taken(given: dict[Any, Any], hole: Hole) -> Any:
    return given[_identity(hole)]


def _identity(hole: Hole) -> Any:
    return getattr(hole, "name", None) or id(hole)


def _label(option: Any) -> Scalar:
    if option is None or isinstance(option, bool | int | float | str):
        return option
    if isinstance(option, Group):
        return str(option)
    if isinstance(option, list | tuple):
        return "+".join(str(_label(x)) for x in option) or "nothing"
    if isinstance(option, dict):
        return str(option.get("kind", "block"))
    return str(getattr(option, "kind", type(option).__name__))


def _checked_name(name: str | None) -> str | None:
    if name is not None and not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(f"the name of a hole is an identifier such as width, not {name!r}")
    return name


def _named(bounds: tuple[Any, ...], name: str | None, kind: str) -> tuple[str | None, Any, Any]:
    if bounds and isinstance(bounds[0], str):
        name, bounds = bounds[0], bounds[1:]
    if len(bounds) != 2:
        raise ValueError(f"{kind}() takes a lower and an upper end: {kind}(1, 4) or {kind}('name', 1, 4)")
    return _checked_name(name), bounds[0], bounds[1]
