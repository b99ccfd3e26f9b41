"""The three kinds of decisions (choices, whole numbers, real numbers) and the functions that create them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

from archspec.geometry.groups import Group
from archspec.schema.hole import MAX_CHECKED, Decision, Expression, Hole, Scalar, Suggests


@dataclass(frozen=True, eq=False)
class Choice(Decision):
    """A choice among `options`: plain values, blocks, kernels, or lists of blocks."""

    kind: ClassVar[str] = "choice"
    options: tuple[Any, ...]
    name: str | None = None

    @cached_property
    def labels(self) -> tuple[Scalar, ...]:
        """The label of each option: a plain value is its own label, a block's is its kind; repeated ones get #index."""
        labels = [_label(option) for option in self.options]
        return tuple(f"{x}#{i}" if labels.count(x) > 1 else x for i, x in enumerate(labels))

    @property
    def values(self) -> tuple[Scalar, ...]:
        return self.labels

    @property
    def text(self) -> str:
        return " | ".join(map(str, self.labels))

    def check(self, value: Scalar, name: str) -> None:
        self.option(value, name)

    def option(self, value: Scalar, name: str) -> Any:
        for label, option in self.parts():
            if label == value and isinstance(label, bool) == isinstance(value, bool):
                return option
        raise ValueError(f"{name} cannot be {value!r}; it is one of {', '.join(map(str, self.labels))}")

    def options_for(self, wanted: Any) -> Iterator[tuple[Scalar, Any]]:
        return self.parts()

    def parts(self) -> Iterator[tuple[Scalar, Any]]:
        return zip(self.labels, self.options, strict=True)

    def neighbours(self, value: Scalar) -> tuple[Scalar, ...]:
        return tuple(x for x in self.labels if x != value)

    def suggested(self, trial: Suggests, name: str) -> Scalar:
        suggested: Scalar = trial.suggest_categorical(name, self.labels)
        return suggested

    def values_to_check(self) -> Iterator[tuple[str, Any]]:
        return ((str(label), option) for label, option in self.parts())

    def with_options(self, options: tuple[Any, ...]) -> Hole:
        return Choice(options, self.name)

    def data(self, to_data: Callable[[Any], Any]) -> dict[str, Any]:
        return self.named() | {"options": [to_data(x) for x in self.options]}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        rest = dict(fields)
        return cls(tuple(rest.pop("options")), **rest)


@dataclass(frozen=True, eq=False)
class Integer(Decision):
    """A whole number from `low` to `high`, both included, in steps of `step`; with `log`, drawn log-uniformly."""

    kind: ClassVar[str] = "integer"
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
    def values(self) -> tuple[Scalar, ...]:
        return tuple(self._range)

    @property
    def count(self) -> float:
        return len(self._range)

    @property
    def text(self) -> str:
        return f"{self.low} … {self.high}" + (f" by {self.step}" if self.step > 1 else "")

    @property
    def _range(self) -> range:
        return range(self.low, self.high + 1, self.step)

    def check(self, value: Scalar, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value not in self._range:
            steps = f" in steps of {self.step}" if self.step > 1 else ""
            raise ValueError(f"{name} cannot be {value!r}; it is a whole number from {self.low} to {self.high}{steps}")

    def neighbours(self, value: Scalar) -> tuple[Scalar, ...]:
        at = self._range.index(int(value or 0))
        return tuple(self._range[i] for i in (at - 1, at + 1) if 0 <= i < len(self._range))

    def drawn(self, share: float) -> Scalar:
        if not self.log:
            return super().drawn(share)
        return min(int(_logarithmic(self.low, self.high + 1, share)), self.high)

    def suggested(self, trial: Suggests, name: str) -> Scalar:
        return trial.suggest_int(name, self.low, self.high, step=self.step, log=self.log)

    def values_to_check(self) -> Iterator[tuple[str, Any]]:
        few = len(self._range) <= MAX_CHECKED
        return ((str(number), number) for number in (self._range if few else (self.low, self.high)))

    def data(self, to_data: Callable[[Any], Any]) -> dict[str, Any]:
        step = {"step": self.step} if self.step != 1 else {}
        return self.named() | {"low": self.low, "high": self.high} | step | ({"log": True} if self.log else {})


@dataclass(frozen=True, eq=False)
class Real(Decision):
    """A real number from `low` to `high`; with `log`, drawn log-uniformly."""

    kind: ClassVar[str] = "real"
    low: float
    high: float
    log: bool = False
    name: str | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"real({self.low}, {self.high}) is not a range")
        if self.log and self.low <= 0:
            raise ValueError("real(..., log=True) starts above 0")

    @property
    def values(self) -> tuple[Scalar, ...]:
        raise ValueError("a real number has no list of values")

    @property
    def count(self) -> float:
        return math.inf

    @property
    def first(self) -> Scalar:
        return self.low

    @property
    def text(self) -> str:
        return f"{self.low:g} … {self.high:g}"

    def check(self, value: Scalar, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise ValueError(f"{name} cannot be {value!r}; it is a number from {self.low:g} to {self.high:g}")

    def neighbours(self, value: Scalar) -> tuple[Scalar, ...]:
        here, step = float(value or 0), (self.high - self.low) / 10
        near = (here - step, here + step)
        if self.log:
            factor = (self.high / self.low) ** 0.1
            near = (here / factor, here * factor)
        return tuple(x for x in near if self.low <= x <= self.high and x != here)

    def drawn(self, share: float) -> Scalar:
        return _logarithmic(self.low, self.high, share) if self.log else self.low + share * (self.high - self.low)

    def suggested(self, trial: Suggests, name: str) -> Scalar:
        return trial.suggest_float(name, self.low, self.high, log=self.log)

    def values_to_check(self) -> Iterator[tuple[str, Any]]:
        return ((f"{x:g}", x) for x in (self.low, self.high))

    def data(self, to_data: Callable[[Any], Any]) -> dict[str, Any]:
        return self.named() | {"low": self.low, "high": self.high} | ({"log": True} if self.log else {})


def choice(*options: Any, name: str | None = None) -> Any:
    """A hole for one of the options: `choice(3, 5, 7)`, `choice("C1", "C4", name="group")`, `choice(Table(), Siren())`.

    Holes with the same `name`, an identifier, are one decision. Raises ValueError if there is no option.
    """
    if len(options) < 1:
        raise ValueError("choice() needs at least one option; write choice(3, 5, 7), for example")
    return Choice(tuple(options), _checked_name(name))


def integer(*bounds: Any, step: int = 1, log: bool = False, name: str | None = None) -> Any:
    """A hole for a whole number: `integer(1, 4)`, `integer("width", 8, 32, step=8)`. Both ends are included.

    `step` must divide the range, else ValueError is raised; with `log` the value is drawn log-uniformly, and low ≥ 1.
    """
    name, low, high = _named(bounds, name, "integer")
    return Integer(operator.index(low), operator.index(high), step, log, name)


def real(*bounds: Any, log: bool = False, name: str | None = None) -> Any:
    """A hole for a real number: `real(0.0, 0.5)`, `real("rate", 1e-3, 1e-1, log=True)`; `log` draws log-uniformly."""
    name, low, high = _named(bounds, name, "real")
    return Real(float(low), float(high), log, name)


def order(group: Any) -> Any:
    """Number of elements of a group; of a hole for a group, an `Expression` for it."""
    return Expression("order", (group,)) if isinstance(group, Hole) else Group(str(group)).order


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


def _logarithmic(low: float, high: float, share: float) -> float:
    low, high = math.log(low), math.log(high)
    return math.exp(low + share * (high - low))
