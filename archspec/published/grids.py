"""Grids of the papers' tasks, how they are halved where a group moves them, and the bounds that they set."""

from __future__ import annotations

from typing import Any

from archspec.blocks import Pool
from archspec.inputs import Image
from archspec.schema.hole import Expression, Hole

ROTATED_MNIST = Image(channels=1, size=(28, 28))


def halving(grid: tuple[int, ...]) -> Pool:
    """The maximum pooling that halves a grid and keeps its centre: tiles of even axes, overlapping windows of odd."""
    return Pool(size=3, stride=2) if all(n % 2 for n in grid) else Pool(size=2)


def halved(grid: tuple[int, ...]) -> tuple[int, ...]:
    """What `halving` leaves."""
    odd = all(n % 2 for n in grid)
    return tuple((n + odd) // 2 for n in grid)


def largest(value: Any) -> int:
    """The number, or the largest that a hole can hold."""
    return max(number for _, number in value.values_to_check()) if isinstance(value, Hole) else int(value)


def at_most(value: Any, most: int) -> Any:
    """The number, or what a hole will hold, and `most` where it is more."""
    return Expression("min", (value, most)) if isinstance(value, Hole) else min(value, most)
