"""A budget of epochs or FLOPs ends a run at the same candidate, whichever training ends first."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from archspec import Cost
from search import Engine, Training
from search.backends.backend import BACKENDS
from search.cli.main import main
from search.events import Finished, Proposed
from search.files import RunDirectory
from search.numbers import amount, most, short
from search.outcome import Stopped
from search.record.history import History, Settings
from search.record.writing import Record
from search.spending import Spending, ahead, spent, training_flops
from search.strategies.random import Random
from search.strategies.strategy import Budget, Proposal, Strategy
from search.trial import Trial
from spaces import Space
from tests.search.backends.test_workers import OneByOne
from tests.search.test_engine import OBJECTIVES, score
from tests.search.tiny import small_search, small_space

EPOCHS, EXAMPLES, BATCH = 4, 100, 32
SETTINGS = {"examples": EXAMPLES, "training": Training(epochs=EPOCHS, batch_size=BATCH).record()}


class Spy(Random):
    """Random search that remembers what the budget is of."""

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self.flops: set[float] = set()

    def propose(self, history: History, budget: Budget) -> Proposal:
        self.flops.add(budget.flops)
        return super().propose(history, budget)


def candidates(
    directory: Path, budget: Spending, lag: int = 1, oldest: bool = True, strategy: Strategy | None = None
) -> list[Trial]:
    """The candidates of a run under a budget, `lag` at a time, of which the oldest or the newest ends first."""
    with Record(RunDirectory(directory), SETTINGS) as record:
        space = small_space()
        engine = Engine(
            record, space, OBJECTIVES, (), 20, 0, lag, "torch", strategy or Random(space), EPOCHS, (), budget
        )
        flying: list[Trial] = []
        while True:
            while (trial := engine.ask()) is not None:
                flying.append(trial)
            if not flying:
                return [trial for trial in engine.history if trial.state == "scored"]
            done = flying.pop(0 if oldest else -1)
            engine.tell(done, score(done))


def by_hand(trial: Trial) -> float:
    """FLOPs of the whole training of a candidate: 100 examples are four steps of 32."""
    assert trial.cost
    return EPOCHS * 3 * (100 * trial.cost.flops + 4 * 2 * trial.cost.kernel_macs)


@pytest.mark.parametrize(("budget", "count"), [(1, 1), (EPOCHS, 1), (EPOCHS + 1, 2), (5 * EPOCHS, 5)])
def test_a_budget_of_epochs_is_overshot_by_less_than_one_training(budget: int, count: int, tmp_path: Path) -> None:
    assert len(candidates(tmp_path, Spending(budget, math.inf))) == count


def test_a_budget_of_flops_ends_at_the_first_candidate_that_reaches_it(tmp_path: Path) -> None:
    whole = candidates(tmp_path / "whole", Spending(math.inf, math.inf))
    takes = [by_hand(trial) for trial in whole]
    for budget, count in ((sum(takes[:3]), 3), (sum(takes[:3]) + 1, 4)):
        found = candidates(tmp_path / str(count), Spending(math.inf, budget))
        assert [t.hash for t in found] == [t.hash for t in whole[:count]]


def test_a_strategy_knows_what_the_budget_is_of(tmp_path: Path) -> None:
    """Of how many epochs of an architecture of one FLOP."""
    found = []
    for number, budget in enumerate(
        (Spending(4.0, math.inf), Spending(math.inf, 3 * EXAMPLES), Spending(4.0, 1.5 * EXAMPLES))
    ):
        spy = Spy(small_space())
        candidates(tmp_path / str(number), budget, strategy=spy)
        found.append(spy.flops)
    assert found == [{math.inf}, {1.0}, {0.5}]


def test_which_training_ends_first_does_not_move_the_end(tmp_path: Path) -> None:
    found = [
        [t.hash for t in candidates(tmp_path / str(oldest), Spending(7 * EPOCHS, math.inf), 3, oldest)]
        for oldest in (True, False)
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 7


def test_a_run_that_is_given_more_goes_on_as_if_it_had_been_given_it_at_once(tmp_path: Path) -> None:
    less, more = Spending(3 * EPOCHS, math.inf), Spending(6 * EPOCHS, math.inf)
    candidates(tmp_path / "run", less)
    again = candidates(tmp_path / "run", more)
    assert [t.hash for t in again] == [t.hash for t in candidates(tmp_path / "whole", more)]
    assert len(again) == 6


def test_what_goes_on_from_a_pause_takes_the_epochs_that_are_left() -> None:
    history = History(Settings(SETTINGS))
    architecture = small_space().default
    for number, (epochs, parent) in enumerate([(1, None), (EPOCHS, 0)]):
        trial = Trial(number, number, {}, architecture=architecture, hash="a", epochs=epochs, parent=parent)
        history.observe(Proposed(trial))
        assert ahead(history[number], history, EPOCHS, False) == Spending((1, 3)[number])
        history.observe(Finished(number, Stopped({}, epochs, 3600.0 * epochs)))
    assert (spent(history).epochs, spent(history).hours) == (EPOCHS, EPOCHS)


def test_what_was_carried_over_takes_nothing() -> None:
    history = History(Settings(SETTINGS))
    history.observe(Proposed(Trial(0, 0, {}, architecture=small_space().default, source="runs/old, trial 3")))
    assert ahead(history[0], history, EPOCHS, True) == spent(history) == Spending()


def test_the_flops_of_a_training_count_the_size_of_its_own_batches() -> None:
    history = History(Settings(SETTINGS | {"training": {"batch_size": {"hole": "choice", "options": [10, 50]}}}))
    costs = Cost(macs=10, kernel_macs=7)
    for number, size in enumerate((10, 50)):
        history.observe(Proposed(Trial(number, number, {"training.batch_size": size}, cost=costs)))
        expected = 3 * (EXAMPLES * costs.flops + 2 * costs.kernel_macs * (EXAMPLES // size))
        assert training_flops(history[number], 1) == expected


@pytest.mark.parametrize(
    ("text", "number"), [("2_000", 2e3), ("50k", 5e4), ("2P", 2e15), ("1e15", 1e15), ("3 T", 3e12)]
)
def test_budgets_are_read_as_limits_are(text: str, number: float) -> None:
    assert amount(text) == most("it", text) == number
    assert amount(short(number)) == number


@pytest.mark.parametrize("value", [0, -1, math.nan, "0", True])
def test_a_budget_is_above_zero(value: float | str, tmp_path: Path) -> None:
    for name in ("total_epochs", "total_flops"):
        with pytest.raises(ValueError, match=f"{name} must be above 0, not {value}"):
            small_search().run(tmp_path, **{name: value})


def test_status_says_what_was_spent_and_which_budget_ended_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(BACKENDS, "known", {**BACKENDS.known, "one by one": OneByOne})

    def told(**budgets: float | str) -> str:
        capsys.readouterr()
        small_search(trials=6).run(tmp_path, "one by one", workers=1, watch=None, **budgets)
        main(["status", str(tmp_path)])
        return capsys.readouterr().out

    assert "ended: the budget of 1 FLOPs of training is spent" in told(total_flops="1")
    assert "ended: the budget of 3 epochs is spent" in told(total_epochs=3)
    assert "ended: all 6 trials are done" in told()
