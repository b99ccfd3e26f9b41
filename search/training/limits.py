"""Limits of time: what training raises when one is over, and a thread that ends a training which no longer moves."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType

from search.training.clock import running_time
from search.words import say

TIME_UP = "the time is up"
# Seconds beyond a limit after which the process ends, if training has not come to a batch at which to see it.
GRACE = 10.0
# Seconds without a training step after which a line on standard error says so.
SILENCE = 600.0
# Without a limit of its own a trial may take ten minutes and a hundred times what the dearest should take.
LEAST_LIMIT, GENEROUS = 600.0, 100.0


def time_limit(seconds: float) -> str:
    """The reason of a candidate that was trained for longer than `Training.seconds`."""
    return f"its time limit of {seconds:g} s was over"


def generous_limit(seconds: float) -> float:
    """The limit of time of a training, in seconds, if the dearest should take so many."""
    return LEAST_LIMIT + GENEROUS * seconds


class TimeUp(Exception):
    """The time of the whole search is up; the training can be resumed from its checkpoint."""


class Limits:
    """The limits of one training; a context manager, during which a thread watches them.

    Training calls `step` before each batch. A step that lasts beyond a limit (a loader that blocks, say) cannot be
    interrupted: then `end`, if given, is called in the thread, with whether it was the trial's own limit, and the
    process ends.

    Args:
        name: what is trained, in a few words.
        seconds: seconds that this training may last; None for no limit.
        until: time (of `time.time`) at which the search ends; None for never.
        end: tells what has come of the training; None if the process must not end.
    """

    def __init__(
        self, name: str, seconds: float | None, until: float | None, end: Callable[[bool], None] | None = None
    ) -> None:
        self.name, self.end = name, end
        now = running_time()
        self.until = float("inf") if until is None else until
        self.own = float("inf") if seconds is None else now + seconds
        self._last_step = now
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def step(self) -> None:
        """Note that training is at a batch; raises `TimeUp` if the time of the search is over."""
        self._last_step = running_time()
        if time.time() >= self.until:
            raise TimeUp(TIME_UP)

    def _watch(self) -> None:
        told = False
        while True:
            limit = min(self._left()) + GRACE if self.end else float("inf")
            silent = float("inf") if told else self._last_step + SILENCE - running_time()
            if self._over.wait(min(max(0.0, min(limit, silent)), threading.TIMEOUT_MAX)):
                return
            own, search = self._left()
            if self.end and min(own, search) + GRACE <= 0:
                self.end(own <= search)
                break
            if not told and running_time() >= self._last_step + SILENCE:
                told = True
                say(
                    f"archsearch: {self.name} has trained nothing for {SILENCE / 60:.0f} min (a loader that blocks?); "
                    "Training(seconds=...) limits the time of a trial"
                )
        os._exit(1)

    def _left(self) -> tuple[float, float]:
        """Seconds that are left of the training's own limit, and of the time of the search."""
        return self.own - running_time(), self.until - time.time()

    def __enter__(self) -> Limits:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
