"""A backend of one's own: the search submits, takes what it is told, and closes it whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from search import Failed, Outcome, Search, Training
from search.backends import worker
from search.backends.backend import BACKENDS
from search.backends.worker import Trainer
from search.engine import Engine
from search.errors import RunError
from search.events import Epoch, Event, Finished, Started
from search.trial import Trial
from tests.search.made_up import outcome_of
from tests.search.tiny import bars, small_search, small_space


class MadeUp:
    """Trains nothing: tells of the trial submitted last, one event at a time."""

    made: list[MadeUp]

    def __init__(self, trainer: Trainer, workers: int, address: str | None) -> None:
        self.trainer, self.workers, self.address = trainer, workers, address
        self.waiting: list[Trial] = []
        self.most, self.closed = 0, False
        MadeUp.made.append(self)

    def submit(self, trial: Trial) -> None:
        self.waiting.append(trial)
        self.most = max(self.most, len(self.waiting))

    def events(self) -> Sequence[Event]:
        trial = self.waiting.pop()
        return [Started(trial.number), Epoch(trial.number, 1, 0.5), Finished(trial.number, outcome_of(trial))]

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BACKENDS, "known", dict(BACKENDS.known))
    MadeUp.made = []
    BACKENDS.add("made up", MadeUp)


def test_a_search_runs_on_it(tmp_path: Path) -> None:
    told: list[tuple[Trial | None, Outcome | None]] = []

    def watch(engine: Engine, trial: Trial | None, outcome: Outcome | None) -> None:
        assert engine.wanted == 9
        told.append((trial, outcome))

    result = small_search(trials=9).run(tmp_path, "made up", workers=3, address="there", watch=watch)
    (backend,) = MadeUp.made
    assert (backend.workers, backend.address, backend.closed, backend.most) == (3, "there", True, 3)
    assert backend.trainer.task.test is None
    assert result.counts()["scored"] + result.counts()["failed"] == 9
    assert all(trial.curve for trial in result.trials if trial.state == "scored")
    assert told[0] == (None, None)
    first, outcome = told[1]
    assert first
    assert outcome == outcome_of(first)
    assert (first.number, first.slot, first.cost, first.seed) == (2, 2, result.trial(2).cost, result.trial(2).seed)


def test_it_trains_the_same_candidates_whoever_finishes_first(tmp_path: Path) -> None:
    class Orderly(MadeUp):
        def events(self) -> Sequence[Event]:
            self.waiting.reverse()
            found = super().events()
            self.waiting.reverse()
            return found

    BACKENDS.add("orderly", Orderly)
    runs = [small_search(trials=9).run(tmp_path / name, name, workers=2) for name in ("made up", "orderly")]
    assert [t.hash for t in runs[0].trials] == [t.hash for t in runs[1].trials]


@pytest.mark.parametrize("raised", [KeyboardInterrupt, RuntimeError])
def test_it_is_closed_and_the_run_is_free_when_it_breaks(tmp_path: Path, raised: type[BaseException]) -> None:
    class Breaks(MadeUp):
        def events(self) -> Sequence[Event]:
            raise raised

    BACKENDS.add("breaks", Breaks)
    with pytest.raises(raised):
        small_search(trials=3).run(tmp_path, "breaks", workers=2)
    assert MadeUp.made[0].closed
    result = small_search(trials=3).run(tmp_path, "made up", workers=2)
    assert result.counts()["running"] == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"hours": -1.0}, "hours must be above 0, not -1.0"),
        ({"hours": float("nan")}, "hours must be above 0, not nan"),
        ({"workers": 0}, "workers must be 1 or more, not 0"),
        ({"workers": -1}, "workers must be 1 or more, not -1"),
        ({"workers": 2.5}, "workers must be a whole number, not 2.5"),
    ],
)
def test_arguments_out_of_their_range_are_refused(arguments: dict[str, float], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=complaint):
        small_search().run(tmp_path / "run", "made up", **arguments)
    assert not (tmp_path / "run").exists()


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    training = Training(epochs=np.int64(2), learning_rate=np.float32(0.5))
    search = small_search(np.int64(2), seed=np.int32(3), training=training)
    result = search.run(tmp_path, "made up", workers=np.int8(1))
    assert result.counts()["running"] == 0
    assert result.history.settings.values["training"] == {"epochs": 2, "learning_rate": 0.5}
    with pytest.raises(ValueError, match=r"trials must be a whole number, not 2\.5"):
        small_search(2.5)
    with pytest.raises(ValueError, match=r"epochs is a whole number, not 2\.5"):
        Training(epochs=2.5)


def test_an_address_is_for_clusters(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="the address auto is that of a Ray cluster; use it with backend='ray'"):
        small_search().run(tmp_path, address="auto")


def test_no_other_backend(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no backend 'cloud'; use one of local, ray, made up"):
        small_search().run(tmp_path, "cloud")


def test_what_a_worker_does_is_told_event_by_event(tmp_path: Path) -> None:
    search = Search(small_space(), bars(), training=Training(epochs=3, batch_size=32))
    architecture = next(small_space().enumerate())
    drawn = Trial(4, 2, {}, architecture=architecture, hash=architecture.hash, cost=architecture.graph.cost(), seed=1)
    trainer = Trainer(search.task, search.training, search.goal, str(tmp_path))
    whole: list[Event] = []
    trainer.run(drawn.to_data(), whole.append)
    assert [type(event) for event in whole] == [Started, Epoch, Epoch, Epoch, Finished]
    assert [event.epoch for event in whole if isinstance(event, Epoch)] == [1, 2, 3]
    assert {event.number for event in whole} == {4}
    part: list[Event] = []
    trainer.run({**drawn.to_data(), "epochs": 1}, part.append)
    assert [type(event) for event in part] == [Started, Epoch, Finished]


def test_a_worker_trains_under_the_trials_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def train(*given: object, **options: object) -> Outcome:
        asked.append((*given[3:], options["target"]))
        return Failed("not trained")

    monkeypatch.setattr(worker, "train", train)
    search = small_search(objectives=["minimize loss"], target="onnx")
    trainer = Trainer(search.task, search.training, search.goal, str(tmp_path), search.target)
    architecture = next(small_space().enumerate())
    drawn = Trial(0, 0, {}, architecture=architecture, hash=architecture.hash, cost=architecture.graph.cost(), seed=17)
    trainer.run(drawn.to_data(), lambda event: None)
    assert asked == [(17, search.goal, "onnx")]
