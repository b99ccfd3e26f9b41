"""The run of a search: candidates to the backend, its events to the engine, and what to do when something fails.

Faults of the machine are no outcomes: what they interrupt is tried again, from its checkpoint.
"""

from __future__ import annotations

import contextlib
import math
import time
from typing import Protocol

from search.backends.backend import Backend
from search.engine import ROUNDING, Engine
from search.errors import NotBegun, RunError
from search.events import Epoch, Event, Finished, Interrupted, Notice
from search.files import RunDirectory, write_text
from search.outcome import Failed, Outcome, Scored
from search.record.history import History
from search.record.reading import Reading
from search.report.watching import Watch
from search.retries import Retries
from search.training.limits import TIME_UP
from search.trial import Trial
from search.words import say

# How often in a row the worker of a candidate may die before it is tried with no other in training.
DEATHS = 3
# So many candidates that fail alike, one after the other, stop the search.
ALIKE = 3


class WatchesEpochs(Protocol):
    """What is passed as `watch` may have this method too."""

    def epoch(self, engine: Engine, trial: Trial, epoch: int, score: float) -> None:
        """Called after each epoch of a candidate: `epoch` counts from 1, `score` selects the best weights."""


class Running:
    """Runs the search of an engine on a backend.

    Args:
        engine: gives candidates, and records what comes of them.
        backend: trains them.
        watch: called after each outcome, and its method `epoch`, if it has one, after each epoch.
        until: time (of `time.time`) from which no candidate is begun; None for never.
    """

    def __init__(
        self, engine: Engine, backend: Backend, watch: Watch | None = None, until: float | None = None
    ) -> None:
        self.engine, self.backend, self.watch = engine, backend, watch
        self.until = float("inf") if until is None else until
        # Numbers of the candidates at the backend, and of the one that is there with no other beside it.
        self._there: set[int] = set()
        self._alone: int | None = None
        # Candidates to be tried with no other beside them.
        self._suspects: list[Trial] = []
        self._retries = Retries()
        self._failures: list[tuple[Trial, Failed]] = []

    def run(self) -> None:
        """Run until the engine is done or the time is up; candidates that were interrupted then stay `running`.

        Raises:
            RunError: the machine keeps failing, or candidates fail alike.
        """
        while True:
            self._submit_all()
            if not self._there:
                self._note_end()
                return
            for event in self.backend.events():
                if isinstance(event, Notice):
                    self._notice(event.text)
                else:
                    self._take(event)

    def _notice(self, text: str) -> None:
        """Tell a person what a backend has to say, unless nothing is to be told."""
        if (notice := getattr(self.watch, "notice", None)) is not None:
            notice(text)
        elif self.watch is not None:
            say(text)

    def _note_end(self) -> None:
        """Write down why the run ended; it is for people, and no fault if the disk does not take it."""
        directory = self.engine.record.directory
        if directory is not None and self.engine.ended:
            with contextlib.suppress(OSError):
                write_text(directory.ended, self.engine.ended)

    def _submit_all(self) -> None:
        if self.engine.exhausted == TIME_UP:
            return
        if self._suspects:
            if not self._there:
                self._submit(self._suspects.pop(0))
            return
        while len(self._there) < self.engine.workers and (trial := self.engine.ask()) is not None:
            self._submit(trial)

    def _submit(self, trial: Trial) -> None:
        self._alone = None if self._there else trial.number
        self._there.add(trial.number)
        self.backend.submit(trial)

    def _take(self, event: Event) -> None:
        trial = self.engine.history[event.number]
        match event:
            case Interrupted() if event.number in self._there:
                self._there.remove(event.number)
                self._interrupt(trial, event)
            case Finished() if event.number in self._there:
                self._there.remove(event.number)
                self._finish(trial, event.outcome)
            case Epoch():
                self._retries.forget(event.number)
                self.engine.observe(event)
                if (each_epoch := getattr(self.watch, "epoch", None)) is not None:
                    each_epoch(self.engine, self.engine.history[event.number], event.epoch, event.score)
            case _:
                self.engine.observe(event)

    def _finish(self, trial: Trial, outcome: Outcome) -> None:
        if isinstance(outcome, Failed) and outcome.for_memory and self._alone != trial.number:
            self._suspects.append(trial)  # another candidate may have taken the memory
            return
        outcome = self.engine.tell(trial, outcome)
        self._stop_when_late()
        if self.watch:
            self.watch(self.engine, self.engine.history[trial.number], outcome)
        self._failures = _in_a_row(self._failures, trial, outcome)
        if len(last := _alike(self._failures)) >= ALIKE and _stops(last[0][1], self.engine.history):
            raise RunError(
                f"the last {len(last)} candidates failed alike ({last[0][1].reason}); mend that, and run the same "
                "again: it tries them again"
            )

    def _interrupt(self, trial: Trial, event: Interrupted) -> None:
        if event.reason == TIME_UP:
            self.engine.stop(TIME_UP)
        self._stop_when_late()
        if self.engine.exhausted == TIME_UP:
            return
        times = self._retries.count(event)
        if not (event.died or event.lost):
            self._retries.wait(event, f"trial {trial.number} cannot be trained", "run the same again: it resumes")
        elif times > DEATHS and self._alone == trial.number:
            self._finish(trial, _by_itself(event))
            return
        elif times >= DEATHS:
            self._suspects.append(trial)
            return
        self._submit(trial)

    def _stop_when_late(self) -> None:
        if time.time() >= self.until:
            self.engine.stop(TIME_UP)


def _by_itself(event: Interrupted) -> Failed:
    """The outcome of a candidate whose worker died time and again, at last with no other candidate in training."""
    begins = "ran out of memory by itself" if "SIGKILL" in event.reason else "ended its worker by itself"
    return Failed(f"{begins} ({event.reason} again and again)")


def is_finished(home: RunDirectory, trials: int, epochs: int) -> bool:
    """Whether the directory holds a run with all its `trials` trained, so that nothing is left to train.

    RunError if it holds one that cannot be read.
    """
    try:
        if not home.record.exists():
            return False
        history = Reading(home).history
        drawn = [event.trial for event in history.draws if event.trial.state != "rejected"]
        amount = sum(history.share(trial, epochs) for trial in drawn)
        return len(history.outcomes) >= len(drawn) and amount >= trials + history.settings.carried - ROUNDING
    except NotBegun:
        return False
    except OSError as error:  # of a name that is too long, say
        raise RunError(f"{home.path} cannot be a directory: {error.strerror}; use another") from None


def to_be_retried(history: History, all_failed: bool) -> list[int]:
    """The numbers of the failed candidates that a resumed run tries again.

    Those are all, if that is asked for; otherwise those that stopped the run because they failed alike, unless they
    have been tried again before.
    """
    if all_failed:
        return [number for number, outcome in history.outcomes.items() if isinstance(outcome, Failed)]
    failures: list[tuple[Trial, Failed]] = []
    for number, outcome in history.outcomes.items():
        failures = _in_a_row(failures, history[number], outcome)
    last = _alike(failures)
    if len(last) < ALIKE or not _stops(last[0][1], history):
        return []
    return [trial.number for trial, _ in last if trial.number not in history.retried]


def _in_a_row(failures: list[tuple[Trial, Failed]], trial: Trial, outcome: Outcome) -> list[tuple[Trial, Failed]]:
    """The failures since the last success, with one more outcome.

    A training that pauses is no success of a longer one, whose end, where it is scored, it does not come to.
    """
    if isinstance(outcome, Failed):
        return [*failures, (trial, outcome)]
    return [(failed, why) for failed, why in failures if _length(failed) > _length(trial)]


def _length(trial: Trial) -> float:
    return math.inf if trial.epochs is None else trial.epochs


def _alike(failures: list[tuple[Trial, Failed]]) -> list[tuple[Trial, Failed]]:
    """The last failures, as far back as they have the same reason."""
    different = [i for i, (_, failure) in enumerate(failures, 1) if failure.reason != failures[-1][1].reason]
    return failures[max(different, default=0) :]


def _stops(failure: Failed, history: History) -> bool:
    """Whether failures like it stop a search: not what belongs to large spaces, once a candidate has been scored."""
    return not failure.natural or not any(isinstance(outcome, Scored) for outcome in history.outcomes.values())
