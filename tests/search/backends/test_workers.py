"""How many candidates are trained at once, for how long, and what a worker that dies leaves: without any process."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace

import pytest

from search import running
from search import search as searching
from search.backends import local
from search.backends.backend import BACKENDS
from search.backends.sharing import Device
from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Event, Finished, Interrupted
from search.training.limits import TIME_UP
from search.trial import Trial
from tests.search.made_up import outcome_of
from tests.search.tiny import small_search

HOUR = 3600.0


class OneByOne:
    """Trains nothing: tells the outcome of the oldest trial, half an hour after the one before."""

    now = 0.0

    def __init__(self, trainer: Trainer, workers: int, address: str | None) -> None:
        self.waiting: list[Trial] = []
        self.until = trainer.until

    def submit(self, trial: Trial) -> None:
        self.waiting.append(trial)

    def events(self) -> Sequence[Event]:
        OneByOne.now += HOUR / 2
        trial = self.waiting.pop(0)
        if OneByOne.now > (self.until or OneByOne.now) + HOUR / 2:
            return [Interrupted(trial.number, TIME_UP)]
        return [Finished(trial.number, outcome_of(trial))]

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("hours", "workers", "finished"), [(None, 1, 9), (1.9, 1, 4), (0.4, 1, 1), (1.9, 3, 4)])
def test_after_so_many_hours_no_further_candidate_is_started(
    hours: float | None, workers: int, finished: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BACKENDS, "known", {**BACKENDS.known, "one by one": OneByOne})
    monkeypatch.setattr(OneByOne, "now", 0.0)
    for module in (searching, running):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: OneByOne.now, sleep=print))
    result = small_search(trials=9).run(tmp_path, "one by one", workers=workers, hours=hours)
    counts = result.counts()
    assert counts["scored"] + counts["failed"] == finished
    assert counts["running"] == (workers - 1 if hours else 0)  # interrupted, for the next run


class Idle:
    """In place of a worker process: it is ready when it has been asked, and never answers what it is told to train."""

    begun: list[Idle]

    def __init__(self, start: object, device: Device) -> None:
        self.device = device
        self.trial: Trial | None = None
        self.ready = False
        Idle.begun.append(self)

    @property
    def number(self) -> int | None:
        return None if self.trial is None else self.trial.number

    def receive(self) -> None:
        self.ready = True

    def train(self, trial: Trial) -> None:
        assert self.ready
        assert self.trial is None
        self.trial = trial


def test_as_many_processes_as_workers_each_with_one_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Idle, "begun", [], raising=False)
    monkeypatch.setattr(local, "_Worker", Idle)
    search = small_search()
    backend = local.Local(Trainer(search.task, search.training, search.goal, ""), workers=3)
    for number in range(5):
        backend.submit(Trial(number, number, {}))
    assert [(worker.number, worker.ready) for worker in Idle.begun] == [(0, True), (None, False), (None, False)]
    for worker in Idle.begun:
        worker.ready = True
    backend.submit(Trial(5, 5, {}))
    assert [worker.number for worker in Idle.begun] == [0, 1, 2]


HERE = Device(None)


class Dead(local._Worker):
    """A worker whose process has been killed when it is asked for the first event."""

    begun = 0

    def _begin(self) -> None:
        self.ready = self.begun == 0
        self.pipe, theirs = Pipe()
        theirs.close()
        self.process = SimpleNamespace(wait=lambda timeout=None: self.code, pid=2**22 + 1)
        self.begun += 1

    code = -signal.SIGKILL


def test_a_process_that_is_killed_interrupts_its_own_candidate_and_is_replaced() -> None:
    worker = Dead(None, HERE)
    worker.train(Trial(7, 0, {}))
    assert worker.receive() == Interrupted(7, "its worker process died (SIGKILL)", died=True)
    assert worker.trial is None
    assert worker.begun == 2


def test_a_process_that_is_killed_while_it_starts_is_started_again_three_times() -> None:
    worker = Dead(None, HERE)
    worker.ready = False
    assert [worker.receive(), worker.receive()] == [None, None]
    with pytest.raises(RunError, match=r"a worker process ended while it started \(SIGKILL\); see what it wrote"):
        worker.receive()
    assert worker.begun == 3
    worker = Dead(None, HERE)
    worker.ready, worker.code = False, 1
    with pytest.raises(RunError, match=r"a worker process ended while it started \(exit code 1\)"):
        worker.receive()


def test_workers_get_no_test_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Trainer] = []

    class Noting(OneByOne):
        def __init__(self, trainer: Trainer, workers: int, address: str | None) -> None:
            super().__init__(trainer, workers, address)
            given.append(trainer)

    monkeypatch.setattr(BACKENDS, "known", {**BACKENDS.known, "noting": Noting})
    search = small_search(trials=1)
    result = search.run(tmp_path, "noting", workers=1)
    assert [trainer.task.test for trainer in given] == [None]
    assert search.task.test is not None
    assert result.task is search.task
