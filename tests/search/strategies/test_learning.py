"""A strategy that learns tries more of what did well: towards a best value that is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import pytest

from archspec import Architecture, Classifier, Image, Pointwise
from search import Scored
from search.objectives import parse_objective
from search.strategies.strategy import STRATEGIES
from spaces import Space, integer
from tests.search.made_up import engine_in

WIDTHS = Space(
    Architecture(
        input=Image(channels=1, size=(2, 2)),
        body=[Pointwise(channels=integer("width", 1, 500))],
        head=Classifier(classes=2),
    )
)
BEST = 120
CHANCE = mean(abs(width - BEST) for width in range(1, 501))


def misses(directory: Path, name: str, objectives: Sequence[str]) -> list[int]:
    """How far each candidate's width is from the best, for accuracies and losses that follow from that alone."""
    strategy = STRATEGIES[name](WIDTHS, [parse_objective(text) for text in objectives])
    engine = engine_in(directory, WIDTHS, objectives, (), trials=50, strategy=strategy)
    found = []
    while (trial := engine.ask()) is not None:
        found.append(abs(int(str(trial.values["width"])) - BEST))
        engine.tell(trial, Scored({"accuracy": 1 - found[-1] / 500, "loss": found[-1] / 500}))
    return found


@pytest.mark.parametrize("objective", ["maximize accuracy", "minimize loss"])
def test_what_it_has_learned_from_comes_twice_as_close_to_the_best_as_chance(objective: str, tmp_path: Path) -> None:
    found = misses(tmp_path, "tpe", [objective])
    assert mean(found[20:]) < CHANCE / 2


def test_random_search_does_not(tmp_path: Path) -> None:
    assert mean(misses(tmp_path, "random", ["minimize loss"])[20:]) > 0.8 * CHANCE
