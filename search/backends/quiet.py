"""Ray's messages about its own processes, kept from the screen."""

from __future__ import annotations

import sys
import threading
from typing import Any, TextIO

from search.backends.environment import verbose

# The thread in which Ray prints what nodes report: pages of the log of a raylet that has ended.
PRINTS = "ray_listen_error_messages"


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
