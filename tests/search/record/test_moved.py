"""A run whose directory is moved, removed or replaced while it is written ends there, and no other is written in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from search.errors import RunError
from search.files import RunDirectory, write_text
from search.record.reading import Reading
from tests.search.made_up import drive, engine_in, outcome_of


def _replace(run: Path) -> None:
    run.rename(run.with_name("moved"))
    shutil.copytree(run.with_name("moved"), run)


ACTS: dict[str, Callable[[Path], object]] = {
    "moved": lambda run: run.rename(run.with_name("moved")),
    "removed": shutil.rmtree,
    "its record removed": lambda run: (run / "record.jsonl").unlink(),
    "replaced": _replace,
}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_noted_of_a_run_whose_directory_is_no_longer_there(tmp_path: Path, act: str) -> None:
    engine = engine_in(run := tmp_path / "run", trials=3)
    trial = engine.ask()
    assert trial
    ACTS[act](run)
    with pytest.raises(RunError, match="was moved, removed or replaced"):
        engine.tell(trial, outcome_of(trial))
    assert not engine.history.outcomes
    engine.record.close()


def test_a_run_that_was_moved_goes_on_where_it_is_moved_back(tmp_path: Path) -> None:
    engine = engine_in(run := tmp_path / "run", trials=3)
    trial = engine.ask()
    assert trial
    run.rename(tmp_path / "moved")
    with pytest.raises(RunError):
        engine.tell(trial, outcome_of(trial))
    engine.record.close()
    (tmp_path / "moved").rename(run)
    drive(engine_in(run, trials=3))
    assert len(Reading(RunDirectory(run)).history.outcomes) == 3


def test_no_file_of_a_run_begins_a_directory_that_is_gone(tmp_path: Path) -> None:
    home = RunDirectory(tmp_path / "run")
    with pytest.raises(FileNotFoundError):
        write_text(home.weights(0), "")
    assert not home.path.exists()
