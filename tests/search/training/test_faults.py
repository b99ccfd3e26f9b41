"""What a training meets that is not of the candidate: foreign checkpoints, limits of time, scores that are undefined."""

from __future__ import annotations

import errno
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from archspec import Activation, Architecture, Classifier, Conv, Image
from search import Failed, Scored, Task, Training
from search.backends.worker import Trainer
from search.events import Epoch, Event, Finished, Interrupted, from_data, to_data
from search.files import RunDirectory
from search.objectives import Score
from search.outcome import from_record, to_record
from search.training import limits, trainer
from search.training.limits import TIME_UP, Limits, TimeUp
from search.training.trainer import train
from search.trial import Trial
from tests.search.tiny import bars

GOAL = Score("accuracy", True)
SETTINGS = Training(epochs=3, batch_size=64)


def network(channels: int = 2, kind: str = "relu") -> Architecture:
    body = [Conv(channels=channels), Activation(function=kind)]  # type: ignore[arg-type]
    return Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2))


def trained(checkpoint: Path, architecture: Architecture | None = None, **options: Any) -> tuple[Any, list[int]]:
    """The outcome of a training, and the epochs that it went through."""
    epochs: list[int] = []

    def note(epoch: int, score: float) -> None:
        epochs.append(epoch)
        if options.get("stop") == epoch:
            raise KeyboardInterrupt

    seed = options.get("seed", 0)
    try:
        outcome: Any = train(
            architecture or network(), bars(), SETTINGS, seed, GOAL, checkpoint=checkpoint, each_epoch=note
        )
    except KeyboardInterrupt:
        outcome = None
    return outcome, epochs


def of_another(**options: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.unlink()
        trained(path, stop=2, **options)

    return write


def changed(**entries: Any) -> Callable[[Path], None]:
    """A checkpoint with other entries; without an entry that is None."""

    def write(path: Path) -> None:
        state = torch.load(path, weights_only=True)
        whole = {**state, **entries}
        torch.save({name: value for name, value in whole.items() if value is not None}, path)

    return write


def misshapen(path: Path) -> None:
    state = torch.load(path, weights_only=True)
    moments = state["optimizer"]["state"][0]
    moments["exp_avg"] = moments["exp_avg"][:1]
    torch.save(state, path)


def directory(path: Path) -> None:
    path.unlink()
    (path / "precious").mkdir(parents=True)


BROKEN: dict[str, Callable[[Path], object]] = {
    "bytes": lambda path: path.write_bytes(np.random.default_rng(0).bytes(5000)),
    "nothing": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[:-700]),
    "a list": lambda path: torch.save([1, 2], path),
    "an empty mapping": lambda path: torch.save({}, path),
    "a tensor": lambda path: torch.save(torch.zeros(3), path),
    "a directory": directory,
    "a wider network": of_another(architecture=network(4)),
    "another activation": of_another(architecture=network(kind="tanh")),
    "another seed": of_another(seed=1),
    "a billion epochs": changed(done=10**9),
    "epochs that are not counted": changed(done=1),
    "a number of epochs that is none": changed(done="2"),
    "a score that is none": changed(history=[0.5, "0.5"]),
    "seconds without end": changed(seconds=math.inf),
    "no seconds": changed(seconds=None),
    "no optimizer": changed(optimizer=None),
    "an optimizer of nothing": changed(optimizer={}),
    "moments of other shapes": misshapen,
    "an entry too many": changed(more=1),
    "weights that are none": changed(model={"0.weight": 3}),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_checkpoint_that_is_broken_or_foreign_is_left_aside(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "1.pt"
    trained(path, stop=2)
    BROKEN[broken](path)
    outcome, epochs = trained(path)
    assert epochs == [1, 2, 3]
    assert isinstance(outcome, Scored)
    assert outcome.epochs == 3
    assert replace(outcome, seconds=0.0) == replace(trained(tmp_path / "2.pt")[0], seconds=0.0)
    assert not path.exists()
    if broken == "a directory":
        assert (tmp_path / "1.pt.aside" / "precious").exists()


def test_a_checkpoint_of_its_own_is_used(tmp_path: Path) -> None:
    path = tmp_path / "1.pt"
    trained(path, stop=2)
    assert trained(path)[1] == [3]


class Rare(Task):
    """A task whose score is undefined in its first epochs."""

    undefined = 2
    asked = 0

    def scores(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        self.asked += 1
        found = super().scores(outputs, targets)
        return {**found, "accuracy": math.nan} if self.asked <= self.undefined else found


def rare(undefined: int) -> Rare:
    plain = bars()
    task = Rare("rare", "classification", plain.train, plain.validation)
    task.__dict__["undefined"], task.__dict__["asked"] = undefined, 0
    return task


def test_a_score_that_is_undefined_at_first_is_the_worst_and_training_goes_on() -> None:
    outcome = train(network(), rare(2), replace(SETTINGS, epochs=4, patience=2), 0, GOAL)
    assert isinstance(outcome, Scored)
    assert [math.isnan(score) for score in outcome.curve] == [True, True, False, False]
    assert outcome.scores["accuracy"] == max(outcome.curve[2:])


def test_a_score_that_is_undefined_after_every_epoch_is_a_failure_that_says_so() -> None:
    outcome = train(network(), rare(99), SETTINGS, 0, GOAL)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "accuracy was not a finite number after any epoch"


def test_undefined_scores_are_written_in_json_that_others_can_read() -> None:
    assert to_data(Epoch(1, 1, math.nan))["score"] is None
    again = from_data(to_data(Epoch(1, 1, math.nan)))
    assert isinstance(again, Epoch)
    assert math.isnan(again.score)
    record = to_record(Scored({"accuracy": 0.5}, curve=(math.nan, 0.5)))
    assert record["curve"] == [None, 0.5]
    outcome = from_record(record)
    assert isinstance(outcome, Scored)
    assert math.isnan(outcome.curve[0])
    assert outcome.curve[1] == 0.5


def test_a_trial_ends_at_its_limit_of_time_as_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(10**6))  # a second passes each time that the clock is read
    monkeypatch.setattr(trainer, "time", SimpleNamespace(monotonic=lambda: next(now)))
    assert isinstance(train(network(), bars(), replace(SETTINGS, seconds=1000), 0, GOAL), Scored)
    outcome = train(network(), bars(), replace(SETTINGS, seconds=5), 0, GOAL)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "its time limit of 5 s was over"


def run_of(directory: Path, until: float | None = None, **settings: Any) -> list[Event]:
    """The events of one trial, in a run's directory."""
    architecture = network()
    cost = architecture.graph.cost()
    drawn = Trial(4, 2, {}, architecture=architecture, hash=architecture.hash, cost=cost, seed=1)
    events: list[Event] = []
    made = Trainer(bars(), replace(SETTINGS, **settings), GOAL, str(directory), until=until)
    now = {"time": 0.0}

    def tell(event: Event) -> None:  # the second epoch begins in the hundredth second
        events.append(event)
        now["time"] += 100.0 * isinstance(event, Epoch)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(limits, "time", SimpleNamespace(time=lambda: now["time"]))
        made.run(drawn.to_data(), tell)
    return events


def test_at_the_end_of_the_search_training_is_interrupted_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    first = run_of(tmp_path, until=50)
    assert [event.epoch for event in first if isinstance(event, Epoch)] == [1]
    assert first[-1] == Interrupted(4, TIME_UP)
    assert RunDirectory(tmp_path).checkpoint(4).exists()
    second, whole = run_of(tmp_path), run_of(tmp_path / "undisturbed")
    assert [event.epoch for event in second if isinstance(event, Epoch)] == [2, 3]
    ends = [event.outcome for event in (second[-1], whole[-1]) if isinstance(event, Finished)]
    assert [replace(end, seconds=0.0) for end in ends[:1]] == [replace(end, seconds=0.0) for end in ends[1:]]


def test_a_full_disk_interrupts_a_trial_and_costs_it_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = Path.write_bytes
    takes = {"writes": 1}

    def write(path: Path, data: bytes) -> int:
        takes["writes"] -= 1
        if takes["writes"] < 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return written(path, data)

    monkeypatch.setattr(Path, "write_bytes", write)
    last = run_of(tmp_path)[-1]
    assert isinstance(last, Interrupted)
    assert last.reason.startswith(f"No space left on device: {tmp_path}/checkpoints/4.pt")
    assert not (tmp_path / "failures").exists()
    takes["writes"] = 2
    assert isinstance(run_of(tmp_path)[-1], Interrupted)
    takes["writes"] = 99
    last = run_of(tmp_path)[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, Scored)


def test_a_thread_says_so_when_nothing_is_trained_and_ends_what_outlasts_its_limit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended: list[object] = []
    monkeypatch.setattr(limits, "GRACE", 0.0)
    monkeypatch.setattr(limits, "SILENCE", 0.0)
    monkeypatch.setattr(limits, "os", SimpleNamespace(_exit=ended.append))
    with Limits("trial 3", 0.0, None, ended.append) as both:
        both._thread.join()
    assert ended == [True, 1]
    with Limits("trial 3", None, 0.0, ended.append) as both:
        both._thread.join()
    assert ended == [True, 1, False, 1]
    with Limits("trial 3", 0.0, None) as both, pytest.raises(TimeUp):
        while "trial 3 has trained nothing for 0 min" not in capsys.readouterr().err:
            pass
        both.until = 0.0
        both.step()
    assert len(ended) == 4


def test_a_learning_rate_far_beyond_what_trains_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"a learning rate of 1e\+06 is far beyond what trains"):
        Training(learning_rate=1e6)


@pytest.mark.parametrize("seconds", [0, -1.0, math.nan])
def test_a_limit_of_time_is_above_zero_and_no_part_of_the_record(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds must be above 0"):
        Training(seconds=seconds)
    assert Training(seconds=5).record() == {}
