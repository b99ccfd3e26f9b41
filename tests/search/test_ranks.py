"""Ranks and crowding distances are those of the definitions, worked out point by point."""

from __future__ import annotations

import math

import numpy as np
import pytest

from search.ranks import crowding, ranks

SHAPES = [(1, 1), (30, 1), (40, 2), (40, 3), (25, 4)]


def points(shape: tuple[int, int], seed: int, grid: int = 6) -> list[tuple[float, ...]]:
    """Points of a grid, so that some are equal in a column, and some in all."""
    return [tuple(map(float, row)) for row in np.random.default_rng(seed).integers(0, grid, shape)]


def beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))


def ranks_by_definition(values: list[tuple[float, ...]]) -> list[int]:
    found, left, rank = [0] * len(values), set(range(len(values))), 0
    while left:
        front = {i for i in left if not any(beats(values[j], values[i]) for j in left)}
        for i in front:
            found[i] = rank
        left, rank = left - front, rank + 1
    return found


def crowding_by_definition(values: list[tuple[float, ...]]) -> list[float]:
    found = [0.0] * len(values)
    for m in range(len(values[0])):
        order = sorted(range(len(values)), key=lambda i: (values[i][m], i))
        low, high = values[order[0]][m], values[order[-1]][m]
        if low == high:
            continue
        found[order[0]] = found[order[-1]] = math.inf
        for before, i, after in zip(order, order[1:], order[2:], strict=False):
            found[i] += (values[after][m] - values[before][m]) / (high - low)
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_ranks_are_those_of_the_definition(shape: tuple[int, int]) -> None:
    for seed in range(10):
        values = points(shape, seed)
        assert ranks(values).tolist() == ranks_by_definition(values)


@pytest.mark.parametrize("shape", SHAPES)
def test_crowding_distances_are_those_of_the_definition(shape: tuple[int, int]) -> None:
    for seed in range(10):
        values = points(shape, seed)
        assert crowding(values) == pytest.approx(crowding_by_definition(values))


def test_what_is_no_number_is_the_worst_and_nothing_has_no_rank() -> None:
    assert ranks([(math.nan, 0), (5, 1), (1, 1), (1, math.nan), (math.inf, math.nan)]).tolist() == [0, 1, 0, 1, 2]
    assert ranks(np.zeros((0, 2))).tolist() == crowding(np.zeros((0, 2))).tolist() == []
