"""Objectives and constraints, as text and in Python."""

import math

import pytest

from archspec import Cost
from search import at_most, maximize, minimize
from search.objectives import OBJECTIVES, Measured, Quantity, Score, goal_of, parse_constraint, parse_objective

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
        ("flops <= .5M", "flops", 5e5),
        ("FLOPs ≤ 2M", "flops", 2e6),
        ("bytes <= 100 kB", "bytes", 1e5),
        ("bytes <= 3 B", "bytes", 3),
        ("memory <= 2GB", "memory", 2e9),
        ("memory <= 2 GiB", "memory", 2 * 2**30),
        ("memory <= 1.5 KiB", "memory", 1536),
    ],
)
def test_constraints_are_read(text: str, name: str, limit: float) -> None:
    constraint = parse_constraint(text)
    assert (constraint.name, constraint.limit) == (name, limit)
    assert parse_constraint(str(constraint)) == constraint


@pytest.mark.parametrize(
    "text",
    [
        "params",
        "params >= 5",
        "params <= ",
        "size <= 5",
        "params <= 0",
        "5 <= params",
        "params <= 5x",
        "flops <= .",
        "flops <= 1MB",
        "bytes <= 1iB x",
    ],
)
def test_bad_constraints_say_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 'params <= 50k'|use one of flops|must be above 0"):
        parse_constraint(text)


@pytest.mark.parametrize("text", ["accuracy", "maximise", "more accuracy", "maximize accuracy flops"])
def test_bad_objectives_say_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write 'maximize accuracy'"):
        parse_objective(text)


def test_a_limit_from_below_is_told_to_be_none() -> None:
    with pytest.raises(ValueError, match="a constraint is a limit from above"):
        parse_constraint("accuracy >= 0.9")


def test_costs_and_directions_are_read_in_any_case() -> None:
    assert isinstance(parse_objective("Minimize FLOPs"), Quantity)
    assert parse_objective("Minimize FLOPs") == parse_objective("minimize flops")
    assert parse_objective("minimize Wear").name == "Wear"  # a score of one's own


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


def test_accuracy_per_flop_is_an_objective_by_its_name() -> None:
    objective = parse_objective("maximize accuracy_per_flop")
    assert not objective.priced
    assert objective.value(Cost(macs=500_000), {"accuracy": 0.5}) == 0.5
    assert objective.value(Cost(macs=50_000_000), {"accuracy": 0.5}) == pytest.approx(0.5 * 100**-0.07)
    with pytest.raises(KeyError, match="there is no score 'accuracy'"):
        objective.value(COST, {"loss": 1.0})


def test_objectives_of_others_have_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OBJECTIVES, "known", dict(OBJECTIVES.known))
    assert parse_objective("minimize worth") == Score("worth", False)
    OBJECTIVES.add("worth", lambda maximize: Measured("worth", maximize, lambda cost, scores: cost.params / 7))
    assert parse_objective("minimize worth").value(COST, {}) == 10
    assert str(parse_objective("minimize worth")) == "minimize worth"


@pytest.mark.parametrize(
    ("objectives", "kind", "goal"),
    [
        (["minimize flops", "maximize accuracy"], "classification", Score("accuracy", True)),
        (["minimize loss", "maximize accuracy"], "classification", Score("loss", False)),
        (["maximize accuracy_per_flop"], "classification", Score("accuracy", True)),
        (["maximize accuracy_per_flop"], "regression", Score("loss", False)),
    ],
)
def test_the_best_weights_are_picked_by_the_first_score(objectives: list[str], kind: str, goal: Score) -> None:
    assert goal_of([parse_objective(text) for text in objectives], kind) == goal


def test_an_objective_of_a_broken_package_is_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OBJECTIVES.left_out, "thrift", "the objective 'thrift' cannot be used: no licence")
    for read in (lambda: maximize("thrift"), lambda: parse_objective("minimize thrift")):
        with pytest.raises(ValueError, match=r"^the objective 'thrift' cannot be used: no licence$"):
            read()
