"""The cheapest architecture of a space is the least of all that it can make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archspec import price
from spaces import Space, cheapest
from tests.spaces.test_costs import ALL, LARGE, forgetful, one_by_one


def the_cheapest_is_the_least_of_all(space: Space) -> None:
    if space.size() > 400:
        return
    for quantity in ("flops", "params"):
        found = [one_by_one(space, values, "onnx") for _, values in space.fillings()]
        least = price(space.cheapest(quantity, "onnx"), "onnx").quantities()[quantity]
        assert least == min(cost.quantities()[quantity] for cost in found if cost)


@pytest.mark.parametrize("name", sorted(ALL.keys() - LARGE.keys()))
def test_nothing_is_cheaper_than_the_cheapest(name: str) -> None:
    the_cheapest_is_the_least_of_all(ALL[name])


FAULTS: list[tuple[str, Any, str, Any]] = [
    ("random 22", cheapest, "_cheapest_of_each", lambda columns, total: np.array([total.argmin()])),
    ("two holes", cheapest, "_by_part", lambda *_: {}),
]


@pytest.mark.parametrize(("name", "where", "what", "fault"), FAULTS)
def test_what_is_broken_fails_its_law(
    name: str, where: Any, what: str, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, what, fault)
    with pytest.raises((AssertionError, ValueError)):
        the_cheapest_is_the_least_of_all(forgetful(ALL[name]))


@pytest.mark.parametrize("name", ["arithmetic", "shared only sometimes", "random 5", "random 22", "group"])
def test_where_it_does_not_decompose_it_is_searched(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cheapest, "MOST_PARTIAL", 0)
    the_cheapest_is_the_least_of_all(ALL[name])


def test_what_is_searched_is_improved_decision_by_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    space = ALL["many copies"]
    least = price(space.cheapest()).flops
    monkeypatch.setattr(cheapest, "MOST_PARTIAL", 0)
    monkeypatch.setattr(cheapest, "SAMPLED", 4)
    assert price(space.cheapest()).flops == least < space.costs(4)["flops"].min()


def test_a_real_number_is_searched_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cheapest, "SAMPLED", 50)
    space = ALL["real"]
    assert price(space.cheapest()) == price(space.default)


def test_a_large_space_is_solved_exactly() -> None:
    space = ALL["many copies"]
    assert space.size() > 1e6
    assert price(space.cheapest("params")).params <= space.costs(500)["params"].min()
    assert len(space.cheapest().body[0].body) == 4
