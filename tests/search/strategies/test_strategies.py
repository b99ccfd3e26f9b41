"""Strategies: what they are told comes in an order of its own, and what they propose is checked above them."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from search import Engine, Scored, Search
from search.drawing import MOST_DRAWS
from search.errors import RunError
from search.events import Epoch, Event, Finished, Started
from search.files import RunDirectory
from search.record.history import History
from search.record.writing import Record
from search.strategies.random import Random
from search.strategies.strategy import STRATEGIES, Budget, Proposal, fresh
from spaces import Space
from tests.search.made_up import candidates, deep_space, drive, engine_in, outcome_of
from tests.search.tiny import bars, small_search, small_space


class Listening(Random):
    """Random, and it writes down what it is told and asked."""

    name = "listening"

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self.heard: list[tuple[object, ...]] = []

    def propose(self, history: History, budget: Budget) -> Proposal:
        known = [(t.number, t.state, t.cost, dict(t.scores)) for t in history]
        self.heard.append(("asked", budget, known))
        return super().propose(history, budget)

    def observe(self, event: Event) -> None:
        self.heard.append((type(event).__name__, event.number))


def heard(directory: Path, newest: bool = False, kill_after: int | None = None, lag: int = 3) -> list[Any]:
    while True:
        strategy = Listening(small_space())
        engine = engine_in(directory, trials=10, lag=lag, strategy=strategy)
        before = [what for what in strategy.heard if what[0] != "asked"]
        drive(engine, newest, tell=kill_after)
        engine.record.close()
        if engine.done:
            return before, strategy.heard


def test_a_strategy_hears_the_same_whoever_finishes_first(tmp_path: Path) -> None:
    assert heard(tmp_path / "oldest") == heard(tmp_path / "newest", newest=True)


def test_a_strategy_of_a_killed_run_has_heard_all_events_in_the_same_order(tmp_path: Path) -> None:
    _, whole = heard(tmp_path / "whole")
    again, rest = heard(tmp_path / "killed", newest=True, kill_after=4)
    told = [what for what in whole if what[0] != "asked"]
    assert again
    assert again == told[: len(again)]
    assert [what for what in rest if what[0] != "asked"] == told
    asked = [what for what in rest if what[0] == "asked"]
    assert asked == [what for what in whole if what[0] == "asked"][-len(asked) :]


@pytest.mark.parametrize("lag", [1, 2, 4])
def test_with_n_workers_a_proposal_knows_the_outcomes_up_to_n_slots_before(tmp_path: Path, lag: int) -> None:
    _, all_heard = heard(tmp_path, newest=True, lag=lag)
    for _, budget, known in (what for what in all_heard if what[0] == "asked"):
        finished = [state for _, state, _, _ in known if state in ("scored", "failed")]
        assert len(finished) == max(0, budget.slot - lag + 1)


def test_every_proposal_has_a_seed_of_its_own_that_follows_from_the_runs(tmp_path: Path) -> None:
    def seeds(name: str, seed: int) -> list[int]:
        strategy = Listening(small_space())
        engine = engine_in(tmp_path / name, trials=10, seed=seed, strategy=strategy)
        drive(engine)
        assert any(trial.state == "rejected" for trial in engine.history)
        return [what[1].seed for what in strategy.heard if what[0] == "asked"]

    first, again, other = seeds("first", 1), seeds("again", 1), seeds("other", 2)
    assert first == again
    assert len({*first, *other}) == len(first) + len(other)


def test_a_run_of_more_trials_goes_on_as_if_it_had_had_them_from_the_beginning(tmp_path: Path) -> None:
    expected = candidates_of(tmp_path / "whole", 20)
    candidates_of(tmp_path / "more", 13)
    assert candidates_of(tmp_path / "more", 20) == expected


def candidates_of(directory: Path, trials: int) -> list[str]:
    engine = engine_in(directory, trials=trials, lag=2)
    drive(engine)
    engine.record.close()
    return candidates(engine)


def test_an_old_run_goes_on_with_all_told_that_its_sampler_had_been(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=6, lag=3, strategy=Listening(small_space()))
    drive(engine)
    engine.record.close()
    first, *rest = (tmp_path / "record.jsonl").read_text().splitlines(keepends=True)
    begun = {name: value for name, value in json.loads(first).items() if name != "crc"}
    (tmp_path / "record.jsonl").write_text("".join([json.dumps(begun | {"told": 5}) + "\n", *rest]))
    strategy = Listening(small_space())
    engine_in(tmp_path, trials=7, lag=3, strategy=strategy).ask()
    (known,) = (what[2] for what in strategy.heard if what[0] == "asked")
    assert len([state for _, state, *_ in known if state in ("scored", "failed")]) == 5


def test_an_engine_that_tells_whatever_has_finished_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell = Engine._tell_up_to
    monkeypatch.setattr(Engine, "_tell_up_to", lambda self, last: tell(self, last) and (tell(self, 99) or True))
    with pytest.raises((AssertionError, IndexError)):
        test_a_strategy_hears_the_same_whoever_finishes_first(tmp_path)


@pytest.mark.parametrize("space", [small_space(), deep_space()])
def test_random_search_draws_new_fitting_candidates_from_the_seed_alone(tmp_path: Path, space: Space) -> None:
    def drawn(name: str, seed: int, tell: int | None = None) -> list[str]:
        done = False
        while not done:
            engine = engine_in(tmp_path / name, space, seed=seed, constraints=["params <= 6k"], strategy=Random(space))
            drive(engine, tell=tell)
            done = engine.done
            engine.record.close()
        return candidates(engine)

    whole = drawn("whole", 3)
    assert len(set(whole)) == 12
    assert drawn("killed", 3, tell=2) == whole
    assert drawn("another", 4) != whole


def test_what_is_not_of_the_space_is_said(tmp_path: Path) -> None:
    class Wrong(Listening):
        def propose(self, history: History, budget: Budget) -> Proposal:
            return Proposal({**super().propose(history, budget).values, "width": 99})

    message = "the strategy listening proposes values that are not of the space: width cannot be 99"
    with pytest.raises(RunError, match=message):
        engine_in(tmp_path, strategy=Wrong(small_space())).ask()


class Same(Listening):
    """Proposes one and the same, for one epoch."""

    def propose(self, history: History, budget: Budget) -> Proposal:
        values = small_space().values_of(next(small_space().enumerate()))
        return Proposal(values, fidelity=1, notes={"attempt": budget.attempt})


def test_where_a_strategy_finds_nothing_new_the_space_is_looked_through(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=4, strategy=Same(small_space()), epochs=2)
    drive(engine)
    assert len(set(candidates(engine))) == engine.finished == 8
    found = [trial for trial in engine.history if trial.state != "rejected"]
    assert {trial.epochs for trial in found} == {1}
    assert [trial.notes["attempt"] for trial in found] == [0] + [MOST_DRAWS] * 7


def test_a_strategy_that_cannot_be_copied_is_said(tmp_path: Path) -> None:
    strategy = Listening(small_space())
    strategy.heard.append((Lock(),))
    with pytest.raises(
        RunError, match=r"the strategy listening cannot be copied for a run: .*; give it a __deepcopy__"
    ):
        small_search(strategy=strategy).run(tmp_path)


class Halving(Random):
    """Tries each candidate for one epoch, and again, as its child, for all."""

    name = "halving"

    def propose(self, history: History, budget: Budget) -> Proposal:
        last = next((trial for trial in reversed(list(history)) if trial.state != "rejected"), None)
        if last is not None and last.epochs == 1:
            return Proposal(last.values, parent=last.number, notes={"why": "again"})
        return Proposal(super().propose(history, budget).values, fidelity=1)


def test_fidelity_parent_and_notes_go_with_the_trial(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=3, strategy=Halving(small_space()), epochs=2)
    drive(engine)
    engine.record.close()
    trials = [t for t in engine_in(tmp_path, trials=3, strategy=Halving(small_space()), epochs=2).history if t.hash]
    assert [t.epochs for t in trials] == [1, None, 1, None]
    assert [t.parent for t in trials] == [None, trials[0].number, None, trials[2].number]
    assert [dict(t.notes) for t in trials] == [{}, {"why": "again"}] * 2
    assert trials[0].hash == trials[1].hash  # the same architecture, but not the same training


def test_a_search_takes_a_name_or_an_object_and_its_record_says_which(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no strategy 'best'; use one of front, tpe, random"):
        Search(small_space(), bars(), strategy="best")
    ours = small_search(strategy=Listening(small_space()))
    assert ours._terms()["strategy"] == "listening"
    fresh(ours.strategy, ours.joint, ours.objectives).observe(Started(0))
    assert isinstance(ours.strategy, Listening)
    assert not ours.strategy.heard
    begun = small_search()
    with Record(RunDirectory(tmp_path), begun._terms()) as record:
        assert Engine(record, begun.space, begun.objectives, [], trials=1, seed=0).ask()
    with pytest.raises(RunError, match="another strategy"):
        Record(RunDirectory(tmp_path), ours._terms())
    # Before strategies had names there was one.
    said = {name: value for name, value in small_search()._terms().items() if name != "strategy"}
    Record(RunDirectory(tmp_path / "before"), said).close()
    Record(RunDirectory(tmp_path / "before"), small_search()._terms()).close()


@pytest.mark.thorough
def test_by_default_a_new_run_is_of_front_and_one_of_the_former_default_goes_on_with_it(tmp_path: Path) -> None:
    def begun(name: str, trials: int, strategy: str | None = None) -> Search:
        search = Search(small_space(), bars(), trials=trials, epochs=1, strategy=strategy)
        with Record(RunDirectory(tmp_path / name), search._terms()) as record:
            named = search._terms()["strategy"]
            used = fresh(str(named), search.joint, search.objectives)
            engine = Engine(record, search.joint, search.objectives, [], trials=1, seed=0, strategy=used, epochs=1)
            if trial := engine.ask():
                engine.tell(trial, Scored({"accuracy": 0.5, "loss": 1.0}, 1, 0.1))
        return Search(small_space(), bars(), trials=trials, epochs=1)

    for name, strategy in (("new", None), ("former", "tpe")):
        result = begun(name, 2, strategy).run(tmp_path / name, workers=1, watch=False)
        assert result.history.settings.values["strategy"] == (strategy or "front")
        assert len([trial for trial in result.trials if trial.state == "scored"]) == 2
    with pytest.raises(RunError, match="another strategy"):
        Search(small_space(), bars(), trials=3, epochs=1, strategy="front").run(tmp_path / "former", workers=1)
    with pytest.raises(RunError, match="another strategy"):
        begun("other", 2, "random").run(tmp_path / "other", workers=1)


def test_strategies_of_others_have_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STRATEGIES, "known", dict(STRATEGIES.known))
    STRATEGIES.add("listening", lambda space, objectives: Listening(space))
    assert fresh(small_search(strategy="listening").strategy, small_space(), ()).name == "listening"


def test_events_of_workers_are_recorded_once_and_end_with_the_outcome(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, constraints=())
    trial = engine.ask()
    assert trial
    size = engine.record.directory.record.stat().st_size
    assert engine.observe(Started(trial.number)) is None
    for epoch in (1, 2, 2):  # told twice: the worker was killed after it had told, and its checkpoint is older
        assert engine.observe(Epoch(trial.number, epoch, epoch / 10)) is None
    assert engine.history[trial.number].curve == {1: 0.1, 2: 0.2}
    assert engine.record.directory.record.read_bytes()[size:].count(b'"event":"epoch"') == 2
    told = engine.observe(Finished(trial.number, outcome_of(trial)))
    assert told == (trial, outcome_of(trial))
    assert engine.observe(Epoch(trial.number, 3, 0.3)) is None
    assert engine.history[trial.number].curve == {1: 0.1, 2: 0.2}


def test_a_wrong_name_is_said_before_a_run_is_looked_at(tmp_path: Path) -> None:
    search = small_search(trials=1)
    search.strategy = "nobody"
    with pytest.raises(RunError, match="there is no strategy 'nobody'; use one of front, tpe, random"):
        search.run(tmp_path / "run")
    assert not (tmp_path / "run").exists()
