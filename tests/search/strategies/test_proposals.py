"""Whatever a strategy of one's own proposes is trained, and read again by a resumed run, or refused in a sentence."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from search.errors import RunError
from search.record.history import History
from search.strategies.strategy import Budget, Proposal
from tests.search.made_up import drive, engine_in
from tests.search.tiny import small_space


class Own:
    """Proposes random values, by a function that may propose anything beside them."""

    name = "own"

    def __init__(self, propose: Callable[[Mapping[str, Any]], Any]) -> None:
        self.make = propose

    def propose(self, history: History, budget: Budget) -> Any:
        return self.make(small_space().random_values(random.Random(budget.seed)))

    def observe(self, event: object) -> None:
        """Nothing."""


def trials_of(directory: Path, propose: Callable[[Mapping[str, Any]], Any]) -> list[tuple[object, ...]]:
    """The trials of a run, which are the same where the run is opened again."""
    whole = engine_in(directory, strategy=Own(propose))
    drive(whole)
    whole.record.close()
    again = engine_in(directory, strategy=Own(propose))
    again.record.close()
    found, read = (
        [(t.values, t.epochs, t.parent, t.notes, type(t.epochs)) for t in engine.history if t.state != "rejected"]
        for engine in (whole, again)
    )
    assert read == found
    return found


@pytest.mark.parametrize(
    "given",
    [
        {"fidelity": np.int64(1)},
        {"fidelity": True},
        {"parent": np.int64(0)},
        {"parent": True},
        {"parent": 999},
        {"notes": {"a": (1, 2), 3: float("nan")}},
        {"notes": {"a": np.float64(0.5), "b": {"c": [None, "d"]}}},
    ],
)
def test_what_is_proposed_is_the_same_in_a_resumed_run(given: dict[str, Any], tmp_path: Path) -> None:
    assert len(trials_of(tmp_path, lambda values: Proposal(values, **given))) == 12


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"fidelity": 0}, "the fidelity of a proposal must be 1 or more, not 0"),
        ({"fidelity": -1}, "the fidelity of a proposal must be 1 or more, not -1"),
        ({"fidelity": 2.5}, "the fidelity of a proposal must be a whole number, not 2.5"),
        ({"parent": -1}, "the parent of a proposal must be 0 or more, not -1"),
        ({"parent": "0"}, "the parent of a proposal must be a whole number, not '0'"),
        ({"notes": {"a": np.arange(2)}}, "the notes of a proposal are no plain data: .*; give texts and numbers"),
        ({"notes": None}, "the notes of a proposal are no plain data: .*; give texts and numbers"),
    ],
)
def test_what_no_run_could_read_again_is_refused(given: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=f"the strategy own raised ValueError: {why}"):
        trials_of(tmp_path, lambda values: Proposal(values, **given))


def test_a_strategy_returns_a_proposal(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"the strategy own must return a Proposal\(values\), not {'width'"):
        trials_of(tmp_path / "values", lambda values: values)
    with pytest.raises(RunError, match="the strategy own must return a Proposal"):
        trials_of(tmp_path / "alike", lambda values: SimpleNamespace(**vars(Proposal(values))))
