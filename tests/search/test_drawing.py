"""Limits hold for what the target runs, and a limit itself is within them."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec import Architecture, Classifier, Conv, Cost, Image, Magnet, price
from search import Engine
from search.files import RunDirectory
from search.objectives import at_most, maximize
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
