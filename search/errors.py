"""The errors that end a run or keep it from starting, and what is said of those that a person's own functions raise."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archspec.graph.signal import SignalError

# The beginnings of file names that are no person's own: ours, those of installed packages, and those without a file.
OTHERS = (
    *(f"{Path(__file__).parents[1] / name}/" for name in ("archspec", "spaces", "search")),
    *(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "purelib", "platlib")),
    "<eval_with_key>",  # of torch
    "<frozen ",
)


class RunError(RuntimeError):
    """A run cannot be started, resumed or read; the message is one sentence that says why and what to do."""


class NotBegun(RunError):
    """A directory was made for a run that was ended before it wrote what it was to do."""


class Exhausted(RuntimeError):
    """No further candidate can be found; the message says which conditions reject the architectures of the space."""


def said(error: BaseException) -> str:
    """An error in a line: its kind, its words, and the line of a person's own file that it came from, if any."""
    # The only argument of a KeyError is put into quotes by `str`; the first of several, such as errno, says nothing.
    words = " ".join(str(error.args[0] if len(error.args) == 1 else error).split())
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(OTHERS)]
    place = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}{': ' * bool(words)}{words}{place}"


def first_line(error: BaseException | None) -> str:
    """The first line of an error's words that is not blank; its kind where it has none."""
    return next((line.strip() for line in str(error or "").splitlines() if line.strip()), type(error).__name__)


@contextmanager
def named(what: str, remedy: str) -> Iterator[None]:
    """Of an error that something of a person's own raises, make one sentence that names it, and its line.

    Raises:
        RunError: anything was raised but what is a sentence already.
    """
    try:
        yield
    except (RunError, Exhausted, SignalError):
        raise
    except Exception as error:
        raise RunError(f"{what} raised {said(error)}; {remedy}") from error
