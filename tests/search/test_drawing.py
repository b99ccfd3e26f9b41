"""Limits hold for what the target runs, and a limit itself is within them."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec import Architecture, Classifier, Conv, Cost, Image, Magnet, price
from search import Engine, Exhausted
from search.errors import RunError
from search.files import RunDirectory
from search.objectives import Constraint, at_most, maximize
from search.record.writing import Record
from search.trial import Trial
from spaces import Space, choice
from tests.search.made_up import drive
from tests.search.tiny import small_space

# Kernels that torch transforms and the ONNX file sums: the same architecture costs another number of FLOPs.
KERNELS = Space(
    Architecture(
        input=Image(channels=1, size=(6, 6)),
        body=[Conv(channels=2, kernel_size=choice(3, 9, 11), kernel=Magnet(hidden=4, layers=1))],
        head=Classifier(classes=2),
    )
)


def candidates(directory: Path, space: Space, limit: int, quantity: str, target: str = "torch") -> list[Trial]:
    """All that a run draws within a limit, to the end of the space."""
    record = Record(RunDirectory(directory), {})
    limits = [at_most(quantity, limit)]
    engine = Engine(record, space, [maximize("accuracy")], limits, 99, 0, target=target)
    drive(engine)
    return [trial for trial in engine.history if trial.state != "rejected"]


def costs(space: Space, target: str) -> dict[str, Cost]:
    return {a.hash: price(a, target) for a in space.enumerate()}


def test_what_costs_the_limit_is_within_it_and_what_costs_one_more_is_not(tmp_path: Path) -> None:
    params = {name: cost.params for name, cost in costs(small_space(), "torch").items()}
    limit = sorted(set(params.values()))[1]
    found = candidates(tmp_path, small_space(), limit, "params")
    assert {trial.hash for trial in found} == {name for name, count in params.items() if count <= limit}
    assert max(trial.cost.params for trial in found if trial.cost) == limit


@pytest.mark.parametrize("target", ["torch", "onnx"])
def test_costs_and_limits_are_of_the_target(target: str, tmp_path: Path) -> None:
    mine, others = costs(KERNELS, target), costs(KERNELS, {"torch": "onnx", "onnx": "torch"}[target])
    assert mine != others
    limit = sorted(cost.flops for cost in mine.values())[1]
    found = candidates(tmp_path, KERNELS, limit, "flops", target)
    assert {trial.hash: trial.cost for trial in found} == {n: cost for n, cost in mine.items() if cost.flops <= limit}


def nodes(architecture: Architecture, cost: Cost) -> float:
    return len(architecture.graph.nodes)


def engine(directory: Path, limit: Constraint) -> Engine:
    return Engine(Record(RunDirectory(directory), {}), small_space(), [maximize("accuracy")], [limit], 99, 0)


def test_a_function_of_the_architecture_is_limited_before_anything_is_trained(tmp_path: Path) -> None:
    counts = {a.hash: len(a.graph.nodes) for a in small_space().enumerate() if a.graph}
    limit = min(counts.values())
    limited = engine(tmp_path, at_most(nodes, limit))
    drive(limited)
    found = {trial.hash for trial in limited.history if trial.state != "rejected"}
    assert found == {name for name, count in counts.items() if count <= limit} < counts.keys()
    reasons = {str(trial.reason) for trial in limited.history if trial.state == "rejected"}
    assert any(reason.startswith(f"breaks nodes <= {limit}: ") for reason in reasons)


def test_where_a_function_leaves_nothing_the_least_value_met_is_told(tmp_path: Path) -> None:
    least = min(len(a.graph.nodes) for a in small_space().enumerate())
    with pytest.raises(Exhausted, match=f"break nodes <= 1; the least met is {least}; loosen that limit"):
        engine(tmp_path, at_most(nodes, 1)).ask()


@pytest.mark.parametrize("result", [float("nan"), "many"])
def test_a_function_that_gives_no_number_stops_the_run_in_a_sentence(result: float, tmp_path: Path) -> None:
    def broken(architecture: Architecture, cost: Cost) -> float:
        return result

    with pytest.raises(RunError, match=r"the constraint broken <= 3 cannot be worked out.*; mend its function"):
        engine(tmp_path, at_most(broken, 3)).ask()


def test_a_function_to_limit_has_a_name_and_a_limit_above_zero() -> None:
    with pytest.raises(ValueError, match="one with a name"):
        at_most(lambda architecture, cost: 1.0, 3)
    with pytest.raises(ValueError, match="the limit of nodes must be above 0"):
        at_most(nodes, 0)
