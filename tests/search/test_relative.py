"""A relative directory is the one that it was when it was given, wherever the process goes to afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.result import Result
from tests.search.cli.test_exit_codes import GOOD
from tests.search.made_up import told
from tests.search.tiny import small_search


def test_a_result_is_read_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(tmp_path / "run", [GOOD])
    monkeypatch.chdir(tmp_path)
    result = Result.open("run")
    monkeypatch.chdir("/")
    assert result.counts()["scored"] == 1
    assert len(result.front) == 1


def test_a_search_is_written_where_it_was_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    small_search(trials=1).run("run", workers=1, watch=lambda *_: monkeypatch.chdir(elsewhere))
    assert Result.open(tmp_path / "run").counts()["scored"] == 1
    assert not list(elsewhere.iterdir())
