"""What a script sees of the commands: exit codes, and the options that reach what they are for."""

from __future__ import annotations

import argparse
import io
import json
import re
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from search import Failed, Result
from search.cli import commands
from search.cli.main import main
from search.confirmation import Confirmation
from search.errors import RunError
from search.report.progress import Watcher
from search.trial import Trial
from tests.search.made_up import engine_in, outcome_of, told

GOOD = ({"accuracy": 0.5}, 1_000)
BETTER = ({"accuracy": 0.9}, 9_000)
WORSE = ({"accuracy": 0.4}, 10_000)
BAD = (Failed("diverged"), 100)


class Declared:
    """In place of a search: it comes to a result that is given, or is interrupted."""

    def __init__(self, result: Result | None, raised: type[BaseException] | None = None) -> None:
        self.trials, self.result, self.raised = 40, result, raised
        self.asked: dict[str, Any] = {}

    def run(self, directory: Path, **options: Any) -> Result | None:
        self.asked = {"directory": directory, **options}
        if self.raised:
            raise self.raised("no room")
        return self.result


def search(monkeypatch: pytest.MonkeyPatch, declared: Declared, *options: str) -> int:
    monkeypatch.setattr(commands, "load_search", lambda file, task: declared)
    return main(["search", "mine.py", *options])


@pytest.mark.parametrize(("outcomes", "code"), [([GOOD, BAD], 0), ([BAD], 1), ([], 1)])
def test_a_run_without_a_scored_trial_is_no_success(
    outcomes: list[Any], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = told(tmp_path, outcomes)
    assert search(monkeypatch, Declared(result)) == code
    assert main(["front", str(tmp_path)]) == code
    assert main(["front", str(tmp_path), "--json"]) == code
    assert main(["status", str(tmp_path)]) == 0


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt, 130), (RunError, 1), (PermissionError, 1)])
def test_what_ends_a_search_is_its_exit_code_and_one_line(
    raised: type[BaseException], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(monkeypatch, Declared(None, raised)) == code
    assert capsys.readouterr().err.count("\n") == 1


def test_what_resumes_nothing_promises_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(options: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "export", stopped)
    monkeypatch.setattr(commands, "confirm", lambda options: stopped(options))
    assert main(["export", "runs/mine"]) == main(["confirm", "mine.py"]) == 130
    assert capsys.readouterr().err == "stopped\nstopped; the same command resumes the search\n"


def test_a_remark_is_a_line_and_where_warnings_are_errors_the_only_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def remarks(options: argparse.Namespace) -> int:
        warnings.warn("the inputs\nlie far from 0", stacklevel=2)
        return 0

    monkeypatch.setattr(commands, "status", remarks)
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        assert main(["status", "runs/mine"]) == 0
    assert capsys.readouterr() == ("", "archsearch: the inputs\\nlie far from 0\n")
    assert main(["status", "runs/mine"]) == 1
    assert capsys.readouterr() == ("", "archsearch: the inputs\\nlie far from 0\n")


def test_the_options_reach_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = Declared(told(tmp_path, [GOOD]))
    options = "--trials 7 --hours 1.5 --workers 3 --backend ray --address auto --directory here --optuna-storage db"
    options += " --retry-failed --total-epochs 2k --total-flops 1e15 --keep 2"
    options += " --cpus 2 --gpus 0.25 --memory 4G --storage s3://bucket/runs"
    assert search(monkeypatch, declared, *options.split()) == 0
    assert declared.trials == 7
    asked = {name: value for name, value in declared.asked.items() if name != "watch"}
    assert asked == {
        "directory": Path("here"),
        "hours": 1.5,
        "workers": 3,
        "backend": "ray",
        "address": "auto",
        "optuna_storage": "db",
        "retry_failed": True,
        "total_epochs": 2000.0,
        "total_flops": 1e15,
        "keep": "2",
        "cpus": 2.0,
        "gpus": 0.25,
        "memory": 4e9,
        "storage": "s3://bucket/runs",
    }
    assert search(monkeypatch, declared) == 0
    assert declared.asked["directory"] == Path("runs/mine")
    assert declared.trials == 7  # what the file says stays as it is


def test_the_options_reach_the_confirmation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, dict[str, object]]] = []

    def confirm(self: Result, seeds: int, trials: object, **named: object) -> Confirmation:
        asked.append(((seeds, trials), named))
        return Confirmation((), ())

    told(tmp_path, [GOOD])
    declared = SimpleNamespace(objectives=None, task=None)
    monkeypatch.setattr(commands, "load_search", lambda *_: declared)
    monkeypatch.setattr(Result, "confirm", confirm)
    options = "--seeds 2 --trial 3 --workers 3 --backend ray --address auto --cpus 2 --gpus 0.25 --memory 4G"
    options += " --storage s3://bucket/runs"
    assert main(["confirm", "mine.py", "--directory", str(tmp_path), *options.split()]) == 1  # nothing is confirmed
    ((given, named),) = asked
    assert given == (2, [3])
    assert {name: value for name, value in named.items() if name != "watch"} == {
        "workers": 3,
        "backend": "ray",
        "address": "auto",
        "cpus": 2.0,
        "gpus": 0.25,
        "memory": 4e9,
        "storage": "s3://bucket/runs",
    }


def test_the_front_for_scripts_is_the_front(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(tmp_path, [WORSE, BETTER, BAD, GOOD])
    assert main(["front", str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["trial"], row.get("accuracy"), row["flops"]) for row in rows] == [(3, 0.5, 1_000), (1, 0.9, 9_000)]


@pytest.mark.parametrize(("options", "number"), [("", 2), ("--trial 0", 0), ("--by accuracy", 2), ("--by flops", 1)])
def test_the_trial_that_was_asked_for_is_exported(
    options: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported: list[tuple[int, Path]] = []

    def export(trial: Trial, to: Path, *options: object, **named: object) -> Path:
        exported.append((trial.number, to))
        return to

    monkeypatch.setattr(Trial, "export", export)
    told(tmp_path, [WORSE, GOOD, BETTER])
    assert main(["export", str(tmp_path), "--to", "out", *options.split()]) == 0
    assert exported == [(number, Path("out"))]


def test_progress_counts_the_candidates_that_are_finished(tmp_path: Path) -> None:
    stream = io.StringIO()
    engine = engine_in(tmp_path, trials=6, lag=2)
    with Watcher(stream) as watch:
        watch(engine, None, None)
        while not engine.done:
            waiting = [trial for trial in iter(engine.ask, None) if trial] + [
                t for t in engine.history if t.state == "running"
            ]
            trial = waiting[-1]
            outcome = outcome_of(trial)
            engine.tell(trial, outcome)
            watch(engine, trial, outcome)
    lines = stream.getvalue().splitlines()
    assert "6 candidates, 2 at once" in lines[0]
    assert [re.match(r" +(\d+)/6 ", line)[1] for line in lines[1:]] == list("123456")


def test_status_counts_the_trials(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(tmp_path, [GOOD, BAD, BETTER, BAD, WORSE])
    assert main(["status", str(tmp_path)]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == f"{tmp_path}: 3 scored, 2 failed"
    assert last == "trial 3 failed: diverged"
