"""What a strategy of somebody's own proposes, and what becomes of its mistakes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from search.errors import RunError
from search.events import Event, Finished
from search.record.history import History
from search.strategies.strategy import Budget, Proposal, check_strategy
from tests.search.made_up import candidates, drive, engine_in
from tests.search.tiny import small_space


class Own:
    """Proposes at random, and writes down what the history shows of what it proposed."""

    name = "own"

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.seen: list[Mapping[str, Any]] = []

    def propose(self, history: History, budget: Budget) -> Proposal:
        self.seen = [dict(trial.values) for trial in history]
        self.values.clear()
        self.values.update(small_space().random_values(random.Random(budget.seed)))
        return Proposal(self.values)

    def observe(self, event: Event) -> None:
        """Nothing is learned."""


def test_what_was_proposed_stays_what_it_was_whatever_the_strategy_does_with_its_values(tmp_path: Path) -> None:
    strategy = Own()
    engine = engine_in(tmp_path, trials=5, strategy=strategy)
    drive(engine)
    proposed = [dict(trial.values) for trial in engine.history]
    assert strategy.seen == proposed[: len(strategy.seen)]
    engine.record.close()
    assert proposed == [dict(trial.values) for trial in engine_in(tmp_path, trials=5, strategy=Own()).history]


@pytest.mark.parametrize("name", [None, 3, ""])
def test_a_strategy_has_a_name(name: object) -> None:
    strategy = Own()
    vars(strategy)["name"] = name
    with pytest.raises(ValueError, match="the name of a strategy is a text"):
        check_strategy(strategy)


@pytest.mark.parametrize("fidelities", [(4, None), (None, 4), (4, 5), (9, 4), (None, 1000)])
def test_a_whole_training_is_the_same_candidate_whatever_its_epochs_are_called(
    fidelities: tuple[int | None, ...], tmp_path: Path
) -> None:
    class Again(Own):
        def propose(self, history: History, budget: Budget) -> Proposal:
            return Proposal(small_space().values_of(small_space().default), fidelity=fidelities[budget.slot % 2])

    engine = engine_in(tmp_path, constraints=(), trials=6, strategy=Again(), epochs=4)
    drive(engine)
    assert len(set(candidates(engine))) == engine.finished == 6


def test_a_strategy_that_raises_an_error_is_named_with_the_line_of_its_file(tmp_path: Path) -> None:
    class Asks(Own):
        def propose(self, history: History, budget: Budget) -> Proposal:
            return super().propose(history, budget) if budget.slot < 2 else Proposal({}["nothing"])

    class Hears(Own):
        def observe(self, event: Event) -> None:
            if isinstance(event, Finished):
                raise ValueError("not this\nevent")

    for strategy, words in ((Asks(), "KeyError: nothing"), (Hears(), "ValueError: not this event")):
        said = rf"^the strategy own raised {words} \(test_own_strategies.py, line \d+\); mend it, and run the "
        with pytest.raises(RunError, match=said):
            drive(engine_in(tmp_path / words[:3], trials=5, strategy=strategy))


def test_values_that_are_no_mapping_are_refused() -> None:
    with pytest.raises(ValueError, match="the values of a proposal are a mapping from names to values, not 3"):
        Proposal(3)  # type: ignore[arg-type]
