"""Where the values of a decision lie in its range."""

from __future__ import annotations

import math

from archspec.schema.hole import Scalar


def same(one: Scalar, other: Scalar) -> bool:
    """Whether two values are the same; 1 and True are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def as_number(value: Scalar) -> float:
    """A number as a real number."""
    return float(value or 0)


def place(low: float, high: float, value: float, log: bool) -> float:
    """Where a value lies in a range: 0 at its lower end, 1 at its upper end."""
    over, width = (math.log(value / low), math.log(high / low)) if log else (value - low, high - low)
    return over / width if width else 0.0


def logarithmic(low: float, high: float, share: float) -> float:
    """The number at a share of a range of logarithms."""
    low, high = math.log(low), math.log(high)
    return math.exp(low + share * (high - low))
