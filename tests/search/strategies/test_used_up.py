"""A space that is used up: no epoch is trained twice, whatever a strategy knows of what has paused."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec import Architecture, Classifier, Conv, Image
from search.objectives import parse_objective
from search.outcome import Scored, Stopped
from search.record.history import History
from search.strategies.random import Random
from search.strategies.strategy import STRATEGIES, Budget, Proposal, Strategy
from spaces import Space, choice
from tests.search.made_up import BOTH, engine_in

THREE = Space(
    Architecture(
        input=Image(channels=1, size=(6, 6)),
        body=[Conv(channels=choice(2, 3, 4), kernel_size=3)],
        head=Classifier(classes=2),
    )
)


class InTurns(Random):
    """Proposes each of three for one epoch, then for four, then for all, and names no parent."""

    def propose(self, history: History, budget: Budget) -> Proposal:
        values = [values for _, values in THREE.fillings()][budget.slot % 3]
        return Proposal(values, fidelity=(1, 4, None)[min(budget.slot // 3, 2)])


@pytest.mark.parametrize("name", ["front", "halving", "in turns"])
def test_no_epoch_is_trained_twice_in_a_space_that_is_used_up(name: str, tmp_path: Path) -> None:
    objectives = [parse_objective(text) for text in BOTH]
    strategy: Strategy = STRATEGIES[name](THREE, objectives) if name in STRATEGIES else InTurns(THREE)
    engine = engine_in(tmp_path, THREE, constraints=(), trials=9, epochs=9, strategy=strategy)
    epochs = 0
    while (trial := engine.ask()) is not None:
        epochs += engine.history.length(trial, 9)
        whole = trial.epochs is None or trial.epochs >= 9
        scores = {"accuracy": 0.5}
        engine.tell(trial, Scored(scores, 9) if whole else Stopped(scores, trial.epochs or 9))
    scored = [trial.hash for trial in engine.history if trial.state == "scored"]
    assert len(scored) == len(set(scored)) == 3
    assert epochs == 3 * 9
