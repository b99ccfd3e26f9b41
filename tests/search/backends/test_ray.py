"""On Ray, from a script, from the command line and from a notebook, a search is that of this machine's processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from search.errors import RunError
from search.result import Result
from tests.search.backends.test_backends import ROOT, TRIALS, alone, as_json, assert_mirrored, run
from tests.search.tiny import small_search

pytest.importorskip("ray")

SCRIPT = """
import importlib, sys, threading
import ray
from rich.progress import Progress
from search.backends.ray import Ray
from search.backends.worker import Trainer
from tests.search.tiny import small_search

class Lacking(Trainer):
    def __reduce__(self):
        return importlib.import_module, ("only_on_the_head",)

class Watch:
    def __init__(self, file):
        self.lock, self.file, self.progress = threading.RLock(), file, Progress()
        self.bar = self.progress.add_task("training")
    def __call__(self, engine, trial, outcome):
        with self.lock:
            self.progress.update(self.bar, completed=engine.finished)
    def epoch(self, engine, trial, epoch, score):
        with self.lock:
            print("epoch", trial.number, epoch, score, file=self.file, flush=True)

if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    search = small_search(5)
    nowhere = Trainer(search.task, search.training, search.goal, "/nowhere")
    for trainer in (nowhere, Lacking(search.task, search.training, search.goal, "")):
        try:
            Ray(trainer, 2)
        except Exception as error:
            print(type(error).__name__, error)
    with open(sys.argv[2], "w") as file, Watch(file).progress:
        search.run(sys.argv[1], backend="ray", workers=2, watch=Watch(file))
"""
CELLS = (
    "from search import Search, Task\nfrom tests.search.tiny import bars, small_space, told",
    "def half(outputs, targets):\n    return 0.5\n"
    "task = Task.from_arrays(*bars().train, metrics={'half': half})\n"
    "search = Search(small_space(), task, trials=2, epochs=1)",
    "runs = [search.run(name, backend=name, workers=1) for name in ('local', 'ray')]\n"
    "assert told(runs[0]) == told(runs[1])\n[trial.scores['half'] for trial in runs[1].trials]",
)


def shell(command: list[str], directory: Path) -> str:
    done = subprocess.run(
        alone(command),
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[list[object]]:
    """What the search comes to on this machine."""
    return run(tmp_path_factory.mktemp("undisturbed") / "run")


@pytest.mark.slow
def test_a_script_whose_watch_holds_a_lock_a_file_and_a_bar_and_what_nodes_lack_is_said_first(
    tmp_path: Path, expected: list[list[object]]
) -> None:
    (tmp_path / "mine.py").write_text(SCRIPT)
    said = shell([sys.executable, "mine.py", "run", "epochs.txt"], tmp_path).splitlines()
    assert said[0].startswith("RunError Ray's node ")
    assert "does not see /nowhere; put the run's directory on a file system that all nodes share" in said[0]
    assert said[1].startswith("RunError Ray's node ")
    assert "cannot load the task (ModuleNotFoundError: No module named 'only_on_the_head'); install" in said[1]
    assert len((tmp_path / "epochs.txt").read_text().splitlines()) == 2 * 5
    assert as_json(small_search().run(tmp_path / "run", workers=2)) == expected
    assert_mirrored(tmp_path / "run")
    events = [json.loads(line).get("event") for line in (tmp_path / "run" / "record.jsonl").read_text().splitlines()]
    assert (events.count("started"), events.count("epoch"), events.count("finished")) == (TRIALS, 2 * TRIALS, TRIALS)


def test_the_command_line_finishes_on_ray_what_was_begun_here(tmp_path: Path, expected: list[list[object]]) -> None:
    small_search(trials=5).run(tmp_path / "run", workers=2)
    (tmp_path / "mine.py").write_text("from tests.search.tiny import small_search\nsearch = small_search()\n")
    command = [sys.executable, "-c", "import sys; from search.cli import main; sys.exit(main())", "search", "mine.py"]
    shell([*command, "--directory", "run", "--backend", "ray", "--workers", "2"], tmp_path)
    assert as_json(Result.open(tmp_path / "run")) == expected


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_notebook_with_a_function_of_a_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbclient
    import nbformat

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert notebook.cells[-1].outputs[-1]["data"]["text/plain"] == "[0.5, 0.5]"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (
            "127.0.0.1:9",
            r"there is no Ray cluster at 127\.0\.0\.1:9 \(.*refused\); give the address of the head of one",
        ),
        (
            "ray://head:10001",
            "ray://head:10001 is that of a Ray client, which cannot run a search; give that of the head",
        ),
        (
            "http://head:8265",
            "http://head:8265 is that of a dashboard, for `ray job submit`; give that of the head, HOST:6379",
        ),
        ("the head", "the head is not the address of a Ray cluster; give HOST:PORT of its head, or auto"),
    ],
)
def test_an_address_where_nothing_listens_is_answered_at_once(address: str, sentence: str) -> None:
    from search.backends.cluster import connect

    with pytest.raises(RunError, match=sentence):
        connect(address, 1)


@pytest.mark.parametrize(
    ("gpus", "workers", "share"), [(0, 4, 0), (4, 6, 1 / 2), (4, 4, 1), (4, 2, 1), (1, 3, 1 / 3), (2, 5, 1 / 3)]
)
def test_whole_workers_share_a_gpu(gpus: int, workers: int, share: float) -> None:
    from search.backends.cluster import gpu_share

    assert gpu_share(gpus, workers) == share
    assert share == 0 or gpus * int(1 / share + 1e-9) >= min(workers, gpus)
