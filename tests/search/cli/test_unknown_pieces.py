"""A record that is whole, but holds what is not registered here, is never called damaged; a command can be told how."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from search import Result
from search.cli.main import main
from search.errors import RunError
from tests.laws.process import run
from tests.search.made_up import told

OWN = """
from typing import Literal

from torch import nn

import archspec


class Stranger(archspec.Primitive):
    kind: Literal["stranger"] = "stranger"

    def infer(self, x):
        return x

    def lower(self, x):
        return nn.Identity()


archspec.register(Stranger)
"""


def sealed(data: dict[str, object]) -> str:
    text = json.dumps(data, separators=(",", ":"))
    return f'{text[:-1]},"crc":"{zlib.crc32(text.encode()):08x}"}}\n'


def strange(place: Path) -> Path:
    """The directory of a run, as another process wrote it that knows one more kind of block."""
    told(place, [({"accuracy": 0.5}, 1_000), ({"accuracy": 0.9}, 9_000)])
    first, *others = (place / "record.jsonl").read_text().splitlines(keepends=True)
    for i, line in enumerate(others):
        data = {name: value for name, value in json.loads(line).items() if name != "crc"}
        if data["event"] == "proposed":
            data["architecture"]["body"].append({"kind": "stranger"})
            others[i] = sealed(data)
    (place / "record.jsonl").write_text("".join([first, *others]))
    return place


def test_what_is_not_registered_here_is_no_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunError, match=r"is whole, but cannot be read here: body\[\d\]: unknown kind 'stranger'; imp"):
        Result.open(strange(tmp_path))
    for command in ("status", "front", "report", "export"):
        assert main([command, str(tmp_path)]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.endswith("--file FILE.py")
        assert "cut it off" not in line


def test_an_event_of_a_later_version_is_no_damage(tmp_path: Path) -> None:
    first = (strange(tmp_path) / "record.jsonl").read_text().splitlines(keepends=True)[0]
    (tmp_path / "record.jsonl").write_text(first + sealed({"event": "paused", "number": 0}))
    with pytest.raises(RunError, match=r"whole, .* here: there is no event 'paused'; read this run with a newer"):
        Result.open(tmp_path)


def test_a_command_reads_the_file_that_registers_what_a_run_holds(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    assert "2 scored" in run(
        "-m", "search.cli", "status", str(strange(tmp_path / "run")), "--file", str(tmp_path / "own.py")
    )


def test_a_file_that_a_command_cannot_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(tmp_path / "run", [({"accuracy": 0.5}, 1_000)])
    (tmp_path / "broken_own.py").write_text("\nraise KeyError('inside')\n")
    assert main(["status", str(tmp_path / "run"), "--file", str(tmp_path / "broken_own.py")]) == 1
    assert capsys.readouterr().err.endswith("broken_own.py, line 2: KeyError: 'inside'\n")
