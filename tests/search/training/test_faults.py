"""What a training meets that is not of the candidate: limits of time, full disks, undefined scores."""

from __future__ import annotations

import errno
import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from torch import Tensor

from search import Failed, Scored, Task, Training
from search.backends.worker import Trainer
from search.events import Epoch, Event, Finished, Interrupted
from search.files import RunDirectory
from search.training import limits, loop
from search.training.limits import TIME_UP, Limits, TimeUp
from search.training.trainer import train
from search.trial import Trial
from tests.search.tiny import bars
from tests.search.training.test_checkpoints import GOAL, SETTINGS, network


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
    assert outcome.reason
    assert outcome.reason.startswith("accuracy was not a finite number after any epoch; look for NaN in the validation")


def test_answers_that_are_no_numbers_are_not_read_as_a_class() -> None:
    """Of NaN in a later batch of validation data, which no preflight has seen, a network makes NaN."""
    plain = bars()
    x, y = plain.validation
    spoiled = x.clone()
    spoiled[-1, 0, 0, 0] = math.nan
    halves = [(spoiled[:8], y[:8]), (spoiled[8:], y[8:])]
    task = Task("spoiled", "classification", plain.train, halves)
    outcome = train(network(), task, SETTINGS, 0, GOAL)
    assert isinstance(outcome, Failed)
    assert outcome.reason
    assert "look for NaN in the validation data" in outcome.reason


def a_second_for_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes each time that the trainer looks at the clock."""
    now = iter(range(10**6))
    monkeypatch.setattr(loop, "running_time", lambda: next(now))


def test_a_trial_within_its_limit_of_time_is_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    a_second_for_each_look(monkeypatch)
    assert isinstance(train(network(), bars(), replace(SETTINGS, seconds=1000), 0, GOAL), Scored)


def test_a_trial_ends_at_its_limit_of_time_as_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    a_second_for_each_look(monkeypatch)
    outcome = train(network(), bars(), replace(SETTINGS, seconds=5, epochs=2), 0, GOAL)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "its time limit of 5 s was over"


def run_of(directory: Path, until: float | None = None, **settings: Any) -> list[Event]:
    """The events of one trial, in a run's directory."""
    directory.mkdir(exist_ok=True)
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
    assert last.reason == f"No space left on device: {tmp_path}/checkpoints/4.pt"
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
    with Limits("trial 3", 0.0, None) as both:
        while "trial 3 has trained nothing for 0 min" not in capsys.readouterr().err:
            pass
        both.step()
        both.until = 0.0
        with pytest.raises(TimeUp):
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


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("patience", 0, "patience must be above 0, not 0"),
        ("patience", -1, "patience must be above 0, not -1"),
        ("epochs", 0, "epochs must be above 0, not 0"),
        ("epochs", None, "epochs is a whole number, not None"),
        ("learning_rate", math.inf, "learning_rate is a finite number, not inf"),
        ("weight_decay", math.inf, "weight_decay is a finite number, not inf"),
    ],
)
def test_a_setting_that_trains_nothing_or_cannot_be_recorded_is_one_sentence(
    name: str, value: Any, wanted: str
) -> None:
    with pytest.raises(ValueError, match=wanted):
        replace(Training(), **{name: value})


def test_no_clipping_is_recorded() -> None:
    training = Training(clip=math.inf)
    assert Training.from_record(json.loads(json.dumps(training.record(), allow_nan=False))) == training
