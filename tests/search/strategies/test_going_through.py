"""Exhaustive search meets each architecture once, and quasi-random search each value as often as the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from archspec import Architecture, Classifier, Image, Pointwise, price
from archspec.schema.hole import Scalar
from search.drawing import MOST_DRAWS
from search.errors import RunError
from search.events import Proposed, Rejected
from search.record.history import History
from search.strategies import exhaustive
from search.strategies.exhaustive import Exhaustive
from search.strategies.quasi_random import QuasiRandom
from search.strategies.random import Random
from search.strategies.strategy import Budget, Strategy
from search.trial import Trial
from spaces import Space, integer
from tests.search.made_up import candidates, deep_space, drive, engine_in
from tests.search.tiny import small_space


def met(directory: Path, limit: str, seed: int = 0, kills: int | None = None) -> list[str]:
    """Hashes of what exhaustive search meets until it is exhausted."""
    while True:
        engine = engine_in(
            directory, constraints=[limit], trials=1_000, seed=seed, lag=2, strategy=Exhaustive(small_space())
        )
        drive(engine, tell=kills)
        engine.record.close()
        if engine.done:
            assert engine.exhausted
            return candidates(engine)


@pytest.mark.parametrize(("most", "limit"), [("300", 300), ("100k", 100_000)])
def test_exhaustive_search_meets_each_architecture_within_the_limits_once(
    most: str, limit: int, tmp_path: Path
) -> None:
    all_there_are = {a.hash for a in small_space().enumerate() if price(a).params <= limit}
    found = met(tmp_path / "whole", f"params <= {most}")
    assert sorted(found) == sorted(all_there_are)
    assert met(tmp_path / "killed", f"params <= {most}", kills=7) == found
    assert met(tmp_path / "other", f"params <= {most}", seed=1) != found


def proposed(strategy: Strategy, count: int, run_seed: int = 0) -> list[Mapping[str, Scalar]]:
    """The first proposals of a run, all of which are rejected."""
    history, found = History(), []
    for number in range(count):
        found.append(strategy.propose(history, Budget(0, count, number, 1, 1_000 * run_seed + number, run_seed)).values)
        event = Rejected(Trial(number, 0, found[-1], state="rejected"))
        history.observe(event)
        strategy.observe(event)
    return found


def test_its_list_is_made_once_and_a_large_space_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    in_order = [values for _, values in small_space().fillings()]
    fillings, calls = Space.fillings, []
    monkeypatch.setattr(Space, "fillings", lambda space: calls.append(1) or fillings(space))
    shuffled = proposed(Exhaustive(small_space()), len(in_order))
    assert len(calls) == 1
    assert shuffled != in_order
    assert all(values in shuffled for values in in_order)
    monkeypatch.setattr(exhaustive, "MOST_SHUFFLED", len(in_order) - 1)
    assert proposed(Exhaustive(small_space()), len(in_order)) == in_order


def test_what_was_drawn_for_it_is_left_out_and_what_was_not_drawn_comes_again() -> None:
    whole = proposed(Exhaustive(small_space()), 72)
    strategy, history = Exhaustive(small_space()), History()
    strategy.observe(Proposed(Trial(0, 0, whole[0])))
    strategy.observe(Proposed(Trial(1, 1, whole[2])))
    again = [strategy.propose(history, Budget(2, 99, attempt, 1, 0)).values for attempt in (0, MOST_DRAWS)]
    assert again == [whole[1], whole[1]]
    strategy.observe(Rejected(Trial(2, 2, whole[1])))
    assert strategy.propose(history, Budget(2, 99, 1, 1, 0)).values == whole[3]


def test_that_real_numbers_cannot_be_gone_through_is_said() -> None:
    with pytest.raises(RunError, match=r"exhaustive cannot try every value of .*rate, a real number; make it a choice"):
        Exhaustive(deep_space())


def flat() -> Space:
    """Decisions of 2, 3, 5 and 64 values, all of them always active."""
    sizes = {"two": 2, "three": 3, "five": 5, "many": 64}
    body = [Pointwise(channels=integer(name, 1, size)) for name, size in sizes.items()]
    return Space(Architecture(input=Image(channels=1, size=(2, 2)), body=body, head=Classifier(classes=2)))


def unevenness(found: list[Mapping[str, Scalar]]) -> float:
    """How far the number of times that a value occurs is from the same number for all values of its decision."""
    worst = 0.0
    for parameter in flat().parameters():
        counts = Counter(values[parameter.name] for values in found)
        share = len(found) / len(parameter.hole.values)
        worst = max(worst, *(abs(counts[value] - share) for value in parameter.hole.values))
    return worst


@pytest.mark.parametrize("run_seed", [*range(3), -1])
def test_of_a_power_of_two_of_quasi_random_points_each_value_has_its_share(run_seed: int) -> None:
    found = proposed(QuasiRandom(flat()), 128, run_seed)
    assert unevenness(found) < 2
    pairs = Counter((values["two"], values["three"]) for values in found)
    assert len(pairs) == 6
    assert all(128 / 6 - 6 < count < 128 / 6 + 6 for count in pairs.values())
    assert unevenness(proposed(Random(flat()), 128, run_seed)) > 4


def test_the_sequence_is_one_for_the_run_and_another_for_another() -> None:
    whole = proposed(QuasiRandom(flat()), 32)
    history = History()
    for number, values in enumerate(whole[:20]):
        history.observe(Rejected(Trial(number, number, values, state="rejected")))
    resumed = QuasiRandom(flat())
    assert resumed.propose(history, Budget(20, 32, 0, 1, 5)).values == whole[20]
    assert resumed.propose(History(), Budget(0, 32, 0, 1, 5)).values == whole[0]
    assert proposed(QuasiRandom(flat()), 32, run_seed=1) != whole
