"""Temporary folders: none is left by a process that was killed, once another one begins."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from search.backends.scratch import MARK, scratch


def test_what_a_killed_process_left_is_removed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("archsearch-killed", "archsearch-without-mark", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    for name in ("archsearch-killed", "other"):  # a lock ends with its process
        (tmp_path / name / MARK).touch()
    with scratch() as first:
        (first / "file").touch()
        with scratch() as second:
            left = {path.name for path in tmp_path.iterdir()}
            assert left == {"archsearch-without-mark", "other", first.name, second.name}
            assert (first / "file").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"archsearch-without-mark", "other"}
