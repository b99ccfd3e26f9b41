"""The engine: passive, exact about what it hands out, at home in a study it has never seen."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from archspec import Architecture, Classifier, Conv, Cost, Image, Lift, SignalError, price
from search import Engine, Exhausted, Failed, Scored, maximize
from search.errors import RunError
from search.files import RunDirectory
from search.objectives import parse_constraint, parse_objective
from search.record.writing import Record
from search.result import Result
from search.strategies.random import Random
from search.strategies.strategy import Strategy, fresh
from search.trial import Trial
from spaces import Space, choice, integer
from tests.search.made_up import drive
from tests.search.tiny import small_space

OBJECTIVES = [parse_objective("maximize accuracy"), parse_objective("minimize flops")]


def engine_in(
    directory: Path,
    space: Space | None = None,
    constraints: tuple[str, ...] = (),
    trials: int = 10,
    seed: int = 0,
    lag: int = 1,
    strategy: Strategy | None = None,
) -> tuple[Engine, Record]:
    record = Record(RunDirectory(directory), {})
    limits = [parse_constraint(text) for text in constraints]
    space = space or small_space()
    strategy = strategy or fresh("tpe", space, OBJECTIVES)
    return Engine(record, space, OBJECTIVES, limits, trials, seed, lag, strategy=strategy), record


def score(candidate: Trial) -> Scored:
    """A made-up accuracy that follows from the architecture alone."""
    assert candidate.architecture
    return Scored({"accuracy": int(candidate.architecture.hash[:6], 16) / 16**6})


def exhaust(engine: Engine) -> list[Trial]:
    seen = []
    while candidate := engine.ask():
        seen.append(candidate)
        engine.tell(candidate, score(candidate))
    return seen


def test_no_candidate_is_ill_typed_over_budget_or_drawn_twice(tmp_path: Path) -> None:
    engine, _ = engine_in(tmp_path, constraints=("params <= 300", "flops <= 20k"), trials=12)
    candidates = exhaust(engine)
    assert len(candidates) == 12
    assert len({c.architecture.hash for c in candidates}) == 12
    for c in candidates:
        assert c.cost == price(c.architecture)
        assert c.cost.params <= 300
        assert c.cost.flops <= 20_000


def test_rejected_draws_are_recorded_with_the_constraint_they_broke(tmp_path: Path) -> None:
    engine, _ = engine_in(tmp_path, constraints=("params <= 300",), trials=12)
    exhaust(engine)
    rejected = [t for t in engine.history if t.state == "rejected"]
    assert rejected
    for trial in rejected:
        assert max(trial.excess.values()) > 0
        assert trial.reason
    accepted = [t for t in engine.history if t.state != "rejected"]
    assert all(max(t.excess.values()) <= 0 for t in accepted)


def test_ill_typed_candidates_are_redrawn(tmp_path: Path) -> None:
    space = Space(
        Architecture(
            input=Image(channels=1, size=(4, 4)),
            head=Classifier(classes=2),
            body=[Conv(channels=integer(1, 8), kernel_size=choice(3, 5, 7, 9))],
        )
    )
    engine, _ = engine_in(tmp_path, space, trials=8)
    assert {c.architecture.body[0].kernel_size for c in exhaust(engine)} == {3}
    reasons = {t.reason for t in engine.history if t.state == "rejected"}
    assert any("taps on an axis of 4" in str(reason) for reason in reasons)


@pytest.mark.parametrize("constraint", ["params <= 3", "flops <= 10"])
def test_when_a_budget_leaves_nothing_it_says_which(tmp_path: Path, constraint: str) -> None:
    engine, _ = engine_in(tmp_path, constraints=(constraint, "activations <= 1G"))
    quantity = constraint.split()[0]
    least = price(engine.space.cheapest(quantity)).quantities()[quantity]
    with pytest.raises(Exhausted, match=f"break {constraint}; the cheapest one found has {least:,} {quantity}; loosen"):
        engine.ask()


def test_when_nothing_fits_together_it_says_so(tmp_path: Path) -> None:
    space = Space(
        Architecture(
            input=Image(channels=1, size=(4, 6)),
            head=Classifier(classes=2),
            body=[Lift(channels=integer(1, 4), group="C4")],
        )
    )
    with pytest.raises(SignalError, match="turns axis 0 into axis 1"):
        _ = next(space.enumerate()).graph
    engine, _ = engine_in(tmp_path, space)
    with pytest.raises(Exhausted, match="do not fit together; mend the space"):
        engine.ask()


def test_a_small_space_is_searched_to_its_end(tmp_path: Path) -> None:
    space = Space(
        Architecture(
            input=Image(channels=1, size=(4, 4)), head=Classifier(classes=2), body=[Conv(channels=integer(1, 5))]
        )
    )
    engine, _ = engine_in(tmp_path, space, trials=50)
    assert len(exhaust(engine)) == 5
    assert engine.done
    assert "drawn before" in str(engine.exhausted)


def test_candidates_depend_on_seed_and_outcomes_only(tmp_path: Path) -> None:
    def hashes(name: str, seed: int) -> list[str]:
        engine, _ = engine_in(tmp_path / name, trials=15, seed=seed)
        return [c.architecture.hash for c in exhaust(engine)]

    assert hashes("a", 1) == hashes("b", 1)
    assert hashes("c", 2) != hashes("d", 1)


def test_each_architecture_is_trained_under_a_seed_of_its_own_that_follows_from_the_runs(tmp_path: Path) -> None:
    def seeds(name: str, seed: int) -> dict[str | None, int]:
        engine, _ = engine_in(tmp_path / name, trials=20, seed=seed, strategy=Random(small_space()))
        return {c.hash: c.seed for c in exhaust(engine)}

    first, again, other = seeds("first", 1), seeds("again", 1), seeds("other", 2)
    assert first == again
    shared = first.keys() & other.keys()
    assert shared
    assert len({*first.values(), *other.values()}) == len(first) + len(other)


def test_the_order_in_which_workers_finish_changes_nothing(tmp_path: Path) -> None:
    def hashes(name: str, first: bool) -> list[str]:
        engine, _ = engine_in(tmp_path / name, trials=16, lag=3)
        seen, flying = [], []
        while not engine.done:
            while candidate := engine.ask():
                seen.append(candidate)
                flying.append(candidate)
            done = flying.pop(0 if first else -1)
            engine.tell(done, score(done))
        return [c.architecture.hash for c in seen]

    assert hashes("oldest first", True) == hashes("newest first", False)


def test_an_engine_over_the_record_of_a_killed_one_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    whole, _ = engine_in(tmp_path / "whole", trials=12, lag=2, constraints=("params <= 300",))
    expected = [c.architecture.hash for c in exhaust(whole)]
    seen: dict[int, str] = {}
    for _ in range(100):
        engine, home = engine_in(tmp_path / "killed", trials=12, lag=2, constraints=("params <= 300",))
        if engine.done:
            break
        for kept in (True, False):  # tell one, then die with the next in flight
            if candidate := engine.ask():
                seen[candidate.slot] = candidate.architecture.hash
                if kept:
                    engine.tell(candidate, score(candidate))
        home.close()
    assert engine.done
    assert [seen[slot] for slot in sorted(seen)] == expected


def test_failed_candidates_are_failed_in_the_record_and_the_search_goes_on(tmp_path: Path) -> None:
    engine, _ = engine_in(tmp_path, trials=6)
    for i in range(6):
        candidate = engine.ask()
        assert candidate
        engine.tell(candidate, Failed("diverged") if i % 2 else score(candidate))
    assert engine.done
    assert [t.state for t in engine.history].count("failed") == 3


def test_an_objective_that_cannot_be_worked_out_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    engine, _ = engine_in(tmp_path, trials=3)
    for scores, reason in (
        ({"loss": 1.0}, "there is no score 'accuracy'"),
        ({"accuracy": float("nan")}, "accuracy is nan"),
    ):
        candidate = engine.ask()
        assert candidate
        engine.tell(candidate, Scored(scores))
        assert reason in str(engine.history[candidate.number].reason)


def test_an_objective_of_ones_own_is_kept_with_the_scores(tmp_path: Path) -> None:
    worth = maximize("worth", lambda cost, scores: scores["accuracy"] / cost.params)
    record = Record(RunDirectory(tmp_path), {"objectives": [str(worth)]})
    candidates = exhaust(Engine(record, small_space(), [worth], [], trials=2, seed=0))
    best = max(candidates, key=lambda c: score(c).scores["accuracy"] / c.cost.params)
    assert [t.number for t in Result.open(tmp_path).front] == [best.number]


def test_a_second_telling_is_ignored(tmp_path: Path) -> None:
    engine, _ = engine_in(tmp_path, trials=2)
    candidate = engine.ask()
    assert candidate
    engine.tell(candidate, Scored({"accuracy": 0.5}))
    size = engine.record.directory.record.stat().st_size
    engine.tell(candidate, Scored({"accuracy": 0.9}))
    assert engine.record.directory.record.stat().st_size == size
    second = engine.ask()
    assert second
    engine.tell(second, Scored({"accuracy": 0.1}))
    assert engine.history[candidate.number].scores == {"accuracy": 0.5}


def test_one_process_holds_a_run(tmp_path: Path) -> None:
    _, home = engine_in(tmp_path)
    with pytest.raises(RunError, match="another process is running the search in"):
        Record(RunDirectory(tmp_path), {})
    with pytest.raises(RunError, match="another process is confirming the run in"):
        Record(RunDirectory(tmp_path), {}, doing="confirming the run")
    home.close()
    engine_in(tmp_path)


def test_a_torn_last_line_of_the_record_is_mended(tmp_path: Path) -> None:
    engine, home = engine_in(tmp_path, trials=4)
    first = engine.ask()
    assert first
    engine.tell(first, score(first))
    home.close()
    with home.directory.record.open("ab") as file:
        file.write(b'{"event":"finished","number":1,"torn')
    again, _ = engine_in(tmp_path, trials=4)
    assert again.finished == 1
    assert len(exhaust(again)) == 3
    assert Result.open(tmp_path).counts()["scored"] == 4


class Widths:
    """An objective of one's own, known from the cost."""

    name, maximize, priced = "widths", False, True

    def value(self, cost: Cost, scores: Mapping[str, float]) -> float:
        return np.float32(cost.params) ** 0.5

    told = value


def test_a_reopened_run_knows_the_values_of_objectives_of_ones_own(tmp_path: Path) -> None:
    record = Record(RunDirectory(tmp_path), {})
    engine = Engine(record, small_space(), [*OBJECTIVES, Widths()], (), 6, 0)
    drive(engine)
    again = Result(tmp_path, [parse_objective(text) for text in ("maximize accuracy", "minimize widths")])
    assert again.best("widths").cost == min((t.cost for t in again.front if t.cost), key=lambda cost: cost.params)
    assert all("widths" in t.scores and "flops" not in t.scores for t in again.trials if t.state == "scored")
