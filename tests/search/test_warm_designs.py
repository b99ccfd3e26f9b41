"""What a warm start takes over of single trials: their settings and outcome, and nothing of what was never scored."""

from __future__ import annotations

import math
from typing import Any

from archspec import price
from search import Trial
from search.objectives import parse_constraint, parse_objective
from search.training.settings import Training
from search.warm import designs
from spaces import choice, real
from tests.search.test_search_target import continuous
from tests.search.test_warm_start import TERMS, wanted
from tests.search.tiny import small_space

FIRST = small_space().default


def scored(number: int = 0, training: Training | None = None, **options: Any) -> Trial:
    """A trial of a run that is over."""
    settings = TERMS | {"training": (training or Training()).record()}
    known: dict[str, Any] = {"state": "scored", "scores": {"accuracy": 0.5}, "fidelity": 7, "seconds": 9.0}
    known |= {"architecture": FIRST, "hash": FIRST.hash, "cost": price(FIRST), "curve": {1: 0.25, 2: 0.5}}
    return Trial(number, number, {}, settings=settings, **(known | options))


def test_an_outcome_is_taken_over_as_it_was() -> None:
    (design,) = designs([scored()], wanted())
    assert design["outcome"]["scores"] == {"accuracy": 0.5}
    assert design["outcome"]["epochs"] == 7
    assert design["outcome"]["seconds"] == 9.0
    assert design["outcome"]["curve"] == (0.25, 0.5)


def test_a_score_that_is_no_number_or_not_there_is_measured_again() -> None:
    (undefined,) = designs([scored(scores={"accuracy": math.nan})], wanted())
    assert "outcome" not in undefined
    other = [parse_objective("minimize loss")]
    (missing,) = designs([scored()], wanted(objectives=other))
    assert "outcome" not in missing


def test_what_was_never_scored_is_no_design() -> None:
    given = [scored(state=state, scores={}) for state in ("failed", "stopped", "running")]
    assert designs(given, wanted()) == []


RATES = Training(learning_rate=real(1e-3, 1e-1), weight_decay=choice(0.0, 1e-2, 0.5))


def test_an_outcome_stays_with_the_settings_that_it_was_measured_under() -> None:
    two = [scored(i, Training(learning_rate=rate, weight_decay=0.5)) for i, rate in enumerate((0.002, 0.09))]
    found = designs(two, wanted(training=RATES))
    assert [design["values"]["training.learning_rate"] for design in found] == [0.002, 0.09]
    assert {design["values"]["training.weight_decay"] for design in found} == {0.5}
    assert all("outcome" in design for design in found)


def test_limits_are_those_of_the_target() -> None:
    space = continuous().space
    (dear, *_) = [a for a in space.enumerate() if price(a, "onnx").flops > price(a).flops]
    limit = [parse_constraint(f"flops <= {price(dear).flops}")]
    assert len(designs([dear], wanted(space=space, constraints=limit))) == 1
    assert designs([dear], wanted(space=space, constraints=limit, target="onnx")) == []
