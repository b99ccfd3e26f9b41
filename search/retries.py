"""Trainings that are tried again, as a machine failed: how often in a row, and the wait before the next try."""

from __future__ import annotations

import time
from collections import Counter

from search import machine
from search.errors import RunError
from search.events import Interrupted


class Retries:
    """Counts how often in a row each training was interrupted."""

    def __init__(self) -> None:
        self._times: Counter[int] = Counter()

    def count(self, event: Interrupted) -> int:
        """Count an interruption; returns how many there were in a row.

        A lost machine is none: each time one is gone, so that it comes to an end by itself.
        """
        self._times[event.number] += not event.lost
        return self._times[event.number]

    def forget(self, number: int) -> None:
        """Count anew, as a training gets on."""
        self._times.pop(number, None)

    def wait(self, event: Interrupted, cannot: str, remedy: str) -> None:
        """Wait before what was interrupted is tried again, longer each time.

        Raises:
            RunError: it was tried often enough. The sentence begins with `cannot`, and ends with `remedy`.
        """
        times = self._times[event.number]
        if times > len(machine.WAITS):
            raise RunError(f"{cannot} on this machine ({event.reason}); mend that, and {remedy}")
        time.sleep(machine.WAITS[times - 1])
