"""Knee, anytime curve, reference point and the best within limits: each by its definition."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from archspec import Cost, price
from search import Failed, Outcome, Result, Task
from search.errors import RunError
from search.front import front_of
from search.hypervolume import hypervolume
from search.objectives import Score, parse_constraint, parse_objective
from search.outcome import Stopped
from search.reference import constant_scores, reference_point
from search.trial import Trial
from tests.search.inside import Inside, inside, searched
from tests.search.made_up import told
from tests.search.test_front import TRIALS
from tests.search.tiny import bars, small_space

REFERENCE = {"accuracy": 0.1, "flops": 1e6}


def some(seed: int, count: int = 12) -> list[tuple[dict[str, float] | Outcome, int]]:
    """Random accuracies and FLOPs; some are paused, some failed, some beyond the reference."""
    rng = random.Random(seed)
    drawn: list[tuple[dict[str, float] | Outcome, int]] = []
    for _ in range(count):
        scores, flops = {"accuracy": rng.random()}, 2 * int(10 ** rng.uniform(1, 6.5))
        drawn.append((rng.choice([scores] * 6 + [Failed("diverged"), Stopped(scores, 3)]), flops))
    return drawn


def point(result: Result, number: int) -> tuple[float, float]:
    trial = result.trial(number)
    return -trial.scores["accuracy"], math.log10(trial.cost.flops if trial.cost else 1)


@pytest.mark.parametrize("seed", range(4))
def test_the_knee_is_the_farthest_from_the_line_between_the_ends(tmp_path: Path, seed: int) -> None:
    result = told(tmp_path, some(seed, 40))
    points = np.array([point(result, trial.number) for trial in result.front])
    scaled = (points - points.min(0)) / np.maximum(np.ptp(points, 0), 1e-12)
    (x0, y0), (x1, y1) = scaled[0], scaled[-1]  # the cheapest and the best
    assert len(scaled) > 2
    distance = [(x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0) for x, y in scaled]
    # Both axes are to be small: the better side is that of the origin.
    toward = (x1 - x0) * y0 - x0 * (y1 - y0)
    assert result.front.knee == result.front[int(np.argmax(np.sign(toward) * np.array(distance)))]


def test_the_knee_is_by_the_logarithm_of_costs(tmp_path: Path) -> None:
    # Scaled, losses are 1, 0.5, 0.2 and 0, logarithms of costs 0, 1/3, 2/3 and 1: the second has the smallest sum.
    scores = [(0.50, 1_000), (0.70, 10_000), (0.82, 100_000), (0.90, 1_000_000)]
    assert told(tmp_path, [({"accuracy": score}, flops) for score, flops in scores]).front.knee.number == 1


def test_a_front_of_one_is_its_own_knee_and_an_empty_one_has_none(tmp_path: Path) -> None:
    one = told(tmp_path / "one", [({"accuracy": 0.5}, 100)])
    assert one.front.knee.number == 0
    with pytest.raises(RunError, match="the front is empty, and has no knee"):
        _ = told(tmp_path / "none", [(Failed("diverged"), 100)]).front.knee


@pytest.mark.parametrize("seed", range(3))
def test_the_anytime_curve_is_the_hypervolume_so_far_and_ends_at_that_of_the_front(tmp_path: Path, seed: int) -> None:
    result = told(tmp_path, some(seed, 30))
    volumes = [volume for _, volume in result.anytime(REFERENCE)]
    assert volumes == sorted(volumes)
    assert volumes[-1] == pytest.approx(result.hypervolume(REFERENCE))
    corner = (-REFERENCE["accuracy"], math.log10(REFERENCE["flops"]))
    for count, volume in enumerate(volumes, 1):
        front = front_of(result.trials[:count], result.objectives)
        assert volume == pytest.approx(hypervolume([point(result, trial.number) for trial in front], corner))
    # Accuracy 0.5 above 0.1, at a thousandth of the FLOPs: 0.4 times three factors of ten.
    one = told(tmp_path / "one", [({"accuracy": 0.5}, 1_000)])
    assert one.anytime(REFERENCE) == [(0, pytest.approx(1.2))]


class Odds(Score):
    """Strategies learn its logarithm."""

    def told(self, cost: Cost, scores: Mapping[str, float]) -> float:
        return math.log(self.value(cost, scores))


def test_volumes_and_the_knee_are_of_values_whatever_strategies_are_told(tmp_path: Path) -> None:
    accuracies = [0.05, 0.3, 0.6, 0.8, 0.85]
    result = told(tmp_path, [({"accuracy": score}, 10 ** (i + 1)) for i, score in enumerate(accuracies)])
    own = Result(tmp_path, [Odds("accuracy", True), parse_objective("minimize flops")])
    assert own.hypervolume(REFERENCE) == pytest.approx(result.hypervolume(REFERENCE))
    assert own.anytime(REFERENCE) == result.anytime(REFERENCE)
    assert own.front.knee.number == result.front.knee.number == 2


def test_epochs_are_those_that_were_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside(monkeypatch)
    result = searched(tmp_path)
    assert [epochs for epochs, _ in result.anytime()] == [2 * (i + 1) for i in range(8)]


def test_the_reference_is_what_a_constant_answers_and_what_the_dearest_costs(tmp_path: Path) -> None:
    y = torch.tensor([0] * 5 + [1] * 3 + [2] * 2)
    x = torch.zeros(10, 1, 4, 4)
    scores = constant_scores(Task("t", "classification", (x, y), (x, y), metrics=["balanced_accuracy"]))
    entropy = -sum(p * math.log(p) for p in (0.5, 0.3, 0.2))
    assert scores["accuracy"] == 0.5
    assert scores["balanced_accuracy"] == pytest.approx(1 / 3)
    assert scores["loss"] == pytest.approx(entropy, rel=1e-4)
    numbers = torch.tensor([1.0, 2.0, 6.0, 7.0])
    regression = constant_scores(Task("t", "regression", (x[:4], numbers), (x[:4], numbers)))
    assert regression["r2"] == pytest.approx(0)
    assert regression["loss"] == pytest.approx(6.5)
    yes = constant_scores(Task("t", "binary", (x, (y > 0).long()), (x, (y > 1).long())))
    assert yes["accuracy"] == 0.8
    dense = torch.zeros(3, 4, 4, dtype=torch.long)
    dense[:, :, 0] = 1
    assert constant_scores(Task("t", "dense", (x[:3], dense), (x[:3], dense)))["accuracy"] == 0.75

    space, wanted = small_space(), [parse_objective(text) for text in ("maximize accuracy", "minimize flops")]
    dearest = max(price(architecture).flops for architecture in space.enumerate())
    assert reference_point(space, bars(), wanted)["flops"] == dearest
    limits = [parse_constraint("flops <= 9k"), parse_constraint("flops <= 7k"), parse_constraint("params <= 5")]
    assert reference_point(space, bars(), wanted, limits)["flops"] == 7_000


def test_the_reference_is_written_before_anything_is_trained_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = inside(monkeypatch)
    there: list[bool] = []

    def submit(self: Inside, trial: Trial) -> None:
        there.append((tmp_path / "reference.json").exists())
        Inside.submit(self, trial)

    monkeypatch.setattr(backend, "submit", submit)
    result = searched(tmp_path)
    assert all(there)
    assert len(there) == 8
    assert result.reference.keys() == {"accuracy", "flops"}
    (tmp_path / "reference.json").write_text(json.dumps(REFERENCE))
    assert searched(tmp_path).reference == REFERENCE


def test_a_run_without_a_reference_asks_for_one(tmp_path: Path) -> None:
    result = told(tmp_path, TRIALS)
    with pytest.raises(RunError, match="has no reference point for its objectives; give one"):
        result.anytime()
    with pytest.raises(RunError, match="the reference has no value for flops"):
        result.hypervolume({"accuracy": 0.1})


def test_the_best_within_limits_keeps_them(tmp_path: Path) -> None:
    result = told(tmp_path, TRIALS)
    for limit in (1_000, 3_999, 4_000, 20_000, 1_000_000):
        kept = [t for t in result.trials if t.state == "scored" and t.cost and t.cost.flops <= limit]
        best = max(t.scores["accuracy"] for t in kept)
        assert result.best("accuracy", within=f"flops <= {limit}").scores["accuracy"] == best
    assert result.best("loss", within=["flops <= 9k", "params <= 3k"]).number == 1
    with pytest.raises(RunError, match="no scored trial keeps flops <= 10; take a larger limit"):
        result.best("accuracy", within="flops <= 10")
    with pytest.raises(ValueError, match="cannot read the constraint"):
        result.best("accuracy", within="cheap")
