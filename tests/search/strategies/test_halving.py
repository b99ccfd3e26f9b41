"""Successive halving: who goes on is of the best at each rung, and what has paused is apart from what is scored."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from archspec import Architecture, Classifier, Conv, Cost, Image
from search import Engine, Training
from search.events import Finished, Proposed, Rejected
from search.files import RunDirectory
from search.objectives import parse_objective
from search.outcome import Outcome, Scored, Stopped
from search.record.history import History
from search.record.writing import Record
from search.simulating import simulate
from search.strategies import halving
from search.strategies.halving import PATIENCE, Halving
from search.strategies.kept import losses
from search.strategies.strategy import MOST_DRAWS, Budget
from search.training.retraining import ACCURACY
from search.training.trainer import train
from search.trial import Trial
from spaces import Space, choice
from tests.search.made_up import deep_space
from tests.search.strategies.test_front import landscape
from tests.search.test_ranks import crowding_by_definition, ranks_by_definition
from tests.search.tiny import bars, small_search, small_space

OBJECTIVES = [parse_objective(text) for text in ("maximize accuracy", "minimize flops")]


@pytest.mark.parametrize(
    ("epochs", "factor", "rungs", "expected"),
    [(9, 3, 2, [1, 3]), (20, 3, 2, [2, 7]), (12, 2, 3, [2, 3, 6]), (3, 3, 2, [1]), (2, 3, 2, [1]), (1, 3, 2, [])],
)
def test_rungs_are_shares_of_a_whole_training(epochs: int, factor: int, rungs: int, expected: list[int]) -> None:
    assert Halving(deep_space(), OBJECTIVES, factor, rungs).pauses(epochs) == expected


@pytest.mark.parametrize(("factor", "rungs"), [(1, 2), (3, 0)])
def test_there_is_something_to_choose(factor: int, rungs: int) -> None:
    with pytest.raises(ValueError, match="factor is 2 or more, and rungs 1 or more, not"):
        Halving(deep_space(), OBJECTIVES, factor, rungs)


def test_one_in_three_goes_on_and_it_is_of_the_best_at_its_rung() -> None:
    history = simulate(deep_space(), landscape, Halving(deep_space(), OBJECTIVES), epochs=120, seed=3).history
    trials = [trial for trial in history if trial.state != "rejected"]
    there: dict[int | None, list[Trial]] = {}
    gone: set[int] = set()
    for trial in trials:
        free = {rung: [t for t in best_third(known) if t.number not in gone] for rung, known in there.items()}
        if trial.parent is None:
            assert not any(free.values())  # a new one is begun only if none may go on
            assert trial.epochs == 1
        else:
            rung = history[trial.parent].epochs
            assert rung == max(rung for rung, ready in free.items() if ready and rung is not None)
            assert (free[rung][0].number, free[rung][0].hash) == (trial.parent, trial.hash)
            assert trial.epochs == {1: 2, 2: None}[rung]
            gone.add(trial.parent)
        if trial.epochs is not None:
            there.setdefault(trial.epochs, []).append(trial)
    assert {trial.state: trial.epochs for trial in trials} == {"stopped": 2, "scored": None}
    counts = [sum(trial.epochs == rung for trial in trials) for rung in (1, 2, None)]
    # More than a third: who has gone on may not be of the best third any more once later ones are known.
    assert counts[0] / 3 - 1 < counts[1] < counts[0]
    assert counts[1] / 3 - 1 < counts[2] < counts[1]


def best_third(trials: list[Trial]) -> list[Trial]:
    """By the definitions of ranks and crowding."""
    points = [losses(trial, OBJECTIVES) for trial in trials]
    found = ranks_by_definition(points)
    apart = {}
    for rank in set(found):
        members = [i for i in range(len(points)) if found[i] == rank]
        apart |= dict(zip(members, crowding_by_definition([points[i] for i in members]), strict=True))
    order = sorted(range(len(points)), key=lambda i: (found[i], -apart[i], i))
    return [trials[i] for i in order[: len(trials) // 3]]


def run(directory: Path, kills: int | None = None) -> list[tuple[object, ...]]:
    """The candidates of a run with three workers, killed after every `kills` outcomes, the newest first."""
    while True:
        record = Record(RunDirectory(directory), {})
        strategy = Halving(deep_space(), OBJECTIVES)
        engine = Engine(record, deep_space(), OBJECTIVES, [], trials=6, seed=0, lag=3, strategy=strategy, epochs=6)
        flying = [trial for trial in engine.history if trial.state == "running"]
        left = kills
        while not engine.done and left != 0:
            while (trial := engine.ask()) is not None:
                flying += [] if trial in flying else [trial]
            if not engine.done:
                last = flying.pop(-1 if kills else 0)
                engine.tell(last, outcome(last))
                left = None if left is None else left - 1
        record.close()
        if engine.done:
            return [(t.slot, t.hash, t.epochs, t.parent, t.state) for t in engine.history]


def outcome(trial: Trial) -> Outcome:
    assert trial.architecture
    curve = landscape(trial.architecture)[: trial.epochs]
    made = Scored if trial.epochs is None else Stopped
    return made({"accuracy": max(curve)}, len(curve), curve=tuple(curve))


def test_killed_or_not_the_same_candidates_go_on(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    assert run(tmp_path / "killed", kills=4) == whole
    assert any(parent is not None and epochs is None for _, _, epochs, parent, _ in whole)


def test_where_nothing_is_new_the_others_go_on_too() -> None:
    space = small_space()
    history = simulate(space, landscape_of_small, Halving(space, OBJECTIVES), epochs=500, seed=1).history
    scored = {trial.hash: trial.parent for trial in history if trial.state == "scored"}
    assert scored.keys() == {architecture.hash for architecture in space.enumerate()}
    assert None not in scored.values()
    # Not by chance: after so many draws of what is known, the best that waits is taken, if one does.
    rows = groupby(isinstance(event, Rejected) for event in history.draws)
    assert not [n for rejected, row in rows if rejected and PATIENCE < (n := len(list(row))) < MOST_DRAWS]


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_a_small_space_is_trained_to_its_end_by_any_number_of_workers(workers: int) -> None:
    for space in (two(), small_space()):
        strategy = Halving(space, OBJECTIVES)
        found = simulate(space, landscape_of_small, strategy, epochs=2_000, workers=workers).history
        scored = [trial.hash for trial in found if trial.state == "scored"]
        assert sorted(map(str, scored)) == sorted({architecture.hash for architecture in space.enumerate()})


def two() -> Space:
    body = [Conv(channels=2, kernel_size=choice(3, 5))]
    return Space(Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2)))


def test_a_score_that_one_candidate_lacks_still_decides_among_the_others() -> None:
    strategy = Halving(two(), [parse_objective("maximize accuracy"), parse_objective("maximize f1")])
    for number, f1 in enumerate([0.1, float("nan"), 0.9]):
        trial = Trial(number, number, {}, hash=str(number), cost=Cost(macs=1), epochs=1)
        strategy.observe(Proposed(trial))
        strategy.observe(Finished(number, Stopped({"accuracy": 0.5, "f1": f1}, 1)))
    best = strategy.propose(History(), Budget(3, 9, 0, 3, seed=0))
    assert best.parent == 2
    order = []
    for slot in range(3):
        found = strategy.propose(History(), Budget(3 + slot, 9, halving.PATIENCE, 3, seed=0))
        assert found.parent is not None
        order.append(found.parent)
        strategy.observe(Proposed(Trial(3 + slot, 3 + slot, {}, hash="h", cost=Cost(macs=1), parent=found.parent)))
    assert order == [2, 0, 1]


def landscape_of_small(architecture: object) -> list[float]:
    return [0.1, 0.2, 0.3]


def test_what_is_compared_does_not_grow_with_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halving, "COMPARED", 20)
    strategy = Halving(deep_space(), OBJECTIVES)
    history = simulate(deep_space(), landscape, strategy, epochs=150, seed=0).history
    first = [trial.number for trial in history if trial.epochs == 1]
    assert len(first) > 40
    for number in (t.parent for t in history if t.parent in first):
        following = next(t for t in history if t.parent == number)
        assert sum(first.index(number) < first.index(n) for n in first if n < following.number) < 20


def test_what_only_whole_trainings_have_does_not_decide_who_goes_on() -> None:
    wanted = ("maximize accuracy", "minimize latency", "minimize flops")
    objectives = [parse_objective(text) for text in wanted]
    strategies = Halving(deep_space(), objectives), Halving(deep_space(), OBJECTIVES)
    with_it, without = (simulate(deep_space(), landscape, s, epochs=40, seed=3).history for s in strategies)
    assert [(t.hash, t.epochs) for t in with_it] == [(t.hash, t.epochs) for t in without]


@pytest.mark.slow
def test_a_real_run_trains_on_from_rung_to_rung_as_if_it_had_never_paused(tmp_path: Path) -> None:
    strategy = Halving(small_space(), OBJECTIVES, factor=2)
    training = Training(epochs=4, batch_size=32)
    result = small_search(trials=3, strategy=strategy, training=training).run(tmp_path / "run", workers=2, watch=False)
    found = {trial.hash: trial for trial in result.trials if trial.state == "scored"}
    assert found
    assert {trial.fidelity for trial in result.trials if trial.state == "stopped"} == {1, 2}
    for trial in found.values():
        assert trial.architecture
        whole = train(trial.architecture, bars(), training, trial.seed, ACCURACY)
        assert isinstance(whole, Scored)
        assert (whole.scores, whole.curve) == (trial.scores, tuple(trial.curve.values()))
