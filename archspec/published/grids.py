"""Inputs of the papers' tasks, pooling that halves a grid and keeps its symmetry, and bounds of holes."""

from __future__ import annotations

from typing import Any

from archspec.blocks import Pool
from archspec.inputs import Image
from archspec.schema.hole import Expression, Hole

ROTATED_MNIST = Image(channels=1, size=(28, 28))


def halving(grid: tuple[int, ...]) -> Pool:
    """The maximum pooling that halves a grid and keeps its centre: tiles for even axes, overlapping windows for odd."""
    return Pool(size=3, stride=2) if all(n % 2 for n in grid) else Pool(size=2)


def halved(grid: tuple[int, ...]) -> tuple[int, ...]:
    """The grid after the pooling `halving(grid)`."""
    odd = all(n % 2 for n in grid)
    return tuple((n + odd) // 2 for n in grid)


def check_each(name: str, values: Any, example: tuple[int, ...]) -> None:
    """Refuse what is not several values in order; ValueError."""
    if not isinstance(values, tuple | list) or not values:
        raise ValueError(f"{name} are several numbers in order, such as {example}, not {values!r}")


def largest(value: Any) -> int:
    """The number itself, or the largest value of a hole."""
    return max(number for _, number in value.values_to_check()) if isinstance(value, Hole) else int(value)


def at_most(value: Any, most: int) -> Any:
    """The minimum of a number or hole and `most`; of a hole as an `Expression`."""
    return Expression("min", (value, most)) if isinstance(value, Hole) else min(value, most)
