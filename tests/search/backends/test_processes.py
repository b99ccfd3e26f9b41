"""Worker processes: what a script, a notebook or a task must be like to train there, and how they end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from search import Failed, Task, Training
from search.backends.local import Local
from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Event, Finished, Interrupted
from search.training import limits
from search.trial import Trial
from tests.search.tiny import bars, small_search, small_space

ROOT = Path(__file__).parents[3]
SEARCH = "Search(small_space(), task, trials=2, epochs=1)"
IMPORTS = "import sys, threading\nfrom search import Search, Task\nfrom tests.search.tiny import bars, small_space\n"
TASK = "task = Task.from_arrays(*bars().train, metrics={'one': one})\n"


@dataclass
class Doing:
    """In place of a trainer: calls a function for each candidate, and tells what that returns."""

    what: Callable[[int], str]
    training: Training = field(default_factory=Training)
    task: Task | None = None

    def run(self, data: Mapping[str, Any], tell: Callable[[Event], None], own_process: bool = False) -> None:
        tell(Finished(data["number"], Failed(self.what(data["number"]))))


@contextlib.contextmanager
def local(trainer: object, workers: int = 1) -> Iterator[Local]:
    backend = Local(trainer, workers)
    try:
        yield backend
    finally:
        backend.close()


def until(backend: Local, ends: int) -> list[Event]:
    events: list[Event] = []
    while sum(isinstance(event, Finished | Interrupted) for event in events) < ends:
        events += backend.events()
    return events


def python(
    arguments: Sequence[str], directory: Path, given: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        input=given,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def processes_of(group: int) -> list[int]:
    """The processes of a process group that have not ended."""
    found = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in found.splitlines()]
    return [int(pid) for pid, its_group, state in rows if int(its_group) == group and not state.startswith("Z")]


def gone(group: int) -> bool:
    """Whether all processes of a group end within ten seconds."""
    for pid in processes_of(group):
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            ended, _, _ = select.select([handle], [], [], 10.0)
            os.close(handle)
            if not ended:
                return False
    return not processes_of(group)


def test_a_script_without_a_guard_is_refused_in_a_sentence_and_no_trial_is_drawn(tmp_path: Path) -> None:
    code = f"{IMPORTS}task = bars()\ntry:\n    {SEARCH}.run('run', workers=2)\nexcept Exception as error:\n    raise\n"
    (tmp_path / "mine.py").write_text(code)
    done = python(["mine.py"], tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"search.errors.RunError: worker processes import {tmp_path}/mine.py, and would run its search again; put the "
        'lines that run it under `if __name__ == "__main__":`'
    )
    assert done.stderr.count("Traceback") == 1
    assert len((tmp_path / "run" / "record.jsonl").read_text().splitlines()) == 1


def test_a_script_that_does_what_can_be_done_once_is_refused_in_a_sentence(tmp_path: Path) -> None:
    code = f"import multiprocessing\nmultiprocessing.set_start_method('spawn')\n{IMPORTS}task = bars()\n"
    (tmp_path / "mine.py").write_text(f"{code}if __name__ == '__main__':\n    {SEARCH}.run('run', workers=1)\n")
    assert python(["mine.py"], tmp_path).stderr.splitlines()[-1] == (
        f"search.errors.RunError: {tmp_path}/mine.py cannot be imported by a worker process (RuntimeError: context has "
        "already been set); each imports it, from anywhere and without arguments, so put what it does, but not what it "
        'defines, under `if __name__ == "__main__":`'
    )


def test_functions_of_standard_input_and_of_a_guard_are_sent_to_workers(tmp_path: Path) -> None:
    """As those of a notebook's cells are: what workers cannot import goes by value. Modules of ours are found first."""
    for name in ("search", "spaces", "archspec"):
        (tmp_path / "beside" / name).mkdir(parents=True)
        (tmp_path / "beside" / name / "__init__.py").write_text("raise RuntimeError('not ours')\n")
    code = (
        f"{IMPORTS}sys.path.insert(0, {str(tmp_path / 'beside')!r})\nif __name__ == '__main__':\n"
        f"    def one(outputs, targets):\n        return float(bool(len(outputs)))\n    {TASK}"
        f"    print([t.scores['one'] for t in {SEARCH}.run(sys.argv[1], workers=1).trials])\n"
    )
    assert python(["-", "stdin"], tmp_path, given=code).stdout == "[1.0, 1.0]\n"
    (tmp_path / "mine.py").write_text(code)
    assert python(["mine.py", "script"], tmp_path).stdout == "[1.0, 1.0]\n"


def test_what_a_worker_cannot_load_is_said_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").write_text("def what(number):\n    return 'done'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    from only_here import what

    (tmp_path / "only_here.py").write_text("from tests.search.tiny import small_search\nsmall_search().run('run')\n")
    with pytest.raises(
        RunError, match="worker processes import the modules of the task, and would run its search again"
    ):
        Local(Doing(what), 1)
    (tmp_path / "only_here.py").unlink()
    with pytest.raises(
        RunError, match=r"cannot be loaded by worker processes \(ModuleNotFoundError: No module named 'only"
    ):
        Local(Doing(what), 1)
    with pytest.raises(
        RunError, match=r"cannot be sent to worker processes .*; its functions and datasets may hold no"
    ):
        Local(Doing(n for n in "generators cannot be pickled"), 1)


class Loads:
    """The sum of data that two processes of a loader read."""

    def __call__(self, number: int) -> str:
        loader = DataLoader(TensorDataset(torch.arange(8.0)), batch_size=2, num_workers=2)
        if number == 1:
            for _ in loader:
                os.kill(os.getpid(), signal.SIGKILL)
        if number == 2:
            print("processes", os.getpid(), flush=True)
            for _ in loader:
                time.sleep(60)
        return str(sum(float(batch.sum()) for (batch,) in loader))


def test_loaders_may_have_processes_and_a_killed_worker_leaves_none_and_is_replaced() -> None:
    with local(Doing(Loads())) as backend:
        group = backend._pool[0].process.pid
        for number in (0, 1):
            backend.submit(Trial(number, number, {}))
        done = until(backend, 2)
        assert done == [
            Finished(0, Failed("28.0")),
            Interrupted(1, "its worker process died (SIGKILL)", died=True),
        ]
        assert gone(group)
        backend.submit(Trial(3, 3, {}))
        assert until(backend, 1) == [Finished(3, Failed("28.0"))]


def test_workers_and_their_loaders_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "from tests.search.backends.test_processes import Doing, Loads, local, until\nfrom search.trial import Trial\n"
        "if __name__ == '__main__':\n    with local(Doing(Loads())) as backend:\n"
        "        backend.submit(Trial(2, 2, {}))\n        until(backend, 1)\n"
    )
    (tmp_path / "mine.py").write_text(code)
    parent = subprocess.Popen(
        [sys.executable, "mine.py"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    group = int(parent.stdout.readline().split()[1])
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(group)


class Blocks:
    """A loader that gives one batch and then nothing for ever."""

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        x, y = bars().train
        yield x[:32], y[:32]
        time.sleep(1000)


class Impatient:
    """A trainer whose limits end a process soon after they are over."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.task, self.training = trainer, trainer.task, trainer.training

    def run(self, data: Mapping[str, Any], tell: Callable[[Event], None], own_process: bool = False) -> None:
        limits.GRACE = 0.1
        self.trainer.run(data, tell, own_process)


@pytest.mark.parametrize("own", [True, False])
def test_a_loader_that_blocks_ends_at_the_limit_of_the_trial_or_of_the_search(own: bool, tmp_path: Path) -> None:
    task = Task.from_loaders(Blocks(), bars().validation)
    search = small_search(training=Training(epochs=2, seconds=0.2 if own else None))
    trainer = Trainer(task, search.training, search.goal, str(tmp_path), until=None if own else time.time() + 4)
    architecture = next(small_space().enumerate())
    trial = Trial(5, 0, {}, architecture=architecture, hash=architecture.hash, cost=architecture.graph.cost())
    with local(Impatient(trainer)) as backend:
        backend.submit(trial)
        last = until(backend, 1)[-1]
    failed = Finished(5, Failed("its time limit of 0.2 s was over", 0.2))
    assert last == (failed if own else Interrupted(5, limits.TIME_UP))


def test_hours_end_what_is_training_and_the_next_run_resumes_it(tmp_path: Path) -> None:
    result = small_search(trials=2).run(tmp_path, workers=1, hours=1 / 3600)
    assert result.counts()["running"] == 1
    result = small_search(trials=2).run(tmp_path, workers=1)
    assert result.counts()["scored"] == 2
