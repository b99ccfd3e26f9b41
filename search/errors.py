"""The errors that end a run or keep it from starting, and what is said of those that a person's own functions raise."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = tuple(f"{Path(__file__).parents[1] / name}{'/'}" for name in ("archspec", "spaces", "search"))


class RunError(RuntimeError):
    """A run cannot be started, resumed or read; the message is one sentence that says why and what to do."""


class NotBegun(RunError):
    """A directory was made for a run that was ended before it wrote what it was to do."""


class Exhausted(RuntimeError):
    """No further candidate can be found; the message says which conditions reject the architectures of the space."""


def said(error: BaseException) -> str:
    """An error in a line: its kind, its words, and the line of a person's own file that it came from, if any."""
    words = " ".join(str(error.args[0] if error.args else error).split())
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(PACKAGES)]
    own = [frame for frame in frames if frame.filename == frames[0].filename]  # what it calls may be another package's
    place = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}{': ' * bool(words)}{words}{place}"


@contextmanager
def named(what: str, remedy: str) -> Iterator[None]:
    """Of an error that something of a person's own raises, make one sentence that names it, and its line.

    Raises:
        RunError: anything was raised but what is a sentence already.
    """
    try:
        yield
    except (RunError, Exhausted):
        raise
    except Exception as error:
        raise RunError(f"{what} raised {said(error)}; {remedy}") from error
