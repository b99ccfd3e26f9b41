"""The mirror: what Optuna and its dashboard see is what the record says, whatever had become of the mirror."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from search import Engine, Result
from search.errors import RunError
from search.events import Epoch
from search.record.mirror import Mirror
from search.record.studies import STATE, Translation
from tests.search.made_up import BOTH, drive, engine_in
from tests.search.tiny import small_search


def mirrored(directory: Path, url: str | None = None, **options: Any) -> Engine:
    engine = engine_in(directory, lag=2, **options)
    engine.record.followers.append(Mirror(engine.history, Translation(engine.space, engine.objectives), url))
    return engine


def study_in(directory: Path) -> optuna.Study:
    storage = JournalStorage(JournalFileBackend(str(directory / "study.journal")))
    return optuna.load_study(study_name="search", storage=storage)


def connected(file: Path) -> int:
    """The number of connections that this process has to a database."""
    count = 0
    for connection in (one for one in gc.get_objects() if type(one) is sqlite3.Connection):
        with contextlib.suppress(sqlite3.ProgrammingError):  # it is closed
            count += any(name == str(file) for _, _, name in connection.execute("PRAGMA database_list"))
    return count


def assert_same(study: optuna.Study, engine: Engine) -> None:
    """The law: trial for trial, the study holds what the history does."""
    ours, theirs = list(engine.history), study.trials
    assert [t.user_attrs["number"] for t in theirs] == [t.number for t in ours]
    for trial, other in zip(ours, theirs, strict=True):
        assert other.state == STATE[trial.state]
        assert other.params == trial.values
        assert other.distributions.keys() == trial.values.keys()
        assert other.constraints == trial.excess
        assert other.values == Translation(engine.space, engine.objectives).values(trial)
        assert other.user_attrs.get("hash") == trial.hash
        if trial.state == "scored":
            assert trial.cost
            assert other.user_attrs["scores"] == trial.scores
            assert other.user_attrs["cost"] == trial.cost.quantities()
    assert study.directions == [optuna.study.StudyDirection[d.upper()] for d in ("maximize", "minimize")][: len(BOTH)]


def test_the_study_is_the_record(tmp_path: Path) -> None:
    engine = mirrored(tmp_path, trials=20)
    drive(engine, tell=5)
    assert TrialState.RUNNING in {t.state for t in study_in(tmp_path).trials}
    assert_same(study_in(tmp_path), engine)
    drive(engine)
    assert_same(study_in(tmp_path), engine)
    assert {"COMPLETE", "FAIL", "PRUNED"} <= {t.state.name for t in study_in(tmp_path).trials}
    assert study_in(tmp_path).metric_names == ["accuracy", "flops"]


@pytest.mark.parametrize("fault", ["_finish", "_add"])
def test_a_mirror_that_overlooks_something_is_noticed(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mirror, fault, lambda self, trial: None)
    engine = mirrored(tmp_path)
    drive(engine)
    with pytest.raises((AssertionError, KeyError)):
        assert_same(study_in(tmp_path), engine)


def gone(file: Path) -> None:
    file.unlink()


def behind(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[: len(lines) // 2]) + b'{"op_code":4,"torn')


def rubbish(file: Path) -> None:
    file.write_text("rubbish\n")


def a_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def of_another_run(file: Path) -> None:
    file.write_text(re.sub('("mirror of":)"[^"]*"', r'\1"another"', file.read_text()))


SPOILED = [rubbish, a_directory, of_another_run]


@pytest.mark.parametrize("spoil", [gone, behind, lambda _: None, *SPOILED])
def test_what_is_missing_is_completed_from_the_record(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    engine = mirrored(tmp_path)
    drive(engine, tell=6)  # with two in training, which another process goes on with
    engine.record.close()
    spoil(tmp_path / "study.journal")
    engine = mirrored(tmp_path)
    assert (tmp_path / "study.journal.spoiled").exists() == (spoil in SPOILED)
    assert_same(study_in(tmp_path), engine)
    drive(engine)
    assert_same(study_in(tmp_path), engine)


def no_record(file: Path) -> None:
    file.unlink()


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


@pytest.mark.parametrize("lose", [no_record, emptied, torn])
def test_a_mirror_is_not_taken_for_a_run(tmp_path: Path, lose: Callable[[Path], None]) -> None:
    engine = mirrored(tmp_path, trials=3)
    drive(engine)
    engine.record.close()
    lose(tmp_path / "record.jsonl")
    for read in (Result.open, engine_in):
        with pytest.raises(
            RunError, match=r"^the record of the run in \S+ is gone, and study\.journal only mirrors it; put"
        ):
            read(tmp_path)
    (tmp_path / "study.journal").unlink()
    with pytest.raises(RunError, match=r"is not the directory of a run: there is no|that has not begun"):
        Result.open(tmp_path)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "0.safetensors").touch()
    with pytest.raises(RunError, match=r"has weights of a run whose record is gone; put the record back"):
        engine_in(tmp_path)


def test_the_epochs_of_a_single_objective_are_seen(tmp_path: Path) -> None:
    engine = mirrored(tmp_path, objectives=["minimize loss"])
    trial = engine.ask()
    assert trial
    for epoch in (1, 2):
        engine.observe(Epoch(trial.number, epoch, epoch / 10))
    (seen,) = (t for t in study_in(tmp_path).trials if t.state == TrialState.RUNNING)
    assert seen.intermediate_values == {1: 0.1, 2: 0.2}


def test_runs_share_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    engines = [mirrored(tmp_path / name / "run", url, trials=3) for name in ("a", "b")]
    for engine in engines:
        drive(engine)
    storage = RDBStorage(url)
    names = optuna.get_all_study_names(storage)
    assert len(names) == 2
    assert all(name.startswith("run-") for name in names)
    for name, engine in zip(names, engines, strict=True):
        assert_same(optuna.load_study(study_name=name, storage=storage), engine)
    storage.engine.dispose()
    assert connected(tmp_path / "runs.db")
    for engine in engines:
        engine.record.close()
    assert not connected(tmp_path / "runs.db")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [("sqlite:////nowhere/at/all/runs.db", "nowhere"), ("nosuch://me:secret@host/runs", "host/runs")],
)
def test_a_mirror_that_fails_stops_nothing_and_is_one_sentence(
    tmp_path: Path, url: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = mirrored(tmp_path, url)
    drive(engine)
    assert engine.finished == 12
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("archsearch: the run is no longer mirrored for Optuna in ")
    assert shown in error
    assert "secret" not in error
    engine.record.close()
    engine = mirrored(tmp_path)  # the next run completes another
    assert_same(study_in(tmp_path), engine)


@pytest.mark.filterwarnings("ignore:PedAnova")  # it says that it looks for low values of the target
def test_optunas_importances_and_plots_work_on_a_result(tmp_path: Path) -> None:
    search = small_search(trials=14)
    engine = engine_in(tmp_path, trials=14)
    engine.record.close()
    text = json.loads((tmp_path / "record.jsonl").read_text().splitlines()[0])
    text["settings"] = search._terms()
    (tmp_path / "record.jsonl").write_text(json.dumps(text) + "\n")
    engine = engine_in(tmp_path, trials=14, lag=2)
    drive(engine)
    study = Result.open(tmp_path).study
    assert_same(study, engine)
    assert study.user_attrs["seed"] == 3
    found = optuna.importance.get_param_importances(study, target=lambda trial: trial.values[0])
    assert set(found) >= {"width", "group"}
    assert len(study.best_trials) == len(Result.open(tmp_path).front)


def answered(storage: BaseStorage, path: str) -> Any:
    """What the real dashboard's HTTP interface answers."""
    dashboard = pytest.importorskip("optuna_dashboard")
    said: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
    }
    body = b"".join(dashboard.wsgi(storage)(environ, lambda status, headers, *rest: said.append(status)))
    assert said == ["200 OK"]
    return json.loads(body)


@pytest.mark.parametrize("kind", ["journal", "sqlite"])
@pytest.mark.filterwarnings("ignore")  # the dashboard's own
def test_the_dashboard_lists_the_study_and_its_trials_while_the_run_goes_on(tmp_path: Path, kind: str) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}" if kind == "sqlite" else None
    engine = mirrored(tmp_path / "run", url)
    for tell in (5, None):
        drive(engine, tell=tell)
        journal = str(tmp_path / "run" / "study.journal")
        storage = RDBStorage(url) if url else JournalStorage(JournalFileBackend(journal))
        (study,) = answered(storage, "/api/studies")["study_summaries"]
        assert study["directions"] == ["maximize", "minimize"]
        seen = answered(storage, f"/api/studies/{study['study_id']}")
        assert seen["objective_names"] == ["accuracy", "flops"]
        states = [trial["state"] for trial in seen["trials"]]
        wanted = {"scored": "Complete", "failed": "Fail", "rejected": "Pruned", "running": "Running"}
        assert states == [wanted[trial.state] for trial in engine.history]
        for trial, ours in zip(seen["trials"], engine.history, strict=True):
            assert {p["name"]: p["param_external_value"] for p in trial["params"]} == {
                name: str(value) for name, value in ours.values.items()
            }
        if url:
            storage.engine.dispose()
    engine.record.close()
