"""A run of the version before there was a record is read, goes on to the same candidates, and is exported.

`old_run` was made by that version: `small_search(trials=14)` with two workers, 11 outcomes told, of which those of
trials 1 and 7 were trained and the others made up as below; then it was killed with two in training and one half drawn.
`CANDIDATES` is what that version went on to, slot by slot, with the numbers it gave them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import optuna
import pytest
import torch
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

import archspec
from search import Engine, Failed, Outcome, Result, Scored
from search.errors import RunError
from search.files import RunDirectory
from search.record import old
from search.record.mirror import Mirror
from search.record.reading import begun_by
from search.record.studies import Translation
from search.record.writing import Record
from search.strategies.strategy import fresh
from search.trial import Trial
from tests.search.tiny import bars, small_search

OLD = Path(__file__).with_name("old_run")
CANDIDATES = [
    (15, "dab0657b"),
    (18, "ff39f434"),
    (21, "20ec7921"),
    (24, "87d37911"),
    (25, "29f80d16"),
    (27, "729c6006"),
    (28, "0c200745"),
    (30, "35b1a164"),
    (31, "b6ff269d"),
    (32, "5c3d0216"),
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OLD, tmp_path / "run"))


def made_up(trial: Trial) -> Outcome:
    number = int(str(trial.hash)[:6], 16)
    if number % 5 == 0:
        return Failed("diverged: the loss is nan in epoch 1", 0.5)
    return Scored({"loss": 1 - number / 16**6 / 2, "accuracy": number / 16**6}, 2, 0.5)


def go_on(directory: Path, trials: int = 21) -> list[tuple[int, str]]:
    search, seen, flying = small_search(trials=trials), [], []
    with Record(RunDirectory(directory), search._terms()) as record:
        record.followers.append(Mirror(record.history, Translation(search.space, search.objectives)))
        strategy = fresh("tpe", search.space, search.objectives)
        wanted = (search.objectives, search.constraints, trials, search.seed, 2)
        engine = Engine(record, search.space, *wanted, strategy=strategy)
        while not engine.done:
            while (trial := engine.ask()) is not None:
                flying.append(trial)
                seen.append((trial.number, str(trial.hash)[:8]))
            trial = flying.pop(0)
            engine.tell(trial, made_up(trial))
    return seen


def test_it_is_read_without_a_change_to_it(run: Path) -> None:
    assert begun_by(RunDirectory(run)) == "tpe"
    result = Result.open(run)
    assert result.counts() == {"scored": 10, "stopped": 0, "failed": 1, "running": 2, "rejected": 6}
    assert [trial.number for trial in result.front] == [13, 7, 1]
    assert result.trial(4).reason == "diverged: the loss is nan in epoch 1"
    assert result.trial(16).reason == "breaks params <= 1,000: 89 % over"
    assert result.history.settings.values["seed"] == 3
    assert (result.history.settings.drawn, result.history.settings.told) == (20, 11)
    assert not (run / "record.jsonl").exists()
    assert (run / "study.journal").read_bytes() == (OLD / "study.journal").read_bytes()


def test_it_goes_on_to_the_same_candidates(run: Path) -> None:
    before = Result.open(run)
    assert go_on(run) == CANDIDATES
    after = before.trials
    assert [t.state for t in after].count("running") == 0
    assert before.counts()["scored"] + before.counts()["failed"] == 21


def test_a_reading_that_overlooks_a_rejected_draw_is_noticed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = old._events
    monkeypatch.setattr(old, "_events", lambda trials: (event for event in read(trials) if event.number != 14))
    assert go_on(run) != CANDIDATES


def test_its_study_goes_on_as_the_mirror(run: Path) -> None:
    go_on(run)
    storage = JournalStorage(JournalFileBackend(str(run / "study.journal")))
    study = optuna.load_study(study_name="search", storage=storage)
    result = Result.open(run)
    assert [t.state for t in study.trials if t.number == 19] == [TrialState.FAIL]  # the half-drawn one
    mirrored = {t.number: t for t in study.trials if t.number != 19}
    assert list(mirrored) == [trial.number for trial in result.trials]
    for trial in result.trials:
        assert mirrored[trial.number].params == trial.values
        if trial.state == "scored":
            assert mirrored[trial.number].values[0] == trial.scores["accuracy"]


def test_its_networks_are_exported(run: Path, tmp_path: Path) -> None:
    best = Result.open(run, bars()).best("accuracy")
    assert best.number in (1, 7)
    assert best.test()["accuracy"] > 0.4
    directory = best.export(tmp_path / "best")
    x = torch.zeros(2, 1, 6, 6)
    with torch.no_grad():
        np.testing.assert_allclose(archspec.load(directory)(x).numpy(), best.model()(x).numpy(), rtol=1e-4, atol=1e-5)
    with pytest.raises(RunError, match="has no weights"):
        Result.open(run).trial(0).model()


def test_a_run_that_was_never_begun_is_said(tmp_path: Path) -> None:
    (tmp_path / "study.journal").touch()
    with pytest.raises(RunError, match="has not begun; run its search"):
        Result.open(tmp_path)
    go_on(tmp_path, trials=2)
    assert len(Result.open(tmp_path).front) >= 1
