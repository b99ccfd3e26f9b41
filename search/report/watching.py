"""What a search shows of itself while it runs, unless it is told otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from search.engine import Engine
from search.outcome import Outcome
from search.report.notebook import Cell, in_notebook
from search.report.progress import Watcher
from search.trial import Trial

Watch: TypeAlias = Callable[[Engine, Trial | None, Outcome | None], None]


@contextmanager
def watching(watch: Watch | Literal["auto", False] | None) -> Iterator[Watch | None]:
    """What to call during a search: `auto` is a bar on a terminal, a cell in a notebook, else lines on standard error.

    None or False is nothing; anything else is returned as it is.
    """
    if not (watch is None or watch is False or watch == "auto" or callable(watch)):
        raise ValueError(f"watch is 'auto', None, or a function of (engine, trial, outcome), not {watch!r}")
    if watch is None or watch is False:
        yield None
    elif isinstance(watch, str):
        with Cell() if in_notebook() else Watcher(sys.stderr) as own:
            yield own
    else:
        yield watch
