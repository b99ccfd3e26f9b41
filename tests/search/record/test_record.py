"""The record: all that is known of a run follows from its lines, whenever they are read."""

from __future__ import annotations

import errno
import json
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest

from archspec import Cost
from search import Failed, Result, Scored
from search.errors import RunError
from search.events import Epoch, Event, Finished, Proposed, Rejected, Started, from_data, to_data
from search.files import RunDirectory
from search.outcome import Stopped
from search.record import reading
from search.record.history import History, finished
from search.record.writing import Record
from search.trial import Trial
from tests.search.made_up import drive, engine_in
from tests.search.tiny import small_search


def lines(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "record.jsonl").read_text().splitlines()]


def everything(history: History) -> list[dict[str, Any]]:
    return [{**vars(trial), "architecture": trial.hash} for trial in history]


def test_the_first_line_says_with_what_the_run_was_begun(tmp_path: Path) -> None:
    Record(RunDirectory(tmp_path), small_search()._terms()).close()
    (first,) = lines(tmp_path)
    assert first["format"] == 1
    assert first["settings"]["seed"] == 3
    assert first["settings"]["strategy"] == "tpe"
    assert set(first["versions"]) == {"archsearch", "torch", "optuna", "numpy"}
    assert first["versions"]["numpy"]


def test_a_line_is_an_event_in_the_order_it_happened(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=5, lag=2)
    drive(engine)
    _, *told = lines(tmp_path)
    assert {line["event"] for line in told} == {"proposed", "rejected", "finished"}
    for number in {line["number"] for line in told}:
        kinds = [line["event"] for line in told if line["number"] == number]
        assert kinds in (["proposed", "finished"], ["rejected"])
    drawn = [line["number"] for line in told if line["event"] != "finished"]
    assert drawn == list(range(len(drawn)))


def test_what_is_read_is_what_was_known_when_it_was_written(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=9, lag=2)
    drive(engine, tell=7)
    trial = engine.ask()
    assert trial
    engine.observe(Epoch(trial.number, 1, 0.25))
    read = reading.Reading(RunDirectory(tmp_path)).history
    assert everything(read) == everything(engine.history)
    assert read.counts() == engine.history.counts()
    assert read.outcomes == engine.history.outcomes
    assert {"scored", "running", "rejected"} <= {t.state for t in read}


def test_a_history_that_overlooks_an_event_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    observe = History.observe
    engine = engine_in(tmp_path, trials=3)
    drive(engine)
    missed = Finished(1, engine.history.outcomes[1])
    monkeypatch.setattr(History, "observe", lambda self, event: None if event == missed else observe(self, event))
    assert everything(reading.Reading(RunDirectory(tmp_path)).history) != everything(engine.history)


@pytest.mark.parametrize(
    "event",
    [
        Rejected(Trial(4, 2, {"a": 1, "b": "x"}, "rejected", reason="too dear", excess={"params <= 9": 0.5})),
        Started(3),
        Epoch(3, 2, 0.5),
        Finished(3, Failed("diverged", 1.5)),
        Finished(3, Stopped({"accuracy": 0.5}, 2, 1.5)),
        Finished(3, Scored({"accuracy": 0.5}, 2, 1.5, curve=(0.25, 0.5))),
    ],
)
def test_an_event_is_plain_data_and_back(event: Event) -> None:
    again = from_data(json.loads(json.dumps(to_data(event))))
    if isinstance(again, Rejected | Proposed) and isinstance(event, Rejected | Proposed):
        assert vars(again.trial) == vars(event.trial)
    else:
        assert again == event


def test_what_is_no_number_is_null_in_the_record_and_nan_when_it_is_read(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=1)
    trial = engine.ask()
    assert trial
    engine.observe(Epoch(trial.number, 1, math.nan))
    engine.tell(trial, Scored({"accuracy": 0.5, "spread": math.nan}, 2, curve=(math.inf, 0.5)))
    text = (tmp_path / "record.jsonl").read_text()
    assert not re.search("NaN|Infinity", text)
    assert text.count("null") > 2
    read = reading.Reading(RunDirectory(tmp_path)).history[trial.number]
    assert (read.scores["accuracy"], read.curve[2]) == (0.5, 0.5)
    assert math.isnan(read.scores["spread"])
    assert math.isnan(read.curve[1])


def test_each_line_is_read_once_while_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def counted(data: Any, directory: RunDirectory | None = None) -> Event:
        read.append(data)
        return from_data(data, directory)

    engine = engine_in(tmp_path, trials=6)
    drive(engine, tell=2)
    monkeypatch.setattr(reading, "from_data", counted)
    result = Result(tmp_path, [])
    for _ in range(3):
        assert result.counts()["scored"] + result.counts()["failed"] == 2
    drive(engine)
    for _ in range(3):
        assert everything(result.history) == everything(engine.history)
    assert len(read) == len(lines(tmp_path)) - 1


def test_a_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=2)
    drive(engine)
    file = tmp_path / "record.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    result = Result(tmp_path, [])
    assert result.counts()["running"] == 1
    file.write_bytes(whole)
    assert everything(result.history) == everything(engine.history)


def test_a_full_disk_is_one_sentence_and_costs_no_more_than_the_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_in(tmp_path, trials=4)
    drive(engine, tell=2)
    write = os.write

    def full(handle: int, text: bytes) -> int:
        if len(text) > 20:
            return write(handle, text[:20])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RunError, match=r"record\.jsonl cannot be written: No space left on device; make room"):
        engine.ask()
    monkeypatch.undo()
    engine.record.close()
    again = engine_in(tmp_path, trials=4)
    assert again.finished == 2
    drive(again)
    assert again.finished == 4


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"format":2}', "the record has format 2, not 1; use the version of archsearch that wrote it"),
        ('{"event":"paused"}', "there is no event 'paused'; read this run with a newer version"),
        ('{"event":"epoch"', "cannot be read"),
        ('{"format":', "cannot be read: it is not JSON; put the whole file back"),
        ('{"format":1}', "cannot be read: it has no 'settings'"),
        ('["format"]', "the first line of the record cannot be read: it is no event"),
        ("[1]", "line 2: it is no event; put the whole file back"),
        ('{"event":"started"}', "line 2: it has no 'number'"),
        ('{"event":"epoch","number":7,"epoch":1,"score":0.5}', "line 2: no line before it begins trial 7"),
        ('{"event":"finished","number":0}', "line 2: it has no 'outcome'"),
    ],
)
def test_what_another_version_wrote_is_said(tmp_path: Path, line: str, message: str) -> None:
    Record(RunDirectory(tmp_path), {}).close()
    with (tmp_path / "record.jsonl").open("a") as file:
        file.write(line + "\n")
    if "format" in line:
        (tmp_path / "record.jsonl").write_text(line + "\n")
    with pytest.raises(RunError, match=message):
        Result.open(tmp_path)


def test_what_cannot_be_read_is_said_every_time(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=3)
    drive(engine)
    file, result = tmp_path / "record.jsonl", Result(tmp_path, [])
    whole, known = file.read_bytes(), len(result.trials)
    file.write_bytes(whole + b"rubbish\n" + whole.splitlines(keepends=True)[-1])
    for _ in range(2):
        with pytest.raises(RunError, match=rf"line {whole.count(10) + 1}: it is not JSON; put the whole file back"):
            _ = result.trials
    file.write_bytes(whole)
    assert len(result.trials) == known
    for spoil in (lambda: file.write_bytes(whole[:-1]), file.unlink):
        spoil()
        for _ in range(2):
            with pytest.raises(RunError, match=r"record\.jsonl has lost lines since it was opened; put the whole file"):
                _ = result.trials


def test_trials_are_equal_by_run_and_number(tmp_path: Path) -> None:
    here, there = RunDirectory(tmp_path), RunDirectory(tmp_path / "other")
    assert Trial(1, 0, {}, directory=here) == Trial(1, 0, {}, "scored", directory=here)
    found = RunDirectory(Path(os.path.relpath(tmp_path)))
    assert {Trial(1, 0, {}, directory=here)} == {Trial(1, 0, {}, directory=found)}
    assert Trial(1, 0, {}, directory=here) not in {Trial(1, 0, {}, directory=there), Trial(2, 0, {}, directory=here)}


def test_the_old_name_of_a_trial_is_known_with_a_warning() -> None:
    import search

    with pytest.warns(DeprecationWarning, match=r"search\.Candidate is now search\.trial\.Trial"):
        assert search.Candidate is Trial


def test_what_training_found_is_in_the_trial() -> None:
    drawn = Trial(3, 1, {}, cost=Cost(macs=5), curve={1: 0.5})
    found = Scored({"accuracy": 0.75}, 2, 1.5, Cost(macs=4), curve=(0.25, 0.75))
    trial = finished(drawn, found)
    assert (trial.state, trial.scores, trial.fidelity, trial.seconds) == ("scored", {"accuracy": 0.75}, 2, 1.5)
    assert (trial.cost, trial.curve) == (Cost(macs=4), {1: 0.25, 2: 0.75})
    kept = finished(drawn, Scored({"accuracy": 0.75}))
    assert (kept.cost, kept.curve) == (Cost(macs=5), {1: 0.5})
    stopped = finished(drawn, Stopped({"accuracy": 0.5}, 1, 2.5))
    assert (stopped.state, stopped.scores, stopped.fidelity, stopped.seconds) == ("stopped", {"accuracy": 0.5}, 1, 2.5)
    # What a kill kept from being told is known from the outcome.
    assert finished(drawn, Stopped({"accuracy": 0.5}, 2, 2.5, (0.25, 0.5))).curve == {1: 0.25, 2: 0.5}
    assert stopped.curve == {1: 0.5}
    failed = finished(drawn, Failed("diverged", 3.5))
    assert (failed.state, failed.reason, failed.seconds, failed.scores) == ("failed", "diverged", 3.5, {})


def test_another_digit_is_not_taken_for_what_was_written(tmp_path: Path) -> None:
    drive(engine_in(tmp_path, trials=2))
    file = tmp_path / "record.jsonl"
    whole = file.read_bytes()
    for at in [at for at, byte in enumerate(whole) if chr(byte).isdigit()][::7]:
        spoiled = bytearray(whole)
        spoiled[at] ^= 1
        file.write_bytes(bytes(spoiled))
        with pytest.raises(RunError, match="cannot be read"):
            Result.open(tmp_path)


def test_a_line_that_is_lost_or_stands_twice_is_noticed(tmp_path: Path) -> None:
    drive(engine_in(tmp_path, trials=9))
    file = tmp_path / "record.jsonl"
    whole = file.read_bytes().splitlines(keepends=True)
    kinds = [line.get("event") for line in lines(tmp_path)]
    assert "rejected" in kinds
    drawn = [i for i, kind in enumerate(kinds) if kind in ("proposed", "rejected")]
    for i in drawn:
        for changed in (whole[:i] + whole[i + 1 :], whole[: i + 1] + whole[i:]):
            if changed[:-1] == whole[:-2]:
                continue  # the last line alone is what a killed process had not written
            file.write_bytes(b"".join(changed))
            with pytest.raises(
                RunError, match=r"(it begins trial|no line before it begins).*; put the whole file back"
            ):
                Result.open(tmp_path)
