"""How many candidates are trained at once, for how long, and what a worker that dies leaves: without any process."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace

import pytest

from search import Failed
from search import search as searching
from search.backends import local
from search.backends.backend import BACKENDS
from search.backends.worker import Trainer
from search.events import Event, Finished
from search.trial import Trial
from tests.search.made_up import outcome_of
from tests.search.tiny import small_search

HOUR = 3600.0


class OneByOne:
    """Trains nothing: tells the outcome of the oldest trial, half an hour after the one before."""

    now = 0.0

    def __init__(self, trainer: Trainer, workers: int, address: str | None) -> None:
        self.waiting: list[Trial] = []

    def submit(self, trial: Trial) -> None:
        self.waiting.append(trial)

    def events(self) -> Sequence[Event]:
        OneByOne.now += HOUR / 2
        trial = self.waiting.pop(0)
        return [Finished(trial.number, outcome_of(trial))]

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("hours", "workers", "finished"), [(None, 1, 9), (1.9, 1, 4), (0.4, 1, 1), (1.9, 3, 6)])
def test_after_so_many_hours_no_further_candidate_is_started(
    hours: float | None, workers: int, finished: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BACKENDS, "known", {**BACKENDS.known, "one by one": OneByOne})
    monkeypatch.setattr(OneByOne, "now", 0.0)
    monkeypatch.setattr(searching, "time", SimpleNamespace(monotonic=lambda: OneByOne.now))
    result = small_search(trials=9).run(tmp_path, "one by one", workers=workers, hours=hours)
    counts = result.counts()
    assert counts["scored"] + counts["failed"] == finished
    assert counts["running"] == 0


class Idle:
    """In place of a worker process: it is told what to train, and never answers."""

    begun: list[Idle]

    def __init__(self, trainer: Trainer) -> None:
        self.number: int | None = None
        Idle.begun.append(self)

    def start(self, trial: Trial) -> None:
        assert self.number is None
        self.number = trial.number


def test_as_many_processes_as_workers_each_with_one_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Idle, "begun", [], raising=False)
    monkeypatch.setattr(local, "_Worker", Idle)
    search = small_search()
    backend = local.Local(Trainer(search.task, search.training, search.goal, ""), workers=3)
    for number in range(5):
        backend.submit(Trial(number, number, {}))
    assert [worker.number for worker in Idle.begun] == [0, 1, 2]


def test_a_process_that_is_killed_fails_its_own_candidate_and_is_replaced() -> None:
    class Dead(local._Worker):
        begun = 0

        def _begin(self) -> None:
            self.pipe, theirs = Pipe()
            theirs.close()
            self.process = SimpleNamespace(join=lambda: None, exitcode=-signal.SIGKILL)  # type: ignore[assignment]
            self.begun += 1

    worker = Dead(None)  # type: ignore[arg-type]
    worker.start(Trial(7, 0, {}))
    reason = "its worker process died (SIGKILL, most likely for lack of memory)"
    assert worker.event() == Finished(7, Failed(reason))
    assert worker.number is None
    assert worker.begun == 2


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
