"""What an outcome comes to under objectives and constraints of a person's own, and what becomes of their mistakes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from archspec import Architecture, Cost, price
from search.errors import said
from search.objectives import Objective, at_most, maximize, minimize
from search.outcome import Failed, Scored
from search.scoring import scored
from search.trial import Trial
from tests.search.tiny import small_space

Told = Callable[[float], float]


@dataclass(frozen=True)
class Own:
    """An objective whose value is the accuracy, and of which strategies learn what `how` makes of that."""

    how: Told
    name: str = "own"
    maximize: bool = True
    priced: bool = False

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        return scores["accuracy"]

    def told(self, cost: Cost, scores: Mapping[str, float]) -> float:
        return self.how(scores["accuracy"])


def trial() -> Trial:
    made = small_space().default
    return Trial(0, 0, {}, architecture=made, cost=price(made))


def one_over(value: float) -> float:
    return 1 / (value - 0.5)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (one_over, r"the objective own cannot be computed: ZeroDivisionError: .* \(test_scoring.py, line \d+\)"),
        (lambda value: math.inf, "the objective own is inf"),
        (lambda value: math.nan, "the objective own is nan"),
    ],
)
def test_what_no_strategy_can_learn_from_is_a_failure(how: Told, reason: str) -> None:
    outcome = scored(trial(), Scored({"accuracy": 0.5}), [Own(how)], [])
    assert isinstance(outcome, Failed)
    assert re.fullmatch(reason, outcome.reason), outcome.reason


def test_a_function_that_takes_scores_out_takes_them_from_nobody_else() -> None:
    def greedy(cost: Cost, scores: Mapping[str, float]) -> float:
        assert isinstance(scores, dict)
        return float(scores.pop("accuracy"))

    wanted: list[Objective] = [maximize("mine", greedy), maximize("accuracy"), minimize("loss")]
    given = Scored({"accuracy": 0.5, "loss": 1.0})
    for _ in range(2):
        outcome = scored(trial(), given, wanted, [])
        assert isinstance(outcome, Scored)
        assert outcome.scores == {"accuracy": 0.5, "loss": 1.0, "mine": 0.5}


def test_a_limit_that_cannot_be_worked_out_of_the_trained_network_is_a_failure() -> None:
    """A run that stopped there would train it again, and stop again."""

    def nodes(architecture: Architecture, cost: Cost) -> float:
        raise LookupError("no such node")

    once = trial()
    assert once.cost
    trained = Scored({"accuracy": 0.5}, cost=replace(once.cost, params=3))
    outcome = scored(once, trained, [maximize("accuracy")], [at_most(nodes, 3)])
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("the constraint nodes <= 3 cannot be worked out (LookupError: no such node (test_")


def test_an_error_is_said_in_its_own_words() -> None:
    for error, words in {
        FileNotFoundError(2, "No such file or directory", "w.npy"): "[Errno 2] No such file or directory: 'w.npy'",
        KeyError("loss"): "loss",
        ValueError("a", 3): "('a', 3)",
        RuntimeError("two\nlines"): "two lines",
    }.items():
        assert said(error) == f"{type(error).__name__}: {words}"
    assert said(ZeroDivisionError()) == "ZeroDivisionError"
