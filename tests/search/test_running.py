"""Faults of the machine are no outcomes, and what fails alike stops a search: without any training or process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from search import Failed, Outcome, Result, Scored, running
from search.engine import Engine
from search.errors import RunError
from search.events import Epoch, Event, Finished, Interrupted, Retried
from search.outcome import Stopped
from search.record.history import History
from search.running import Running, to_be_retried
from search.strategies.random import Random
from search.strategies.strategy import Budget, Proposal
from search.training.limits import TIME_UP
from search.trial import Trial
from tests.search.made_up import candidates, drive, engine_in, outcome_of
from tests.search.tiny import small_space

FULL = "No space left on device"
MENDED = Failed("ValueError: the file is missing")
Answer = Callable[[Trial, int, bool], Outcome | Interrupted]


class Scripted:
    """Trains nothing: answers for the trial submitted last as it is told to, given how often it was submitted."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.there: list[Trial] = []
        self.times: Counter[int] = Counter()
        self.alone: set[int] = set()

    def submit(self, trial: Trial) -> None:
        self.times[trial.number] += 1
        assert self.times[trial.number] < 50, "tried for ever"
        self.alone = set() if self.there else {trial.number}
        self.there.append(trial)

    def events(self) -> Sequence[Event]:
        trial = self.there.pop()
        answer = self.answer(trial, self.times[trial.number], trial.number in self.alone)
        return [answer if isinstance(answer, Interrupted) else Finished(trial.number, answer)]

    def close(self) -> None:
        pass


def dies(trial: Trial, how: str = "SIGKILL") -> Interrupted:
    return Interrupted(trial.number, f"its worker process died ({how})", died=True)


def run(directory: Path, answer: Answer, retry_failed: bool = False, lag: int = 3) -> tuple[Engine, Scripted]:
    """Run, or resume, a search of nine candidates as `Search.run` does."""
    backend = Scripted(answer)
    engine = engine_in(directory, trials=9, lag=lag)
    try:
        if numbers := to_be_retried(engine.history, retry_failed):
            for number in numbers:
                engine.record.append(Retried(number))
            engine.record.close()
            engine = engine_in(directory, trials=9, lag=lag)
        Running(engine, backend).run()
    finally:
        engine.record.close()
    return engine, backend


def good(trial: Trial, times: int = 1, alone: bool = False) -> Outcome:
    outcome = outcome_of(trial)
    return outcome if isinstance(outcome, Scored) else Scored({"accuracy": 0.1, "loss": 0.9})


def ends_as_undisturbed(directory: Path, engine: Engine, of: Answer = good) -> bool:
    undisturbed, _ = run(directory / "undisturbed", of)
    return candidates(engine) == candidates(undisturbed) and engine.history.outcomes == undisturbed.history.outcomes


def test_no_more_candidates_are_at_the_backend_than_there_are_workers(tmp_path: Path) -> None:
    at_once: list[int] = []
    backend = Scripted(lambda trial, times, alone: at_once.append(1 + len(backend.there)) or good(trial))
    engine = engine_in(tmp_path, trials=9, lag=5)
    engine.workers = 3
    Running(engine, backend).run()
    engine.record.close()
    assert max(at_once) == 3


def test_a_candidate_whose_worker_died_is_tried_again_and_the_run_ends_the_same(tmp_path: Path) -> None:
    engine, backend = run(tmp_path / "run", lambda trial, times, _: good(trial) if times > 2 else dies(trial))
    assert set(backend.times.values()) == {3}
    assert ends_as_undisturbed(tmp_path, engine)


def test_a_candidate_whose_worker_dies_beside_others_only_is_scored(tmp_path: Path) -> None:
    engine, _ = run(tmp_path / "run", lambda trial, _, alone: good(trial) if alone else dies(trial))
    assert ends_as_undisturbed(tmp_path, engine)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("SIGKILL", "ran out of memory by itself (its worker process died (SIGKILL) again and again)"),
        ("SIGSEGV", "ended its worker by itself (its worker process died (SIGSEGV) again and again)"),
    ],
)
def test_a_candidate_whose_worker_dies_with_no_other_beside_it_has_failed(
    how: str, reason: str, tmp_path: Path
) -> None:
    engine, backend = run(
        tmp_path / "run", lambda trial, _, alone: dies(trial, how) if trial.slot == 4 else good(trial)
    )
    (failed,) = [trial for trial in engine.history if trial.state == "failed"]
    assert (failed.slot, failed.reason) == (4, reason)
    assert backend.times[failed.number] == running.DEATHS + 1


@pytest.mark.parametrize("reason", ["ran out of memory", "ran out of GPU memory"])
def test_out_of_memory_beside_others_is_tried_alone_before_it_is_a_failure(reason: str, tmp_path: Path) -> None:
    engine, _ = run(tmp_path / "run", lambda trial, _, alone: good(trial) if alone else Failed(reason))
    assert ends_as_undisturbed(tmp_path, engine)
    _, backend = run(
        tmp_path / "one", lambda trial, _, alone: Failed(reason) if trial.slot == 4 else good(trial), lag=1
    )
    assert set(backend.times.values()) == {1}


def test_a_disk_that_is_full_for_a_while_costs_nothing(tmp_path: Path) -> None:
    engine, _ = run(
        tmp_path / "run", lambda trial, times, _: good(trial) if times > 3 else Interrupted(trial.number, FULL)
    )
    assert ends_as_undisturbed(tmp_path, engine)


def test_a_disk_that_stays_full_pauses_the_run_in_a_sentence_and_no_candidate_is_blamed(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=f"trial .* cannot be trained on this machine .{FULL}.; mend that, and run the"):
        run(tmp_path / "run", lambda trial, _, alone: Interrupted(trial.number, FULL))
    counts = Result.open(tmp_path / "run").counts()
    assert counts["failed"] + counts["scored"] == 0 < counts["running"]
    engine, _ = run(tmp_path / "run", good)
    assert ends_as_undisturbed(tmp_path, engine)


def test_three_that_fail_alike_stop_the_search_and_are_tried_again_once_the_fault_is_mended(tmp_path: Path) -> None:
    def broken(trial: Trial, times: int, alone: bool) -> Outcome:
        return good(trial) if trial.slot < 2 else MENDED

    with pytest.raises(RunError, match=r"the last 3 candidates failed alike \(ValueError: the file is missing\); mend"):
        run(tmp_path / "run", broken, lag=1)
    assert Result.open(tmp_path / "run").counts()["failed"] == 3
    engine, _ = run(tmp_path / "run", good, lag=1)
    assert [engine.history[number].slot for number in sorted(engine.history.retried)] == [2, 3, 4]
    assert engine.done
    assert engine.finished == 9
    assert all(engine.history.outcomes[number] == good(engine.history[number]) for number in engine.history.retried)


@pytest.mark.parametrize(("epochs", "stops"), [(None, True), (3, True), (2, False)])
def test_what_pauses_is_no_success_of_a_longer_training(epochs: int | None, stops: bool, tmp_path: Path) -> None:
    """One in two fails, after whole trainings or after 3 or 2 epochs; the others pause after 2."""

    class Pausing(Random):
        def propose(self, history: History, budget: Budget) -> Proposal:
            return replace(super().propose(history, budget), fidelity=epochs if budget.slot % 2 else 2)

    def some(trial: Trial, times: int, alone: bool) -> Outcome:
        return MENDED if trial.slot % 2 else Stopped({"accuracy": 0.5}, 2)

    def searched(answer: Answer) -> Engine:
        engine = engine_in(tmp_path, trials=9, strategy=Pausing(small_space(), []), epochs=4)
        try:
            for number in to_be_retried(engine.history, False):
                engine.record.append(Retried(number))
            engine.record.close()
            engine = engine_in(tmp_path, trials=9, strategy=Pausing(small_space(), []), epochs=4)
            Running(engine, Scripted(answer)).run()
        finally:
            engine.record.close()
        return engine

    if not stops:
        searched(some)
        return
    with pytest.raises(RunError, match="the last 3 candidates failed alike"):
        searched(some)
    mended = searched(lambda trial, *_: Stopped({"accuracy": 0.5}, 2) if trial.epochs == 2 else good(trial))
    assert {mended.history[number].slot for number in mended.history.retried} == {1, 3, 5}


def test_what_is_tried_again_in_vain_is_not_tried_a_third_time(tmp_path: Path) -> None:
    runs: list[set[int]] = []
    for _ in range(3):
        backend: list[int] = []
        with pytest.raises(RunError, match="failed alike"):
            run(tmp_path / "run", lambda trial, _, alone, seen=backend: seen.append(trial.slot) or MENDED, lag=1)
        runs.append(set(backend))
    assert runs == [{0, 1, 2}, {0, 1, 2}, {3, 4, 5}]


def test_divergence_of_some_does_not_stop_a_search_that_has_scored_others(tmp_path: Path) -> None:
    def some(trial: Trial, times: int, alone: bool) -> Outcome:
        return good(trial) if trial.slot < 2 else Failed("diverged: the loss is nan in epoch 1")

    engine, _ = run(tmp_path / "run", some)
    assert engine.done
    with pytest.raises(RunError, match="diverged"):
        run(tmp_path / "all", lambda trial, _, alone: Failed("diverged: the loss is nan in epoch 1"))


def test_failed_candidates_are_tried_again_when_asked_and_no_others(tmp_path: Path) -> None:
    def some(trial: Trial, times: int, alone: bool) -> Outcome:
        return Failed(f"ValueError: {trial.slot}") if trial.slot in (1, 5) else good(trial)

    before, _ = run(tmp_path / "run", some)
    engine, backend = run(tmp_path / "run", good, retry_failed=True)
    assert {engine.history[number].slot for number in backend.times} == {1, 5}
    assert candidates(engine) == candidates(before)
    assert {trial.state for trial in Result.open(tmp_path / "run").trials} <= {"scored", "rejected"}
    _, backend = run(tmp_path / "run", good, retry_failed=True)
    assert not backend.times


def test_what_the_time_interrupts_stays_in_training_and_goes_on_with_the_next_run(tmp_path: Path) -> None:
    def late(trial: Trial, times: int, alone: bool) -> Outcome | Interrupted:
        return Interrupted(trial.number, TIME_UP) if trial.slot >= 4 else good(trial)

    run(tmp_path / "run", late)
    assert Result.open(tmp_path / "run").counts()["running"] > 0
    engine, _ = run(tmp_path / "run", good)
    assert ends_as_undisturbed(tmp_path, engine)


def test_whoever_watches_is_called_after_each_epoch_too_if_it_can_be(tmp_path: Path) -> None:
    class Watching:
        def __init__(self) -> None:
            self.seen: list[tuple[str, int, float]] = []

        def __call__(self, engine: Engine, trial: Trial | None, outcome: Outcome | None) -> None:
            self.seen.append(("outcome", -1 if trial is None else trial.number, 0.0))

        def epoch(self, engine: Engine, trial: Trial, epoch: int, score: float) -> None:
            assert trial.curve[epoch] == score
            self.seen.append(("epoch", trial.number, score))

    class ByEpochs(Scripted):
        def events(self) -> Sequence[Event]:
            (last,) = super().events()
            return [Epoch(last.number, 1, 0.25), Epoch(last.number, 2, 0.5), last]

    engine, watch = engine_in(tmp_path, trials=2), Watching()
    Running(engine, ByEpochs(good), watch).run()
    one, two = [trial.number for trial in engine.history if trial.state == "scored"]
    each = [("epoch", 0.25), ("epoch", 0.5), ("outcome", 0.0)]
    assert watch.seen == [(kind, number, score) for number in (one, two) for kind, score in each]


def test_a_run_that_was_tried_again_reads_as_it_was_known(tmp_path: Path) -> None:
    engine, _ = run(tmp_path, lambda trial, _, alone: MENDED if trial.slot == 3 else good(trial))
    engine = engine_in(tmp_path, trials=9, lag=3)
    failed = next(trial for trial in engine.history if trial.state == "failed")
    engine.record.append(Retried(failed.number))
    assert Result.open(tmp_path).trial(failed.number).state == "running"
    assert Result.open(tmp_path).trial(failed.number).reason is None
    engine.record.close()
    engine = engine_in(tmp_path, trials=9, lag=3)
    drive(engine)
    assert Result.open(tmp_path).trial(failed.number).state != "running"


def test_who_watches_is_given_each_trial_as_it_has_ended(tmp_path: Path) -> None:
    engine = engine_in(tmp_path, trials=9)
    seen: dict[int, tuple[str, object]] = {}

    def watch(engine: Engine, trial: Trial | None, outcome: Outcome | None) -> None:
        assert trial is not None
        assert isinstance(outcome, Scored)
        seen[trial.number] = trial.state, (trial.scores, trial.seconds)
        assert trial.scores == outcome.scores

    Running(engine, Scripted(good), watch).run()
    engine.record.close()
    assert seen == {trial.number: ("scored", (trial.scores, trial.seconds)) for trial in engine.history if trial.scores}
    assert seen
