"""The progress of a running search in a notebook: one output cell, which changes while the search runs."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from search.engine import Engine
from search.outcome import Failed, Outcome
from search.report.standing import Standing
from search.trial import Trial
from search.words import in_html

# Seconds between two changes of the cell, at least.
EVERY = 0.5
MOST_FAILURES = 3  # that are shown


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


class Cell:
    """Shows the progress of a search in a notebook's cell; a context manager, to be passed as `watch`.

    Args:
        show: called with HTML; returns what is called with further HTML to put in its place. By default IPython's.
        clock: seconds, from any beginning.
    """

    def __init__(
        self,
        show: Callable[[str], Callable[[str], Any]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.show, self.clock = show or _display, clock
        self._change: Callable[[str], Any] | None = None
        self._shown = 0.0
        self._failures: list[str] = []
        self._notice: str | None = None
        self.standing: Standing | None = None

    def __enter__(self) -> Cell:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self._notice = "interrupted; run the cell again, and the search goes on"
        self._draw()

    def __call__(self, engine: Engine, trial: Trial | None, outcome: Outcome | None) -> None:
        if trial is None or outcome is None or self.standing is None:
            self.standing = Standing(engine)
            self._change = self.show(self._html())
        else:
            self.standing.take(trial, outcome)
            if isinstance(outcome, Failed):
                self._failures.append(f"trial {trial.number} failed: {outcome.reason}")
            self._notice = None
            self._draw_soon()

    def epoch(self, engine: Engine, trial: Trial, epoch: int, score: float) -> None:
        """Show that a candidate was trained for one more epoch."""
        self._draw_soon()

    def notice(self, text: str) -> None:
        """Show a sentence of the backend: what keeps candidates waiting, or which machine is lost."""
        self._notice = text
        self._draw()

    def _draw_soon(self) -> None:
        if self.clock() - self._shown >= EVERY:
            self._draw()

    def _draw(self) -> None:
        self._shown = self.clock()
        if self._change is not None:
            self._change(self._html())

    def _html(self) -> str:
        assert self.standing is not None
        engine = self.standing.engine
        lines = [f"{engine.finished} of {engine.wanted} trials · {self.standing}", *self._failures[-MOST_FAILURES:]]
        if engine.exhausted and engine.done:
            lines.append(f"stopped early: {engine.exhausted}")
        if self._notice is not None:
            lines.append(self._notice)
        bar = f'<progress value="{engine.finished}" max="{max(1, engine.wanted)}"></progress>'
        return f"{bar} {'<br>'.join(map(in_html, lines))}{self.standing.front.to_html()}"


def _display(html: str) -> Callable[[str], Any]:
    ipython: Any = importlib.import_module("IPython.display")
    handle = ipython.display(ipython.HTML(html), display_id=True)
    return lambda text: handle.update(ipython.HTML(text))
