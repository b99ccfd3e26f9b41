"""A clock that stands still while its process does: of what was suspended or stopped no time is taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# Seconds between two looks at the clock, and how many may lie between them at the most on a busy machine.
TICK, MOST = 1.0, 10.0


class Clock:
    """Seconds for which this process has run, from any point on.

    Time that lies between two looks is not counted where it is more than `MOST`: the process was stopped (a suspended
    job or machine, SIGSTOP) or the clock was set. A thread looks at it meanwhile, from the first question on.
    """

    def __init__(self, read: Callable[[], float] = time.monotonic) -> None:
        self.read = read
        self._seen, self._counted = read(), 0.0
        self._looking = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self) -> float:
        """The seconds up to now."""
        if self._thread is None or not self._thread.is_alive():  # as after a fork
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        return self.look()

    def look(self) -> float:
        """Count the time since the last look."""
        with self._looking:
            now = self.read()
            if now - self._seen <= MOST:
                self._counted += now - self._seen
            self._seen = now
            return self._counted

    def _watch(self) -> None:
        while True:
            time.sleep(TICK)
            self.look()


running_time = Clock()
