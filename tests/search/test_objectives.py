"""Objectives and constraints, as text and in Python."""

import math

import pytest

from archspec import Cost
from search import at_most, maximize, minimize
from search.objectives import parse_constraint, parse_objective

COST = Cost(macs=500, params=70)


@pytest.mark.parametrize(
    ("text", "name", "limit"),
    [
        ("params <= 50k", "params", 50_000),
        ("flops<=2M", "flops", 2e6),
        ("macs <= 1.5e3", "macs", 1500),
        ("params < 1_000", "params", 1000),
        ("activations <= 1,000", "activations", 1000),
        ("flops <= 1g", "flops", 1e9),
    ],
)
def test_constraints_are_read(text: str, name: str, limit: float) -> None:
    constraint = parse_constraint(text)
    assert (constraint.name, constraint.limit) == (name, limit)
    assert parse_constraint(str(constraint)) == constraint


@pytest.mark.parametrize(
    "text", ["params", "params >= 5", "params <= ", "size <= 5", "params <= 0", "5 <= params", "params <= 5x"]
)
def test_bad_constraints_say_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 'params <= 50k'|use one of flops|must be above 0"):
        parse_constraint(text)


@pytest.mark.parametrize("text", ["accuracy", "maximise", "more accuracy", "maximize accuracy flops"])
def test_bad_objectives_say_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write 'maximize accuracy'"):
        parse_objective(text)


def test_objectives_read_costs_scores_and_functions() -> None:
    assert parse_objective("minimize flops").value(COST, {}) == 1000
    assert parse_objective("maximise accuracy").value(COST, {"accuracy": 0.5}) == 0.5
    assert (
        maximize("worth", lambda cost, scores: scores["accuracy"] / cost.params).value(COST, {"accuracy": 0.7}) == 0.01
    )
    with pytest.raises(KeyError, match="there is no score 'recall'"):
        minimize("recall").value(COST, {"accuracy": 1.0})


def test_the_sampler_learns_the_logarithm_of_a_cost() -> None:
    assert minimize("flops").told(COST, {}) == 3
    assert minimize("loss").told(COST, {"loss": 0.25}) == 0.25
    assert math.isclose(at_most("flops", 800).excess(COST), 0.25)
    assert at_most("size", 100, lambda cost: cost.params * 4).excess(COST) > 0
