"""The three kinds of decisions (choices, whole numbers, real numbers) and the functions that create them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

from archspec.geometry.groups import Group
from archspec.schema.hole import MAX_CHECKED, MAX_NUMBER, Decision, Hole, Scalar
from archspec.schema.mistakes import shortened
from archspec.schema.places import as_number, logarithmic, place, same
from archspec.schema.suggestions import Suggests


@dataclass(frozen=True, eq=False)
class Choice(Decision):
    """A choice among `options`: plain values, blocks, kernels, or lists of blocks."""

    kind: ClassVar[str] = "choice"
    options: tuple[Any, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not self.options:
            raise ValueError("a choice needs at least one option; write choice(3, 5, 7), for example")
        if len(self.options) > MAX_CHECKED:
            raise ValueError(
                f"a choice has at most {MAX_CHECKED:,} options, not {len(self.options):,}; use integer() for numbers"
            )

    @cached_property
    def labels(self) -> tuple[Scalar, ...]:
        """The label of each option: a plain value is its own label, a block's is its kind; repeated ones get #index."""
        labels = [_label(option) for option in self.options]
        count = Counter(labels)
        return tuple(f"{x}#{i}" if count[x] > 1 else x for i, x in enumerate(labels))

    @property
    def values(self) -> Sequence[Scalar]:
        return self.labels

    @property
    def text(self) -> str:
        return " | ".join(map(str, self.labels))

    def check(self, value: Scalar, name: str) -> None:
        self.option(value, name)

    def option(self, value: Scalar, name: str) -> Any:
        for label, option in self.parts():
            if same(label, value):
                return option
        raise ValueError(f"{name} cannot be {value!r}; it is one of {', '.join(map(str, self.labels))}")

    def options_for(self, wanted: Any) -> Iterator[tuple[Scalar, Any]]:
        return self.parts()

    def parts(self) -> Iterator[tuple[Scalar, Any]]:
        return zip(self.labels, self.options, strict=True)

    def neighbours(self, value: Scalar) -> tuple[Scalar, ...]:
        return tuple(x for x in self.labels if x != value)

    def coordinates(self, value: Scalar) -> tuple[float, ...]:
        if all(isinstance(x, int | float) and not isinstance(x, bool) for x in self.labels):
            ranks = sorted(self.labels, key=as_number)
            return (ranks.index(value) / max(1, len(ranks) - 1),)
        return tuple(math.sqrt(0.5) * same(x, value) for x in self.labels)  # at distance 1 from each other

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
        _check_name(self.name)
        for number in (self.low, self.high, self.step):
            if isinstance(number, bool) or not isinstance(number, int) or abs(number) > MAX_NUMBER:
                raise ValueError(f"integer() takes whole numbers up to {MAX_NUMBER:,}, not {shortened(number)}")
        written = f"integer({self.low}, {self.high}, step={self.step})"
        if self.low > self.high or self.step < 1:
            raise ValueError(f"{written} counts from its lower end up to its upper end, by steps of 1 or more")
        if over := (self.high - self.low) % self.step:
            below, above = self.high - over, self.high - over + self.step
            raise ValueError(f"{written} does not reach its upper end; end at {below} or {above}")
        if self.log and (self.low < 1 or self.step != 1):
            raise ValueError("integer(..., log=True) starts at 1 or above and has no step")

    @property
    def values(self) -> Sequence[Scalar]:
        return self._range

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
        return min(int(logarithmic(self.low, self.high + 1, share)), self.high)

    def coordinates(self, value: Scalar) -> tuple[float, ...]:
        return (place(self.low, self.high, as_number(value), self.log),)

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
        _check_name(self.name)
        for number in (self.low, self.high):
            if isinstance(number, bool) or not isinstance(number, int | float) or abs(number) > MAX_NUMBER:
                raise ValueError(f"real() takes numbers up to {MAX_NUMBER:,}, not {shortened(number)}")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"real({self.low}, {self.high}) is not a range")
        if self.log and self.low <= 0:
            raise ValueError("real(..., log=True) starts above 0")

    @property
    def values(self) -> Sequence[Scalar]:
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
        return logarithmic(self.low, self.high, share) if self.log else self.low + share * (self.high - self.low)

    def coordinates(self, value: Scalar) -> tuple[float, ...]:
        return (place(self.low, self.high, as_number(value), self.log),)

    def suggested(self, trial: Suggests, name: str) -> Scalar:
        return trial.suggest_float(name, self.low, self.high, log=self.log)

    def values_to_check(self) -> Iterator[tuple[str, Any]]:
        # One in between, too: the ends alone may be whole numbers, or 0 and 1, which fields for these would take.
        between = self.low + (self.high - self.low) * 0.381966
        return ((f"{x:g}", x) for x in (self.low, between, self.high))

    def data(self, to_data: Callable[[Any], Any]) -> dict[str, Any]:
        return self.named() | {"low": self.low, "high": self.high} | ({"log": True} if self.log else {})


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


def _check_name(name: str | None) -> None:
    if name is not None and not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(f"the name of a hole is an identifier such as width, not {shortened(name)}")
