"""Runs that were damaged, however: every command says in one sentence what is wrong, and nothing is lost."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from search import Failed, Result
from search.cli import commands
from search.cli.main import main
from search.errors import RunError
from search.files import RunDirectory
from search.preflight import Findings
from search.record.writing import Record
from search.search import Search
from tests.laws.bounds import bounded
from tests.search.cli.test_exit_codes import BAD, GOOD
from tests.search.made_up import told
from tests.search.record.test_record import lines
from tests.search.tiny import small_search

Lines = list[bytes]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("finished") / "run"
    small_search(trials=3).run(place, workers=1, watch=None)
    return place


def whole(**fields: object) -> Callable[[Lines], None]:
    """The third line, an event, with other fields, by a hand that leaves the checksum out."""

    def change(text: Lines) -> None:
        data = {name: value for name, value in json.loads(text[2]).items() if name != "crc"} | fields
        data = {name: value for name, value in data.items() if value is not LOST}
        text[2] = json.dumps(data).encode() + b"\n"

    return change


def put(line: bytes, at: int = 2) -> Callable[[Lines], None]:
    return lambda text: text.insert(at, line + b"\n")


def without(*numbers: int) -> Callable[[Lines], None]:
    def cut(text: Lines) -> None:
        text[:] = [line for i, line in enumerate(text) if i not in numbers]

    return cut


def first(**fields: object) -> Callable[[Lines], None]:
    """The first line with other fields, or other settings."""

    def change(text: Lines) -> None:
        data = {name: value for name, value in json.loads(text[0]).items() if name != "crc"}
        data |= {name: value for name, value in fields.items() if name in data}
        data["settings"] = {**json.loads(text[0])["settings"], **{k: v for k, v in fields.items() if k not in data}}
        data |= {name: value for name, value in fields.items() if value is LOST}
        text[0] = json.dumps({name: value for name, value in data.items() if value is not LOST}).encode() + b"\n"

    return change


def one_letter(text: Lines) -> None:
    text[1] = text[1].replace(b'"seed":', b'"sead":')


def one_digit(text: Lines) -> None:
    line = bytearray(text[1])
    at = re.search(rb'"seed":(\d)', text[1]).start(1)
    line[at] = line[at] ^ 1
    text[1] = bytes(line)


def outcome(**fields: object) -> bytes:
    data: dict[str, object] = {"state": "scored", "scores": {"accuracy": 0.5}, "epochs": 2, "seconds": 1.0}
    return json.dumps({"event": "finished", "number": 0, "outcome": data | fields}).encode()


LOST = object()
# What is done to the lines of the record, and a part of the sentence.
DAMAGES: dict[str, tuple[Callable[[Lines], None], str]] = {
    "a garbage line": (put(b"rubbish"), "line 3: it is not JSON"),
    "bytes that are no text": (put(bytes(range(128, 256))), "line 3: it is not JSON"),
    "NULs": (put(b"\0" * 512), "line 3: it is not JSON"),
    "NULs in a line": (lambda text: text.__setitem__(2, text[2][:10] + b"\0" * 9 + text[2][19:]), "line 3: it is not"),
    "a line of another kind": (put(b'{"op_code": 4, "worker_id": "x"}'), "line 3: it has no 'event'"),
    "an event of a later version": (put(b'{"event":"paused","number":0}'), "there is no event 'paused'"),
    "an event that is a list": (put(b'{"event":[]}'), "line 3: there is no event"),
    "a list": (put(b"[1, 2]"), "line 3: it is no event"),
    "a number": (put(b"7"), "line 3: it is no event"),
    "an empty line": (put(b""), "line 3: it is not JSON"),
    "a truncated line": (lambda text: text.__setitem__(1, text[1][:50] + b"\n"), "line 2: it is not JSON"),
    "two lines in one": (lambda text: text.__setitem__(1, text[1].rstrip(b"\n")), "line 2: it is not"),
    "another letter": (one_letter, "line 2: it is not what was written"),
    "another digit": (one_digit, "line 2: it is not what was written"),
    "a lost field": (whole(number=LOST), "line 3: it has no 'number'"),
    "a number that is text": (whole(number="0"), "line 3: its number is not what it must be"),
    "a number that is none": (whole(number=None), "line 3: its number is not what it must be"),
    "a number below zero": (whole(number=-1), "line 3: its number is not what it must be"),
    "a number of 31 digits": (whole(number=10**30), "line 3: its number is not what it must be"),
    "a number of 5,000 digits": (put(b'{"event":"started","number":' + b"9" * 5000 + b"}"), "line 3: it is not JSON"),
    "a trial that was never begun": (whole(number=7), "line 3: no line before it begins trial 7"),
    "a lost proposal": (without(1), "line 2: no line before it begins trial 0"),
    "a proposal that stands twice": (lambda text: text.insert(2, text[1]), "line 3: it begins trial 0 after trial 0"),
    "an outcome without a state": (put(b'{"event":"finished","number":0,"outcome":{}}'), "line 3: it has no 'state'"),
    "an outcome of no kind": (put(outcome(state="done")), "line 3: it has no 'done'"),
    "scores that are text": (put(outcome(scores={"accuracy": "high"})), "line 3: its scores is not what it must be"),
    "scores that are a list": (put(outcome(scores=[0.5])), "line 3: its scores is not what it must be"),
    "a cost of 31 digits": (put(outcome(cost={"macs": 10**30})), "line 3: its cost is not what it must be"),
    "a certificate of nothing": (put(outcome(symmetry={})), "line 3: it has no 'features'"),
    "a deep pit": (put(b"[" * 100_000), "line 3: it is not JSON"),
    "a line of 10 MB": (put(b'{"event": "' + b"x" * 10_000_000 + b'"}'), "line 3: there is no event 'xxxx"),
    "a first line of another file": (put(b"PK\x03\x04", at=0), "the first line of the record cannot be read"),
    "settings lost": (first(settings=LOST), "it has no 'settings'"),
    "settings that are text": (lambda text: text.__setitem__(0, b'{"format":1,"settings":"x"}\n'), "cannot be read"),
    "objectives that are a number": (first(objectives=5), "its objectives is not what it must be"),
    "objectives that are numbers": (first(objectives=[5]), "what should be text in it is none"),
    "an objective that is none": (first(objectives=["fly"]), "objective"),
    "a record of another format": (first(format=2), "format 2, not 1"),
    "counts that are text": (first(drawn="many"), "its counts of trials are none"),
}
COMMANDS = ("search", "status", "front", "report", "export")


def run(command: str, directory: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    if command != "search":
        return main([command, str(directory), *options])
    monkeypatch.setattr(commands, "load_search", lambda file, task: small_search(trials=3))
    return main(["search", "mine.py", "--directory", str(directory), "--workers", "1", *options])


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_record_is_one_sentence_of_every_command(
    name: str,
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage, wanted = DAMAGES[name]
    place = tmp_path / "run"
    shutil.copytree(finished, place)
    text = (place / "record.jsonl").read_bytes().splitlines(keepends=True)
    damage(text)
    (place / "record.jsonl").write_bytes(damaged := b"".join(text))
    for command in COMMANDS:
        with bounded(5):
            assert run(command, place, monkeypatch) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("archsearch: ")
        assert wanted in line
        assert line.isprintable()
        assert len(line) < 500
    assert (place / "record.jsonl").read_bytes() == damaged


def test_what_can_be_saved_is_said_and_can_be(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "run"
    shutil.copytree(finished, place)
    record = place / "record.jsonl"
    text = record.read_bytes().splitlines(keepends=True)
    outcomes = [i for i, line in enumerate(lines(place)) if line.get("event") == "finished"]
    record.write_bytes(b"".join([*text[: outcomes[1]], b"rubbish\n", *text[outcomes[1] :]]))
    with pytest.raises(RunError, match="cut it off before that line, which keeps 1 finished trials") as said:
        Result.open(place)
    number = int(re.search(r"line (\d+)", str(said.value))[1])
    record.write_bytes(b"".join(text[: number - 1]))
    result = small_search(trials=3).run(place, workers=1, watch=None)
    untouched = Result.open(finished)
    assert [(t.hash, t.scores) for t in result.trials] == [(t.hash, t.scores) for t in untouched.trials]


@pytest.mark.parametrize("content", [None, b"", b'{"format":1,"settings":{"task":"bars'])
def test_a_run_killed_before_its_settings_were_written_has_not_begun(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lock").touch()
    if content is not None:
        (tmp_path / "record.jsonl").write_bytes(content)
    for command in COMMANDS[1:]:
        assert run(command, tmp_path, monkeypatch) == 1
        assert "is the directory of a run that has not begun; run its search" in capsys.readouterr().err
    with Record(RunDirectory(tmp_path), small_search(trials=3)._terms()) as record:
        assert record.history.settings.values["task"].startswith("bars")


def test_a_record_that_is_a_directory_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "record.jsonl").mkdir()
    for command in COMMANDS:
        assert run(command, tmp_path, monkeypatch) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert "record.jsonl cannot be read: Is a directory" in line


def read_only(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Everything below a directory can be read alone."""
    begin = os.open

    def refuse(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if Path(os.fsdecode(path)).is_relative_to(place) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return begin(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", refuse)


def test_a_finished_run_on_a_medium_that_is_only_read_gives_its_result(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_only(monkeypatch, finished)
    for command in COMMANDS[:-1]:
        assert run(command, finished, monkeypatch) == 0
    assert "3 scored" in capsys.readouterr().out
    with pytest.raises(RunError, match="holds a search with another seed"):
        small_search(trials=3, seed=4).run(finished, watch=None)


def test_a_run_that_is_not_finished_cannot_go_on_there(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Search, "preflight", lambda self: Findings(()))
    read_only(monkeypatch, finished)
    with pytest.raises(RunError, match="cannot be written: Read-only file system; use another directory"):
        small_search(trials=4).run(finished, watch=None)


def test_what_cannot_be_written_to_is_one_sentence(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("precious")
    number = str(Result.open(finished).best().number)
    calls = [
        (["export", "--to", str(tmp_path / "file")], "is a file"),
        (["export", "--to", str(tmp_path / "file" / "below")], "file: File exists"),
        (["export", "--to", "/proc/x"], "/proc/"),
        (["export", "--format", "pickle"], "there is no format 'pickle'"),
        (["export", "--trial", number, "--to", str(tmp_path)], "which no export wrote"),
        (["export", "--trial", "99"], "there is no trial 99"),
        (["export", "--by", "beauty"], "there is no score 'beauty'"),
        (["export", "--by", "maximize"], "there is no score 'maximize'"),
        (["report", "--to", str(tmp_path)], "is a directory; give the file to write the report to"),
        (["report", "--to", "/proc/x/y.md"], "/proc/x/y.md cannot be written"),
        (["front", "--plot", str(tmp_path / "x.exe")], "there is no picture of the kind .exe; use one of"),
        (["front", "--plot", str(tmp_path / "file" / "x.png")], "x.png cannot be written: "),
        (["front", "--plot", "/proc/x.png"], "/proc/x.png cannot be written"),
    ]
    for (command, *options), wanted in calls:
        assert run(command, finished, monkeypatch, *options) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert wanted in line, (command, *options)
    assert (tmp_path / "file").read_text() == "precious"
    assert run("status", tmp_path / "file", monkeypatch) == 1
    assert "is not the directory of a run" in capsys.readouterr().err


def test_a_trial_without_a_network_is_not_exported(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(tmp_path / "run", [GOOD, BAD])
    for number, remedy in (
        (0, "retrain it, trial.retrain(), or take one of the front"),
        (1, "take one that was scored"),
    ):
        assert main(["export", str(tmp_path / "run"), "--trial", str(number), "--to", str(tmp_path / "out")]) == 1
        assert f"trial {number} (" in (line := capsys.readouterr().err)
        assert "has no weights; " in line
        assert remedy in line
    rejected = next((t.number for t in Result.open(finished).trials if t.state == "rejected"), None)
    if rejected is not None:
        assert main(["export", str(finished), "--trial", str(rejected)]) == 1
        assert "(rejected) has no weights" in capsys.readouterr().err


def test_weights_that_were_damaged_are_not_exported(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "run"
    shutil.copytree(finished, place)
    one, two = (t.number for t in Result.open(place).trials[:2] if t.state == "scored")
    file = place / "weights" / f"{one}.safetensors"
    good, other = file.read_bytes(), (place / "weights" / f"{two}.safetensors").read_bytes()
    flipped = bytearray(good)
    flipped[-3] ^= 1
    for content, wanted in (
        (bytes(flipped), "is not what was written"),
        (other, "holds the weights of another architecture"),
        (good[:-9], "cannot be read"),
        (b"", "cannot be read"),
        (os.urandom(999), "cannot be read"),
    ):
        file.write_bytes(content)
        assert main(["export", str(place), "--trial", str(one), "--to", str(tmp_path / "out")]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert wanted in line
    assert not (tmp_path / "out").exists()


def test_a_score_that_is_no_number_is_null_for_scripts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nan, inf = float("nan"), float("inf")
    told(tmp_path, [({"accuracy": 0.5, "precision": nan, "lift": inf}, 100), ({"accuracy": nan}, 1), BAD])
    assert main(["front", str(tmp_path), "--json"]) == 0

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    (row,) = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert (row["accuracy"], row["precision"], row["lift"]) == (0.5, None, None)
    assert main(["report", str(tmp_path)]) == 0
    assert Result.open(tmp_path).best().number == 0


def test_a_run_of_failures_alone_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(tmp_path, [(Failed("ValueError: path [/data/x] is missing"), 100)])
    assert main(["status", str(tmp_path)]) == 0
    assert "trial 0 failed: ValueError: path [/data/x] is missing" in capsys.readouterr().out
    for command in (["report"], ["report", "--to", str(tmp_path / "told.md")]):
        assert main([*command[:1], str(tmp_path), *command[1:]]) == 0
    assert "No candidate has been scored yet" in (tmp_path / "told.md").read_text()
