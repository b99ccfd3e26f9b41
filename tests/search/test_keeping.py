"""Weights are kept for the front and for what runs; others go once the record says the outcome, and never before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from archspec import Cost
from search import Scored, keeping
from search.backends.backend import BACKENDS
from search.backends.worker import Trainer
from search.errors import RunError
from search.events import Event, Finished, Proposed
from search.files import RunDirectory
from search.keeping import Keeping, ranks_kept
from search.outcome import Failed, Outcome, Stopped
from search.record.reading import Reading
from search.record.writing import Record
from search.report.tables import spent_line
from search.result import Result
from search.trial import Trial
from tests.search.backends.test_workers import OneByOne
from tests.search.test_engine import OBJECTIVES
from tests.search.tiny import small_search, small_space

# Accuracy and FLOPs: 1 beats 0, 2 is apart, 3 beats 1 and 0, 4 equals 3, 5 is behind all.
SCORES = [(0.5, 40), (0.6, 40), (0.3, 10), (0.7, 40), (0.7, 40), (0.1, 60)]
LEFT = {
    "all": [{0}, {0, 1}, {0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4, 5}],
    "front": [{0}, {1}, {1, 2}, {2, 3}, {2, 3, 4}, {2, 3, 4}],
    2: [{0}, {0, 1}, {0, 1, 2}, {1, 2, 3}, {1, 2, 3, 4}, {1, 2, 3, 4}],
}


def trained(record: Record, number: int, outcome: Outcome | None, flops: int = 10) -> None:
    """A candidate that has written its weights and a checkpoint, and ends with an outcome, if any."""
    cost = Cost(macs=flops // 2)
    record.append(Proposed(Trial(number, number, {}, architecture=small_space().default, hash=f"h{number}", cost=cost)))
    for path in (record.directory.weights(number), record.directory.checkpoint(number)):
        path.parent.mkdir(exist_ok=True)
        path.write_text("0.5 0.5")
    if outcome is not None:
        record.append(Finished(number, outcome))


def following(record: Record, keep: str | int) -> None:
    record.followers.append(Keeping(record.history, OBJECTIVES, ranks_kept(keep)))


def files(path: Path) -> set[int]:
    return {int(file.stem) for file in path.iterdir()}


@pytest.mark.parametrize("keep", LEFT)
@pytest.mark.parametrize("killed", [False, True])
def test_weights_are_those_of_the_best_ranks_so_far(keep: str | int, killed: bool, tmp_path: Path) -> None:
    for number, (accuracy, flops) in enumerate(SCORES):
        with Record(RunDirectory(tmp_path), {}) as record:
            if not killed:
                following(record, keep)
            trained(record, number, Scored({"accuracy": accuracy}), flops)
        with Record(RunDirectory(tmp_path), {}) as record:  # whatever a kill left behind
            following(record, keep)
        assert files(tmp_path / "weights") == LEFT[keep][number]
        assert not files(tmp_path / "checkpoints")


def test_weights_go_while_the_run_goes_on(tmp_path: Path) -> None:
    with Record(RunDirectory(tmp_path), {}) as record:
        following(record, "front")
        for number, (accuracy, flops) in enumerate(SCORES):
            trained(record, number, Scored({"accuracy": accuracy}), flops)
            assert files(tmp_path / "weights") == LEFT["front"][number]
            assert not files(tmp_path / "checkpoints")


def test_nothing_is_deleted_that_the_record_on_the_disk_does_not_say_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted: list[int] = []

    def delete(path: Path) -> None:
        number = int(path.name.partition(".")[0])
        assert number in Reading(RunDirectory(tmp_path)).history.outcomes
        deleted.append(number)

    monkeypatch.setattr(keeping, "_delete", delete)
    with Record(RunDirectory(tmp_path), {}) as record:
        following(record, "front")
        for number, (accuracy, flops) in enumerate(SCORES):
            trained(record, number, Scored({"accuracy": accuracy}), flops)
    assert set(deleted) == set(range(len(SCORES)))


def test_what_runs_pauses_or_may_be_tried_again_keeps_what_it_goes_on_from(tmp_path: Path) -> None:
    trunk = RunDirectory(tmp_path).trunk("h1")
    for _ in range(2):
        with Record(RunDirectory(tmp_path), {}) as record:
            following(record, "front")
            if not len(record.history):
                trained(record, 0, None)
                trained(record, 1, Stopped({"accuracy": 0.5}, 1))
                trained(record, 2, Failed("ran out of memory"))
                trunk.write_text("a state")
        assert {file.name for file in (tmp_path / "checkpoints").iterdir()} == {"0.pt", "2.pt", trunk.name}
        assert files(tmp_path / "weights") == {0, 2}


@pytest.mark.parametrize("keep", ["all", "front"])
def test_states_are_kept_of_the_last_that_have_paused(
    keep: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSED", 2)
    names, left = "abcbda", ["a", "ab", "bc", "cb", "bd", "da"]
    for number, name in enumerate(names):
        trunk = RunDirectory(tmp_path).trunk(name)
        with Record(RunDirectory(tmp_path), {}) as record:
            following(record, keep)
            trial = Trial(number, number, {}, architecture=small_space().default, hash=name, cost=Cost())
            record.append(Proposed(trial))
            trunk.parent.mkdir(exist_ok=True)
            trunk.write_text("a state")
            record.append(Finished(number, Stopped({"accuracy": 0.5}, 1 + number)))
        assert {path.name for path in trunk.parent.iterdir()} == {f"{name}.trunk.pt" for name in left[number]}


def test_a_trial_whose_weights_are_gone_says_what_to_do(tmp_path: Path) -> None:
    with Record(RunDirectory(tmp_path), {}) as record:
        following(record, "front")
        for number, (accuracy, flops) in enumerate(SCORES[:2]):
            trained(record, number, Scored({"accuracy": accuracy}), flops)
    with pytest.raises(RunError, match=r"trial 0 \(scored\) has no weights; .* retrain it, trial.retrain\(\), or take"):
        Result.open(tmp_path).trial(0).predictor()
    assert "weights 7 bytes in 1 file, checkpoints 0 bytes in 0 files" in spent_line(Result.open(tmp_path))


@pytest.mark.parametrize("keep", ["some", 0, -1, "0", True, 1.5, ""])
def test_a_policy_that_is_none_is_refused(keep: str | int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="keep is 'front', 'all', or how many ranks"):
        small_search().run(tmp_path / "run", keep=keep)
    assert not (tmp_path / "run").exists()


class Writing(OneByOne):
    """Writes weights with each outcome."""

    def __init__(self, trainer: Trainer, workers: int, address: str | None) -> None:
        super().__init__(trainer, workers, address)
        self.directory = RunDirectory(Path(trainer.directory))

    def events(self) -> Sequence[Event]:
        path = self.directory.weights(self.waiting[0].number)
        path.parent.mkdir(exist_ok=True)
        path.write_text("0.5")
        return super().events()


def test_a_search_keeps_the_weights_it_is_asked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BACKENDS, "known", {**BACKENDS.known, "writing": Writing})
    result = small_search(trials=6).run(tmp_path, "writing", workers=1, watch=None)
    assert files(tmp_path / "weights") == {trial.number for trial in result.trials if trial.state != "rejected"}
    result = small_search(trials=6).run(tmp_path, "writing", workers=1, watch=None, keep="front")
    failed = {trial.number for trial in result.trials if trial.state == "failed"}
    assert files(tmp_path / "weights") - failed == {trial.number for trial in result.front}
    assert ranks_kept("all") == math.inf
    assert ranks_kept("all", inherit=True) == math.inf
    with pytest.raises(ValueError, match="needs the weights of all candidates: use keep='all', not 'front'"):
        ranks_kept("front", inherit=True)
