"""What a search is asked for is held: no two objectives or constraints count as one, and what is none is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archspec.architecture import Architecture
from archspec.graph.cost import Cost
from search import FrontSampler, Search, at_most, maximize, minimize, simulate
from search.objectives import Constraint, Objective
from search.stated import stated_constraints, stated_objectives
from search.strategies.random import Random
from search.training.settings import Training
from tests.search.test_simulating import curve
from tests.search.tiny import bars, small_search, small_space


def counted(of: Callable[[Cost], float]) -> Callable[[Architecture, Cost], float]:
    def count(architecture: Architecture, cost: Cost) -> float:
        return of(cost)

    return count


PARAMS, FLOPS = at_most(counted(lambda cost: cost.params), 200), at_most(counted(lambda cost: cost.flops / 20), 200)


@pytest.mark.parametrize("constraints", [[PARAMS, FLOPS], [FLOPS, PARAMS]])
def test_two_functions_of_one_name_are_refused_as_one_alone_would_be_held(constraints: list[Constraint]) -> None:
    for ask in (
        lambda: simulate(small_space(), curve, "random", constraints=constraints, epochs=60),
        lambda: small_search(constraints=constraints),
        lambda: FrontSampler(small_space(), constraints=constraints),
    ):
        with pytest.raises(ValueError, match="two constraints limit different functions of the name count"):
            ask()


def test_the_same_limit_may_be_given_twice_and_a_tighter_one_beside_it() -> None:
    found = stated_constraints(["params <= 1k", "params <= 1k", "params <= 500", PARAMS, PARAMS])
    assert [constraint.limit for constraint in found] == [1_000, 1_000, 500, 200, 200]


def worth(cost: Cost, scores: object) -> float:
    return cost.params / 7


@pytest.mark.parametrize(
    ("objectives", "why"),
    [
        (["maximize accuracy", minimize("worth", worth), maximize("worth", worth)], "two objectives are named worth"),
        (["maximize accuracy", "minimize accuracy"], "two objectives are named accuracy"),
        ("maximize accuracy", r"objectives is a list: write \['maximize accuracy'\]"),
        (["maximize accuracy", None], "an objective is text such as .*, not None"),
        (["maximize accuracy", Random], "an objective is text such as .*, not <class"),
    ],
)
def test_objectives_that_cannot_be_told_apart_or_are_none_are_refused(objectives: list[Objective], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        stated_objectives(objectives)


def test_a_function_has_no_name_that_means_something_else() -> None:
    for wrong in (
        lambda: minimize("flops", worth),
        lambda: at_most("params", 3, lambda cost: 1.0),
        lambda: at_most("latency", 3, lambda cost: 1.0),
        lambda: Search(small_space(), bars(), [maximize("loss", worth), "minimize flops"]),
    ):
        with pytest.raises(ValueError, match="give your function another name"):
            wrong()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: stated_constraints("params <= 1k"), r"constraints is a list: write \['params <= 1k'\]"),
        (lambda: stated_constraints([None]), "a constraint is text such as .*, not None"),
        (lambda: at_most("flops", "1k"), "the limit of flops must be above 0, not '1k'"),
        (lambda: at_most("flops", float("nan")), "the limit of flops must be above 0, not nan"),
        (lambda: small_search(strategy=Random), "an object that has name, propose, observe, not the class Random"),
        (lambda: small_search(strategy=3), "an object that has name, propose, observe, not 3"),
        (lambda: small_search(training={"epochs": 2}), r"training is Training\(epochs=20\), say, not {'epochs': 2}"),
        (lambda: small_search(training=Training), r"training is Training\(epochs=20\), say, not <class"),
    ],
)
def test_what_is_no_part_of_a_search_is_refused_in_a_sentence(wrong: Callable[[], object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        wrong()
