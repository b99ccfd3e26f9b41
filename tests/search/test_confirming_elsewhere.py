"""A confirmation on any backend of the door: the same trainings and scores wherever they are done, whatever fails."""

from __future__ import annotations

import inspect
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import cloudpickle
import pytest
import torch

from search import Result, Search, machine
from search.backends.backend import BACKENDS
from search.backends.resources import Resources
from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Epoch, Event, Interrupted, Notice, Started
from search.trial import Trial
from tests.search.inside import Inside, Killed, inside, searched
from tests.search.test_confirmation import SEEDS, came
from tests.search.tiny import bars

# What says where a search and a confirmation train.
WHERE = ("workers", "backend", "address", "cpus", "gpus", "memory", "storage")


class Elsewhere(Inside):
    """Trains in this process what was submitted last, as a cluster may; `before` are the events of its machines."""

    made: ClassVar[list[Elsewhere]] = []
    trained: ClassVar[list[tuple[Trial, bool]]] = []
    trainers: ClassVar[list[Trainer]] = []

    def __init__(self, trainer: Trainer, workers: int, address: str | None = None) -> None:
        super().__init__(trainer, workers, address)
        self.workers, self.address, self.most = workers, address, 0
        self.tries: Counter[int] = Counter()
        self.made.append(self)

    @staticmethod
    def room(address: str | None, needs: Resources) -> int:
        """As a cluster says it."""
        return 5

    def submit(self, trial: Trial) -> None:
        super().submit(trial)
        self.most = max(self.most, len(self.waiting))

    def events(self) -> Sequence[Event | Notice]:
        trial = self.waiting[-1]
        self.tries[trial.number] += 1
        if events := self.before(trial, self.tries[trial.number]):
            self.waiting.pop()
            return events
        self.waiting.rotate(1)
        return self.told(trial, super().events())

    def before(self, trial: Trial, times: int) -> list[Event | Notice]:
        """In place of training it, for the so many-th time; nothing lets it be trained."""
        return []

    def told(self, trial: Trial, events: Sequence[Event]) -> Sequence[Event | Notice]:
        """What is told of its training."""
        return events


def elsewhere(monkeypatch: pytest.MonkeyPatch, backend: type[Elsewhere] = Elsewhere) -> type[Elsewhere]:
    """Let `backend="elsewhere"` be this one until the end of the test."""
    for name in ("made", "trained", "trainers"):
        monkeypatch.setattr(backend, name, [])
    monkeypatch.setattr(BACKENDS, "known", {**BACKENDS.known, "elsewhere": backend})
    return backend


def undisturbed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Result, list[tuple[object, ...]]]:
    """A run, and what its confirmation on this machine comes to, which was made in a copy of it."""
    inside(monkeypatch)
    searched(directory / "run")
    shutil.copytree(directory / "run", directory / "whole")
    whole = Result.open(directory / "whole", bars()).confirm(SEEDS)
    return Result.open(directory / "run", bars()), came(whole)


def events_of(result: Result, kind: str) -> int:
    """How many events of a kind the record of a confirmation has."""
    lines = result.directory.confirmation.record.read_text().splitlines()
    return sum(json.loads(line).get("event") == kind for line in lines)


def test_it_is_begun_here_killed_finished_elsewhere_and_back_with_the_same_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, whole = undisturbed(tmp_path, monkeypatch)
    there = elsewhere(monkeypatch)
    here = BACKENDS["local"]
    for backend, name in ((here, "local"), (there, "elsewhere")):
        monkeypatch.setattr(backend, "epochs", 3)
        with pytest.raises(Killed):
            result.confirm(SEEDS, backend=name)
    monkeypatch.setattr(here, "epochs", None)
    assert came(result.confirm(SEEDS)) == whole
    assert events_of(result, "finished") == SEEDS * len(whole)


def test_what_a_training_takes_and_where_reaches_the_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, whole = undisturbed(tmp_path, monkeypatch)
    there = elsewhere(monkeypatch)
    place = {"workers": 2, "address": "there", "cpus": 2, "gpus": 0.5, "memory": "4G", "storage": "s3://a"}
    assert came(result.confirm(SEEDS, backend="elsewhere", **place)) == whole
    (backend,) = there.made
    assert (backend.workers, backend.address, backend.most) == (2, "there", 2)
    assert backend.trainer.needs == Resources(2, 0.5, 4e9)
    assert backend.trainer.storage == "s3://a"
    assert backend.trainer.directory == str((tmp_path / "run" / "confirmation").resolve())


def test_all_seeds_train_at_once_where_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = undisturbed(tmp_path, monkeypatch)
    there = elsewhere(monkeypatch)
    result.confirm(3, trials=[result.front[0].number], backend="elsewhere")
    assert [(backend.workers, backend.most) for backend in there.made] == [(3, 3)]  # there is room for five
    result.confirm(7, trials=[result.front[0].number], backend="elsewhere", workers=2)
    assert there.made[-1].most == 2


def test_a_lost_machine_is_not_counted_and_one_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, whole = undisturbed(tmp_path, monkeypatch)

    class Lost(Elsewhere):
        def before(self, trial: Trial, times: int) -> list[Event | Notice]:
            if times <= 10:
                return [Interrupted(trial.number, "its Ray node is lost", lost=True)]
            failing = times <= 10 + len(machine.WAITS)
            return [Interrupted(trial.number, "its Ray worker died", died=True)] if failing else []

    elsewhere(monkeypatch, Lost)
    assert came(result.confirm(SEEDS, backend="elsewhere")) == whole


def test_a_training_that_gets_on_may_be_interrupted_any_number_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, whole = undisturbed(tmp_path, monkeypatch)

    class Faltering(Elsewhere):
        def before(self, trial: Trial, times: int) -> list[Event | Notice]:
            number = trial.number
            return [Epoch(number, 1, 0.5), Interrupted(number, "the disk is full")] if times <= 10 else []

    elsewhere(monkeypatch, Faltering)
    assert came(result.confirm(SEEDS, backend="elsewhere")) == whole


def test_a_machine_that_keeps_failing_is_told_in_a_sentence_and_no_training_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, whole = undisturbed(tmp_path, monkeypatch)

    class Broken(Elsewhere):
        def before(self, trial: Trial, times: int) -> list[Event | Notice]:
            return [Interrupted(trial.number, "its Ray worker died", died=True)]

    elsewhere(monkeypatch, Broken)
    number = result.front[-1].number
    sentence = (
        rf"^trial {number} cannot be confirmed on this machine \(its Ray worker died\); mend that, and confirm again"
    )
    with pytest.raises(RunError, match=sentence):
        result.confirm(SEEDS, backend="elsewhere")
    assert events_of(result, "finished") == 0
    assert came(result.confirm(SEEDS)) == whole


def test_what_a_backend_has_to_say_is_told_and_what_is_past_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result, whole = undisturbed(tmp_path, monkeypatch)

    class Talks(Elsewhere):
        def told(self, trial: Trial, events: Sequence[Event]) -> Sequence[Event | Notice]:
            past = [Started(trial.number, "10.0.0.7"), Epoch(trial.number, 1, 0.5)]
            return [Notice("waiting for 1 CPU"), *events, *past]

    elsewhere(monkeypatch, Talks)
    lines: list[str] = []
    assert came(result.confirm(SEEDS, watch=lines.append, backend="elsewhere")) == whole
    count = SEEDS * len(whole)
    assert lines[::2] == ["waiting for 1 CPU"] * count
    assert all(" found " in line for line in lines[1::2])
    assert (events_of(result, "started"), events_of(result, "finished")) == (count, count)
    assert capsys.readouterr().err == ""
    result.confirm(SEEDS + 1, backend="elsewhere")  # whom nobody watches
    assert capsys.readouterr().err == "waiting for 1 CPU\n" * len(whole)


def test_test_data_do_not_travel_whatever_their_tensors_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside(monkeypatch)
    task = bars()
    assert all(isinstance(part, tuple) for part in (task.train, task.validation, task.test))
    parts = [task.train, task.validation, task.test]
    x, y = (torch.cat([part[axis] for part in parts]) for axis in (0, 1))
    ends = torch.tensor([len(part[0]) for part in parts]).cumsum(0).tolist()
    views = [(x[a:b], y[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
    result = searched(tmp_path, task=task.with_fields(train=views[0], validation=views[1], test=views[2]))
    there = elsewhere(monkeypatch)
    result.confirm(1, backend="elsewhere")
    sent = cloudpickle.dumps(there.trainers[0])
    assert views[0][0][:3].numpy().tobytes() in sent
    assert views[2][0][:3].numpy().tobytes() not in sent


def test_where_nothing_is_left_no_cluster_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, whole = undisturbed(tmp_path, monkeypatch)
    result.confirm(SEEDS)

    class Asked(Elsewhere):
        @staticmethod
        def room(address: str | None, needs: Resources) -> int:
            raise AssertionError("it was asked")

    there = elsewhere(monkeypatch, Asked)
    assert came(result.confirm(SEEDS, backend="elsewhere")) == whole
    assert there.made == []
    with pytest.raises(RunError, match="there is no backend 'cloud'"):
        result.confirm(SEEDS, backend="cloud")
    with pytest.raises(RunError, match="the address there is that of a Ray cluster"):
        result.confirm(SEEDS, address="there")


def test_where_it_trains_is_asked_in_the_words_of_a_search() -> None:
    search, confirm = (inspect.signature(call).parameters for call in (Search.run, Result.confirm))
    assert [str(confirm[name]) for name in WHERE] == [str(search[name]) for name in WHERE]
