"""An error in place of a test that never ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Raise if what is done inside takes longer."""

    def late(*_: object) -> None:
        raise AssertionError(f"still not done after {seconds} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
