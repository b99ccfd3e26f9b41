"""A warm start: outcomes under the same terms are not measured again, the rest is tried first, and it is repeatable."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from archspec import price
from search import Engine, Result, Scored, Search, Trial
from search.errors import RunError
from search.events import Rejected
from search.files import RunDirectory
from search.objectives import parse_constraint, parse_objective
from search.record.writing import Record
from search.running import is_finished
from search.training.settings import Training
from search.warm import Wanted, carry_weights, designs, name_of
from spaces import choice, real
from tests.search.made_up import outcome_of
from tests.search.tiny import bars, small_search, small_space

TERMS: dict[str, Any] = {
    "task": "made up",
    "data": {"train": "a", "validation": "b"},
    "class weights": None,
    "preparation": None,
    "target": "torch",
    "goals": ["maximize accuracy"],
    "functions": {},
    "training": {},
    "objectives": ["maximize accuracy", "minimize flops"],
}
OBJECTIVES = [parse_objective(text) for text in TERMS["objectives"]]


def outcome(trial: Trial) -> Scored:
    found = outcome_of(trial)
    return found if isinstance(found, Scored) else Scored({"accuracy": 0.25})


def engine_in(
    directory: Path, first: Sequence[dict[str, Any]] = (), trials: int = 6, seed: int = 0, lag: int = 1
) -> Engine:
    record = Record(RunDirectory(directory), TERMS, designs=lambda: first)
    return Engine(record, small_space(), OBJECTIVES, (), trials, seed, lag)


def run(engine: Engine, tell: int | None = None) -> list[Trial]:
    trained = []
    while tell != 0 and (trial := engine.ask()) is not None:
        trained.append(trial)
        engine.tell(trial, outcome(trial))
        tell = None if tell is None else tell - 1
    engine.record.close()
    return trained


def old_run(directory: Path, **options: Any) -> Result:
    run(engine_in(directory, **options))
    return Result.open(directory)


def wanted(**options: Any) -> Wanted:
    settings = {"space": small_space(), "training": Training(), "objectives": OBJECTIVES, "constraints": ()}
    return Wanted(**{**settings, "target": "torch", "terms": TERMS, **options})


def drawn(directory: Path) -> list[tuple[object, ...]]:
    return [
        (t.number, t.state, t.hash, dict(t.values), dict(t.scores), t.source) for t in Result.open(directory).trials
    ]


def test_outcomes_under_the_same_terms_are_carried_over_and_cost_no_training(tmp_path: Path) -> None:
    old = old_run(tmp_path / "old")
    before = (tmp_path / "old" / "record.jsonl").read_bytes()
    first = designs(tmp_path / "old", wanted())
    assert len(first) == 6
    assert all("outcome" in design for design in first)
    trained = run(engine_in(tmp_path / "new", first, trials=4, seed=1))
    new = Result.open(tmp_path / "new")
    carried = [t for t in new.trials if t.source]
    known = {t.hash: (t.scores, t.cost) for t in old.trials if t.state == "scored"}
    assert {t.hash: (t.scores, t.cost) for t in carried} == known
    assert {t.source for t in carried} == {f"{tmp_path / 'old'}, trial {t.number}" for t in old.trials if t.hash}
    assert len(trained) == 4  # what is carried over comes on top of the trials
    assert not {t.hash for t in trained} & set(known)
    assert (tmp_path / "old" / "record.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"task": "another"},
        {"data": {"train": "c", "validation": "b"}},
        {"class weights": "balanced"},
        {"target": "onnx"},
        {"goals": ["minimize loss"]},
        {"functions": {"loss": "mine 1a2b"}},
        {"functions": {"metric f1": "mine 1a2b"}},
    ],
)
def test_under_other_terms_they_are_tried_first_those_of_the_front_before_the_others(
    change: dict[str, Any], tmp_path: Path
) -> None:
    old = old_run(tmp_path / "old")
    first = designs(tmp_path / "old", wanted(terms=TERMS | change))
    assert not any("outcome" in design for design in first)
    trained = run(engine_in(tmp_path / "new", first, trials=8, seed=1))
    front = [t.hash for t in old.front]
    others = [t.hash for t in old.trials if t.state == "scored" and t.hash not in front]
    assert [t.hash for t in trained[:6]] == front + others
    assert len(trained) == 8
    assert all(t.source is None for t in Result.open(tmp_path / "new").trials)


def test_terms_that_decide_no_training_may_change(tmp_path: Path) -> None:
    old_run(tmp_path / "old")
    functions = {"functions": {"objective worth": "mine", "constraint size": "mine"}}
    assert all("outcome" in d for d in designs(tmp_path / "old", wanted(terms=TERMS | functions)))


def test_of_another_training_nothing_is_carried_over_and_of_an_open_one_what_fits(tmp_path: Path) -> None:
    old_run(tmp_path / "old")
    other = designs(tmp_path / "old", wanted(training=Training(learning_rate=0.5)))
    assert not any("outcome" in design for design in other)
    rate = Training().learning_rate
    within = Training(learning_rate=real(rate / 10, rate * 10, log=True), weight_decay=choice(0.0, 1e-2))
    fitting = designs(tmp_path / "old", wanted(training=within))
    assert {(d["values"]["training.learning_rate"], d["values"]["training.weight_decay"]) for d in fitting} == {
        (rate, 1e-2)
    }
    assert all("outcome" in design for design in fitting)
    beyond = designs(tmp_path / "old", wanted(training=Training(learning_rate=real(0.5, 1.0))))
    assert {design["values"]["training.learning_rate"] for design in beyond} == {0.75}
    assert not any("outcome" in design for design in beyond)


def test_what_is_not_of_the_space_or_breaks_a_constraint_is_left_out(tmp_path: Path) -> None:
    space = small_space()
    given = [*space.enumerate()][:20]
    limit = sorted(price(a).flops for a in given)[9]
    found = designs(given, wanted(constraints=[parse_constraint(f"flops <= {limit}")]))
    assert {space.fill(d["values"]).hash for d in found} == {a.hash for a in given if price(a).flops <= limit}
    foreign = given[0].with_fields({"head": given[0].head.with_fields({"classes": 7})})
    assert designs([foreign], wanted()) == []
    assert len(designs([given[0], given[0]], wanted())) == 1


def test_architectures_are_tried_first_in_their_order(tmp_path: Path) -> None:
    space = small_space()
    given = [space.default, *list(space.neighbours(space.default))[:3]]
    trained = run(engine_in(tmp_path, designs(given, wanted()), trials=6))
    assert [t.hash for t in trained[:4]] == [a.hash for a in given]
    assert len(trained) == 6


@pytest.mark.parametrize("lag", [1, 3])
def test_a_killed_run_goes_on_the_same_though_the_old_one_has_gone_on(lag: int, tmp_path: Path) -> None:
    old = old_run(tmp_path / "old", trials=5)
    trials = [t for t in old.trials if t.state == "scored"]
    mixed = [*trials[:3], *(t.architecture for t in trials[3:] if t.architecture)]
    first = designs(mixed, wanted())
    assert ["outcome" in design for design in first] == [True] * 3 + [False] * 2
    run(engine_in(tmp_path / "whole", first, trials=6, lag=lag))
    for _ in range(20):
        engine = engine_in(tmp_path / "killed", first, trials=6, lag=lag)
        first = []  # what was begun with counts, whatever a later start would say
        run(engine, tell=1)
        if engine.done:
            break
    assert drawn(tmp_path / "killed") == drawn(tmp_path / "whole")


def test_killed_at_any_line_while_it_carries_over_it_goes_on_the_same(tmp_path: Path) -> None:
    old_run(tmp_path / "old", trials=3)
    first = designs(tmp_path / "old", wanted())
    run(engine_in(tmp_path / "whole", first, trials=2))
    lines = (tmp_path / "whole" / "record.jsonl").read_bytes().splitlines(keepends=True)
    for kept in range(1, 8):
        place = tmp_path / f"cut {kept}"
        place.mkdir()
        (place / "record.jsonl").write_bytes(b"".join(lines[:kept]))
        run(engine_in(place, trials=2))
        assert drawn(place) == drawn(tmp_path / "whole")


def test_weights_come_along_and_stay_if_the_old_run_goes(tmp_path: Path) -> None:
    old = old_run(tmp_path / "old", trials=2)
    for trial in old.trials:
        path = RunDirectory(tmp_path / "old").weights(trial.number)
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"of {trial.hash}")
    engine = engine_in(tmp_path / "new", designs(tmp_path / "old", wanted()), trials=1)
    home = RunDirectory(tmp_path / "new")
    carry_weights(engine.history, home)
    carried = [t for t in engine.history if t.source]
    assert len(carried) == 2
    assert all(home.weights(t.number).read_text() == f"of {t.hash}" for t in carried)
    os.rename(tmp_path / "old", tmp_path / "gone")
    carry_weights(engine.history, home)


def test_another_warm_start_is_another_search(tmp_path: Path) -> None:
    old_run(tmp_path / "old")
    space = small_space()
    names = [name_of(tmp_path / "old"), name_of([space.default]), name_of([space.default, space.default])]
    assert len(set(names)) == 3
    assert name_of(str(tmp_path / "old")) == names[0]
    with Record(RunDirectory(tmp_path / "new"), TERMS) as plain:
        plain.append(Rejected(Trial(0, 0, {}, state="rejected")))
    with pytest.raises(RunError, match="holds a search with another warm start"):
        Record(RunDirectory(tmp_path / "new"), TERMS | {"warm start": names[0]})
    with pytest.raises(RunError, match="is not the directory of a run"):
        name_of(tmp_path / "nothing")
    with pytest.raises(ValueError, match="warm_start is the directory of a run, or a list of architectures and trials"):
        Search(space, bars(), warm_start=[space])


def test_designs_that_were_damaged_are_refused(tmp_path: Path) -> None:
    engine_in(tmp_path, [{"values": {"width": 2}}]).record.close()
    first = json.loads((tmp_path / "record.jsonl").read_text())
    del first["crc"]
    for hostile in ([{}], "x", [{"values": {"width": []}}], [{"values": {}, "outcome": {"state": "scored"}}], [7]):
        (tmp_path / "record.jsonl").write_text(json.dumps(first | {"designs": hostile}) + "\n")
        with pytest.raises(RunError, match="the first line of the record cannot be read"):
            Result.open(tmp_path)


@pytest.mark.thorough
def test_from_one_search_to_the_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = small_search(trials=3).run(tmp_path / "old", workers=1, watch=None)
    search = small_search(trials=2, warm_start=tmp_path / "old", seed=9, constraints=())
    new = search.run(tmp_path / "new", workers=1)
    assert "3 outcomes carried over by the warm start; 2 to be trained" in capsys.readouterr().err
    assert new.counts()["scored"] == 5
    carried = [t for t in new.trials if t.source]
    by_hash = {t.hash: t for t in old.trials}
    assert [t.test() for t in carried] == [by_hash[t.hash].test() for t in carried]
    again = small_search(trials=2, warm_start=tmp_path / "old", seed=9, constraints=())
    assert is_finished(new.directory, again.trials, again.training.epochs)
    assert len(again.run(tmp_path / "new", watch=None).trials) == len(new.trials)
