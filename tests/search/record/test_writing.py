"""What is written down is whole, and on the disk before anything follows from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from search.errors import RunError
from search.events import Epoch, Event, Finished
from search.files import RunDirectory
from search.record.reading import Reading
from search.record.writing import Record
from tests.search.made_up import drive, engine_in, outcome_of


def test_proposals_and_outcomes_are_on_the_disk_before_anybody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    fsync = os.fsync

    def synced(handle: int) -> None:
        fsync(handle)
        heard.append("on the disk")

    class Follower:
        def observe(self, event: Event) -> None:
            heard.append(type(event).__name__)

        def close(self) -> None:
            heard.append("closed")

    engine = engine_in(tmp_path, trials=1, constraints=())
    monkeypatch.setattr(os, "fsync", synced)
    engine.record.followers.append(Follower())
    trial = engine.ask()
    assert trial
    engine.observe(Epoch(trial.number, 1, 0.5))
    engine.observe(Finished(trial.number, outcome_of(trial)))
    engine.record.close()
    assert heard == ["on the disk", "Proposed", "Epoch", "on the disk", "Finished", "closed"]


def test_a_disk_that_takes_a_few_letters_at_a_time_gets_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    engine = engine_in(tmp_path, trials=3)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda handle, text: write(handle, text[:50]))
        drive(engine)
    read = Reading(RunDirectory(tmp_path)).history
    assert [(t.number, t.state, t.hash) for t in read] == [(t.number, t.state, t.hash) for t in engine.history]


def test_what_a_killed_process_had_half_written_is_cleared_away(tmp_path: Path) -> None:
    Record(RunDirectory(tmp_path), {}).close()
    (tmp_path / "weights").mkdir()
    for name in ("1.safetensors", "2.safetensors.99.part"):
        (tmp_path / "weights" / name).touch()
    Record(RunDirectory(tmp_path), {}).close()
    assert [file.name for file in (tmp_path / "weights").iterdir()] == ["1.safetensors"]


def test_a_run_in_which_nothing_was_drawn_is_begun_anew_with_other_settings(tmp_path: Path) -> None:
    """A fault of the set-up stops a run before its first draw; what mends it may change the settings."""
    with Record(RunDirectory(tmp_path), {"task": "as it was"}) as record:
        run = record.history.settings.run
    with Record(RunDirectory(tmp_path), {"task": "mended"}) as record:
        assert record.history.settings.values == {"task": "mended"}
        assert record.history.settings.run == run
    engine = engine_in(tmp_path, trials=1)
    assert engine.ask()
    engine.record.close()
    with pytest.raises(RunError, match="another task"):
        Record(RunDirectory(tmp_path), {"task": "another"})
