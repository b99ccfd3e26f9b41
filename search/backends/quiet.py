"""Ray's messages about its own processes, kept from the screen."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from search.backends.environment import verbose

# The thread in which Ray prints what nodes report: pages of the log of a raylet that has ended.
PRINTS = "ray_listen_error_messages"
# How a line of Ray's core begins that is no error: time, level, process, thread.
REMARK = re.compile(rb"\[[^\]]* [DIW] \d+ \d+\] ")


@contextmanager
def without_remarks() -> Iterator[None]:
    """Standard error without the remarks of Ray's core, which writes there itself; with them while Ray says all.

    What else is written there meanwhile comes at the end.
    """
    before = None
    with suppress(OSError):  # it is closed
        before = None if verbose() else os.dup(2)
    if before is None:
        yield
        return
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)
            kept.seek(0)
            rest = b"".join(line for line in kept if not REMARK.match(line))
            with suppress(OSError):
                os.write(2, rest)


class Quiet:
    """Standard output without Ray's reports, until it is closed; all of it while the logger of Ray is at INFO."""

    def __init__(self) -> None:
        self._before, self._ours = sys.stdout, _Filter(sys.stdout)
        if not verbose():
            sys.stdout = self._ours

    def close(self) -> None:
        """Put the stream back."""
        if sys.stdout is self._ours:
            sys.stdout = self._before


class _Filter:
    """A stream that takes nothing from one thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, unless it is Ray's."""
        return len(text) if threading.current_thread().name == PRINTS else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
