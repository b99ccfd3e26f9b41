"""The progress of a running search: a live bar on a terminal, and a line for each outcome."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from archspec.graph.cost import Cost
from search.engine import Engine
from search.outcome import Failed, Outcome, Scored
from search.trial import Trial
from search.words import short, summary


class Watcher:
    """Shows the progress of a search; a context manager, to be passed as `watch` to `Search.run`.

    Args:
        stream: where lines are written; by default standard output.
        live: whether to draw the bar; by default only on a terminal.
    """

    def __init__(self, stream: TextIO | None = None, live: bool | None = None) -> None:
        self.console = Console(file=stream or sys.stdout, highlight=False, soft_wrap=True)
        self.live = self.console.is_terminal if live is None else live
        self.began = time.monotonic()
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
        )
        self.bar: TaskID | None = None

    def __enter__(self) -> Watcher:
        if self.live:
            self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self.progress.stop()

    def __call__(self, engine: Engine, trial: Trial | None, outcome: Outcome | None) -> None:
        if trial is None or outcome is None:
            self._begin(engine)
        else:
            self._line(engine, trial, outcome)
        if self.bar is not None:
            self.progress.update(self.bar, completed=engine.finished, total=engine.wanted)
        if engine.exhausted and engine.done:
            self.console.print(f"stopped early: {engine.exhausted}")

    def _begin(self, engine: Engine) -> None:
        if engine.finished:
            self.console.print(f"resuming a run: {engine.finished} of {engine.wanted} candidates are finished")
        else:
            self.console.print(f"searching {engine.space!r}: {engine.wanted} candidates, {engine.lag} at once")
        if self.live:
            self.bar = self.progress.add_task("training", total=engine.wanted, completed=engine.finished)

    def _line(self, engine: Engine, trial: Trial, outcome: Outcome) -> None:
        elapsed = time.monotonic() - self.began
        head = f"{engine.finished:>4}/{engine.wanted} {elapsed:6.0f} s  trial {trial.number:<4}"
        if isinstance(outcome, Failed):
            self.console.print(f"{head} failed: {outcome.reason}")
            return
        assert trial.architecture is not None
        priced = (isinstance(outcome, Scored) and outcome.cost) or trial.cost or Cost()
        cost = f"{short(priced.flops):>6} FLOPs {short(priced.params):>6} params"
        learned = [o for o in engine.objectives if not o.priced]
        scores = "  ".join(f"{o.name} {o.value(priced, outcome.scores):.4f}" for o in learned)
        self.console.print(f"{head} {scores}  {cost}  {summary(trial.architecture)}", markup=False)
