"""An error in place of a test that never ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

# A machine with other work takes up to so many times as long; what waits for ever is found by that.
BUSY = 30
# What calls back while objects are removed swallows errors, so they are raised again after so many seconds.
AGAIN = 1.0


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Raise if what is done inside takes more seconds of the processor, which do not depend on what else runs."""

    def late(*_: object) -> None:
        raise AssertionError(f"still not done after {seconds} s of the processor, or {BUSY * seconds} s")

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, seconds), signal.ITIMER_REAL: (signal.SIGALRM, BUSY * seconds)}
    before = {number: signal.signal(number, late) for number, _ in timers.values()}
    try:
        for timer, (_, after) in timers.items():
            signal.setitimer(timer, after, AGAIN)
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
