"""Backends: killed at any moment, on this machine or on Ray, the same search ends the same."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from search import Search, Task, running
from search.errors import RunError
from search.record.studies import STATE
from search.result import Result
from tests.search.tiny import bars, small_search, small_space, told

ROOT = Path(__file__).parents[3]
TRIALS = 12


def alone(command: list[str]) -> list[str]:
    """The command in a network of its own, where the system allows it."""
    if shutil.which("unshare") and shutil.which("ip"):
        inner = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        if subprocess.run([*inner, "true"], capture_output=True, check=False).returncode == 0:
            return [*inner, *command]
    return command


def run(directory: Path) -> list[list[object]]:
    """What came of the tiny search, run by a process of its own."""
    command = [sys.executable, "-m", "tests.search.tiny", str(directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    result: list[list[object]] = json.loads(done.stdout.splitlines()[-1])
    return result


def as_json(result: Result) -> list[list[object]]:
    loaded: list[list[object]] = json.loads(json.dumps(told(result)))
    return loaded


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[list[object]]:
    """What the search comes to when nothing disturbs it."""
    return run(tmp_path_factory.mktemp("undisturbed") / "run")


def assert_mirrored(directory: Path) -> None:
    """Every epoch of every trial is in the record, and Optuna sees the same trials."""
    result = Result.open(directory)
    for trial in result.trials:
        epochs = list(range(1, trial.training.epochs + 1))
        assert trial.state != "scored" or list(trial.curve) == epochs
    storage = JournalStorage(JournalFileBackend(str(directory / "study.journal")))
    study = optuna.load_study(study_name="search", storage=storage)
    assert [t.user_attrs["number"] for t in study.trials] == [t.number for t in result.trials]
    assert [t.state for t in study.trials] == [STATE[t.state] for t in result.trials]


def scored(trials: list[list[object]]) -> list[object]:
    return [number for number, state, *_ in trials if state == "scored"]


def test_same_seed_and_workers_same_candidates_and_scores(tmp_path: Path, expected: list[list[object]]) -> None:
    assert len(scored(expected)) == TRIALS
    assert as_json(small_search().run(tmp_path / "again", workers=2)) == expected


def test_another_seed_gives_another_search(tmp_path: Path, expected: list[list[object]]) -> None:
    assert as_json(small_search(trials=4, seed=4).run(tmp_path / "run", workers=2)) != expected[:4]


def test_a_finished_run_is_returned_as_it_is(tmp_path: Path) -> None:
    first = small_search(trials=3).run(tmp_path / "run", workers=1)
    files = [tmp_path / "run" / name for name in ("record.jsonl", "study.journal")]
    before = [file.read_bytes() for file in files]
    assert told(small_search(trials=3).run(tmp_path / "run", workers=1)) == told(first)
    assert [file.read_bytes() for file in files] == before


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("begun")
    small_search(trials=1).run(directory, workers=1)
    return directory


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"seed": 9}, "seed"),
        ({"constraints": ["params <= 2k"]}, "constraints"),
        ({"objectives": ["maximize accuracy"]}, "objectives"),
        ({"training": None, "epochs": 3}, "training"),
    ],
)
def test_a_run_goes_on_with_its_own_settings_only(begun: Path, change: dict[str, object], what: str) -> None:
    before = (begun / "record.jsonl").read_bytes()
    with pytest.raises(RunError, match=f"(an)?other {what}"):
        small_search(trials=1, **change).run(begun, workers=1)
    assert (begun / "record.jsonl").read_bytes() == before


class Explodes:
    """Data that a worker process cannot read: there the second batch raises."""

    def __init__(self, task: Task) -> None:
        self.task, self.parent = task, os.getpid()

    def __iter__(self):
        x, y = self.task.train
        yield x[:8], y[:8]
        if os.getpid() != self.parent:
            raise OSError("the disk is gone")


class Kills:
    """Data whose reading ends a worker process, as the system does when memory runs out."""

    def __init__(self) -> None:
        self.parent = os.getpid()

    def __iter__(self):
        if os.getpid() != self.parent:
            os.kill(os.getpid(), signal.SIGKILL)
        yield bars().train


def test_trials_that_raise_fail_and_stop_the_search_once_three_do(tmp_path: Path) -> None:
    task = Task.from_loaders(Explodes(bars()), bars().validation)
    with pytest.raises(RunError, match=r"the last 3 candidates failed alike \(OSError: the disk is gone\); mend"):
        Search(small_space(), task, trials=9, epochs=1).run(tmp_path / "run", workers=2)
    result = Result.open(tmp_path / "run")
    assert {t.reason for t in result.trials if t.state == "failed"} == {"OSError: the disk is gone"}
    assert len(result.front) == 0


def test_a_trial_whose_worker_dies_each_time_fails_and_the_search_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "DEATHS", 1)
    task = Task.from_loaders(Kills(), bars().validation)
    result = Search(small_space(), task, trials=1, epochs=1).run(tmp_path / "run", workers=1)
    reason = "ran out of memory by itself (its worker process died (SIGKILL) again and again)"
    assert [t.reason for t in result.trials if t.state == "failed"] == [reason]


def test_without_ray_everything_else_works(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['ray'] = None\n"
        "from tests.search.tiny import small_search\n"
        "if __name__ == '__main__':\n"
        "    print(small_search(trials=2).run(sys.argv[1], workers=1).counts()['scored'])\n"
        "    small_search(trials=3).run(sys.argv[1], workers=1, backend='ray')\n"
    )
    (tmp_path / "no_ray.py").write_text(code)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "no_ray.py"), str(tmp_path / "run")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=120,
    )
    assert done.stdout.split() == ["2"]
    assert done.stderr.splitlines()[-1].endswith(
        "the ray backend needs Ray: pip install 'archsearch[ray]', or use backend='local'"
    )
