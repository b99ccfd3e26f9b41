"""Sizes between whole ones: the price is exact at every filling, continuous, and has a gradient."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from archspec import Image, price
from search.errors import RunError
from search.masks.learning import Learning, begun
from search.masks.settling import FAR, NEAR, settled
from search.masks.sizes import Corner, Fillings, Size, corners, whole_values
from search.masks.training import Asked
from spaces import Space, choice, integer, real
from tests.search.masks.spaces import SPACES, flops, known, tiny_space

THREE = (Size("a", (1, 2, 5)), Size("b", (3, 5, 7, 9)), Size("c", (8, 16)))
INSIDE = st.tuples(st.floats(1, 5), st.floats(3, 9), st.floats(8, 16))


def mean(found: list[Corner]) -> list[float]:
    """The mean of the corners by their weights."""
    return [sum(float(c.weight) * c.values[i] for c in found) for i in range(3)]


def walked(at: tuple[float, ...], other: tuple[float, ...], steps: int = 40) -> list[float]:
    """A function of whole sizes, continued to a line between two points."""
    line = (
        torch.tensor([a + (b - a) * i / steps for a, b in zip(at, other, strict=True)]).double() for i in range(steps)
    )
    return [sum(float(c.weight) * math.prod(c.values) for c in corners(THREE, point)) for point in line]


@given(INSIDE)
def test_sizes_are_the_mean_of_the_corners_around_them(at: tuple[float, float, float]) -> None:
    """Weights are shares of one, and give the sizes back."""
    found = corners(THREE, torch.tensor(at, dtype=torch.float64))
    assert all(-1e-9 <= float(c.weight) <= 1 + 1e-9 for c in found)
    assert sum(float(c.weight) for c in found) == pytest.approx(1)
    assert mean(found) == pytest.approx(list(at))


def jump(at: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The largest step of the continued function along a line, over that of a function without jumps."""
    values = walked(at, other)
    return max(abs(b - a) for a, b in itertools.pairwise(values)) / 720  # its largest value, at (5, 9, 16)


@given(INSIDE, INSIDE)
@settings(max_examples=50)
def test_what_is_continued_has_no_jumps(at: tuple[float, ...], other: tuple[float, ...]) -> None:
    """Along a line in forty steps, of a function whose gradient is bounded."""
    assert jump(at, other) < 0.15


def test_jumps_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: the nearest filling instead of the corners around."""

    def nearest(sizes: Any, at: Tensor) -> list[Corner]:
        values = [min(s.values, key=lambda v: abs(v - x)) for s, x in zip(sizes, at.tolist(), strict=True)]
        return [Corner(tuple(values), torch.ones(()))]

    monkeypatch.setitem(globals(), "corners", nearest)
    assert jump((1, 3, 8), (5, 9, 16)) > 0.15


@pytest.mark.parametrize("name", ["tables on C4", "series on D1", "causal CCNN"])
def test_the_price_is_exact_at_every_filling(name: str) -> None:
    """Over all fillings of a space."""
    fillings = known(name).fillings
    for values in itertools.islice(itertools.product(*(size.values for size in fillings.sizes)), 0, None, 7):
        found = fillings.cost(torch.tensor(values, dtype=torch.float64))
        assert float(found) == fillings.at(values).price
        assert fillings.at(values).price == flops(SPACES[name].fill(fillings.values(values))), "windows cost nothing"


def test_the_price_has_the_gradient_of_finite_differences() -> None:
    """Inside a simplex, where it is linear."""
    fillings = known("tables on C4").fillings
    at = torch.tensor([9.3, 2.4, 6.2], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: fillings.cost(x) / 1e6, at)


def test_sizes_settle_within_two_percent_of_a_budget_where_there_are_such() -> None:
    """From any sizes of its price, over a range of budgets."""
    fillings = known("CCNN").fillings
    low, high = (fillings.at([size.values[end] for size in fillings.sizes]).price for end in (0, -1))
    for share in (0.2, 0.5, 0.8):
        budget = low * (high / low) ** share
        at = settled(fillings, begun(known("CCNN"), budget), budget)
        assert abs(fillings.at(at).price / budget - 1) < NEAR, share


def test_sizes_settle_at_the_nearest_price_where_no_filling_has_the_budget() -> None:
    """A budget below all of them."""
    fillings = known("CCNN").fillings
    lowest = tuple(size.values[0] for size in fillings.sizes)
    assert settled(fillings, [5.0, 4.0, 1.5], fillings.at(lowest).price / 10) == lowest


def test_no_size_settles_far_from_what_was_learned() -> None:
    """Where a price that is near enough can be had; else it does, as if anything were near."""
    fillings = known("CCNN").fillings
    for budget in (fillings.at((4, 3, 1)).price, fillings.at((8, 7, 2)).price, fillings.at((12, 11, 4)).price):
        for value, now in zip(settled(fillings, [8.0, 5.5, 2.0], budget), (8.0, 5.5, 2.0), strict=True):
            assert 1 / FAR <= value / now <= FAR
    dearest = fillings.at((12, 11, 4)).price
    assert abs(fillings.at(settled(fillings, [4.0, 3.0, 1.0], dearest)).price / dearest - 1) < NEAR
    nearest = settled(fillings, [4.0, 3.0, 1.0], 10 * dearest)
    assert all(value <= FAR * now for value, now in zip(nearest, (4.0, 3.0, 1.0), strict=True))


@pytest.mark.parametrize("params", [60, 200, 600, 1_000, 10_000])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_sizes_settle_where_other_limits_are_kept(params: int, share: float) -> None:
    """With the budget, if there are such; else off it; and if none keeps them, where they are broken least."""
    asked = Asked("flops", {}, Learning(1.0), {"params": params})
    where = tiny_space()
    fillings = asked.learnable(where, where.values_of(where.default), "torch").fillings
    every = list(itertools.product(*(size.values for size in fillings.sizes)))
    costs = {sizes: price(where.fill(fillings.values(sizes))) for sizes in every}
    prices = [cost.flops for cost in costs.values()]
    budget = min(prices) * (max(prices) / min(prices)) ** share
    found = costs[settled(fillings, [4.0, 3.0, 2.0], budget)]
    least = max(params, min(cost.params for cost in costs.values()))
    assert found.params <= least
    if any(abs(cost.flops / budget - 1) <= NEAR and cost.params <= least for cost in costs.values()):
        assert abs(found.flops / budget - 1) <= NEAR


@pytest.mark.parametrize(
    ("hole", "values"),
    [
        (choice(7, 3, 5), (3, 5, 7)),
        (integer(2, 6, step=2), (2, 4, 6)),
        (integer(0, 2), (0, 1, 2)),
        (choice(3, "five"), ()),
        (choice(True, False), ()),
        (choice(3), ()),
        (real(1.0, 2.0), ()),
    ],
)
def test_only_decisions_among_whole_numbers_are_learned(hole: Any, values: tuple[int, ...]) -> None:
    """Any others are left to be drawn."""
    assert whole_values(hole) == values


def test_sizes_that_do_not_fit_together_are_named() -> None:
    """A filling that is no architecture."""
    template = SPACES["tables"].template.with_fields({"input": Image(channels=1, size=(2, 2))})
    fillings = Fillings(Space(template), {"depth": 1, "size": 3}, [Size("width", (4, 12))], flops)
    with pytest.raises(RunError, match=r"width=4 do not"):
        fillings.at((4,))
