"""The front, the best and the hypervolume of runs whose scores and costs are given: each worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from archspec.graph.cost import Cost
from search import Failed, Outcome, Result
from search import front as module
from search.errors import RunError
from search.front import front_of
from search.objectives import parse_objective
from search.outcome import Stopped
from search.trial import Trial
from tests.search.made_up import told

# Accuracy and FLOPs; those on the front are 0, 2, 4 and 7.
TRIALS: list[tuple[Mapping[str, float] | Outcome, int]] = [
    ({"accuracy": 0.5, "loss": 0.9}, 1_000),
    ({"accuracy": 0.5, "loss": 0.7}, 2_000),  # no better for more
    ({"accuracy": 0.7, "loss": 0.8}, 4_000),
    ({"accuracy": 0.6, "loss": 0.3}, 8_000),  # worse for more
    ({"accuracy": 0.9, "loss": 0.6}, 20_000),
    ({"accuracy": 0.7, "loss": 0.8}, 4_000),  # the same once more
    (Stopped({"accuracy": 1.0, "loss": 0.1}), 500),
    ({"accuracy": 0.91, "loss": 0.65}, 30_000),
    (Failed("diverged"), 100),
    ({"accuracy": 0.8, "loss": 0.9}, 20_000),  # worse for as much
]


def numbers(result: Result) -> list[int]:
    return [trial.number for trial in result.front]


def test_the_front_is_the_scored_trials_that_no_other_beats_cheapest_first(tmp_path: Path) -> None:
    assert numbers(told(tmp_path / "forwards", TRIALS)) == [0, 2, 4, 7]
    assert numbers(told(tmp_path / "backwards", TRIALS[::-1])) == [9, 4, 5, 2]
    assert numbers(told(tmp_path / "loss", TRIALS, ["minimize loss", "minimize flops"])) == [0, 1, 3]
    assert numbers(told(tmp_path / "one", TRIALS, ["maximize accuracy"])) == [7]
    assert numbers(told(tmp_path / "none", TRIALS[6:7])) == []


def test_a_trial_is_compared_with_those_of_the_front_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    accuracies = [0.9, *(0.001 * i for i in range(500))]
    trials = [
        Trial(i, i, {}, "scored", cost=Cost(macs=1_000 + i), scores={"accuracy": accuracy})
        for i, accuracy in enumerate(accuracies)
    ]
    compared = []

    def counted(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
        compared.append(b)
        return all(x <= y for x, y in zip(a, b, strict=True))

    monkeypatch.setattr(module, "_no_worse", counted)
    found = front_of(trials, [parse_objective("maximize accuracy"), parse_objective("minimize flops")])
    assert [trial.number for trial in found] == [0]
    assert len(compared) == 500


def test_best_is_the_best_and_the_cheapest_of_equals(tmp_path: Path) -> None:
    result = told(tmp_path / "run", [*TRIALS, ({"accuracy": 0.91, "loss": 0.3}, 25_000)])
    assert result.best("accuracy").number == 10
    assert result.best("loss").number == 3
    assert result.best("flops").number == 0
    # accuracy · (FLOPs / 10⁶)^-0.07: 0.9 at 20·10³ FLOPs is worth 1.184, and 0.91 at 25·10³ 1.178.
    assert result.best().number == 4
    worth = told(tmp_path / "worth", [({"accuracy": 0.80}, 10_000), ({"accuracy": 0.85}, 1_000_000)])
    assert worth.best().number == 0  # 1.104 against 0.85
    assert told(tmp_path / "asked", TRIALS, ["minimize accuracy"]).best("accuracy").number == 0


def test_the_hypervolume_is_the_area_under_the_steps_of_the_front(tmp_path: Path) -> None:
    def log(flops: float) -> float:
        return math.log10(flops)

    front = told(tmp_path, TRIALS).front
    steps = [(0.5, 1_000, 4_000), (0.7, 4_000, 20_000), (0.9, 20_000, 30_000), (0.91, 30_000, 1e9)]
    area = sum(height * (log(right) - log(left)) for height, left, right in steps)
    assert front.hypervolume() == pytest.approx(area / 6)
    # From 2·10³ to 25·10³ FLOPs: what is cheaper counts from the left edge on, what is dearer not at all.
    steps = [(0.5, 2_000, 4_000), (0.7, 4_000, 20_000), (0.9, 20_000, 25_000)]
    area = sum(height * (log(right) - log(left)) for height, left, right in steps)
    assert front.hypervolume(2e3, 25e3) == pytest.approx(area / (log(25e3) - log(2e3)))


def test_a_front_of_errors_without_end_says_that_it_has_no_hypervolume(tmp_path: Path) -> None:
    numbers = [({"r2": 0.5, "mae": 3.0}, 1_000), ({"r2": -2.0, "mae": 4.0}, 500), ({"r2": 0.9, "mae": 2.0}, 1_000_000)]
    front = told(tmp_path / "r2", numbers, ["maximize r2", "minimize flops"]).front
    assert front.hypervolume() == pytest.approx((0.5 * 3 + 0.9 * 3) / 6)
    with pytest.raises(RunError, match="no score is maximised"):
        told(tmp_path / "mae", numbers, ["minimize mae", "minimize flops"]).front.hypervolume()


def test_the_direction_of_a_score_is_known_or_asked_for(tmp_path: Path) -> None:
    scores = [
        ({"mae": 3.53, "delay": 1.0}, 3_000),
        ({"mae": 3.98, "delay": 2.0}, 1_000),
        ({"mae": 4.10, "delay": 0}, 2_000),
    ]
    result = told(tmp_path, scores, ["minimize mae", "minimize flops"])
    assert result.best().number == 0
    assert result.best("mae").number == 0
    assert result.best("minimize delay").number == 2
    assert result.best("maximize delay").number == 1
    for name in ("flops", "kernel_macs", "params"):
        values = [t.cost.quantities()[name] for t in result.trials if t.cost]
        best = result.best(name).cost
        assert best is not None
        assert best.quantities()[name] == min(values)
    with pytest.raises(RunError, match="whether delay is to be large is not known; write 'maximize delay' or"):
        result.best("delay")
    with pytest.raises(RunError, match="there is no score 'beauty'; there are delay, mae and the costs flops"):
        result.best("beauty")


def test_what_is_no_number_is_not_on_the_front(tmp_path: Path) -> None:
    nan = float("nan")
    result = told(tmp_path, [({"accuracy": nan}, 100), ({"accuracy": 0.5}, 1_000), ({"accuracy": 0.25}, 2_000)])
    assert numbers(result) == [1]
    assert result.best().number == 1
    with pytest.raises(RunError, match="accuracy is not a number for any trial"):
        told(tmp_path / "none", [({"accuracy": nan}, 100)]).best("accuracy")
    with pytest.raises(RunError, match="trial 0: there is no score 'accuracy'"):
        _ = told(tmp_path / "without", [({"loss": 0.5}, 100)]).front
