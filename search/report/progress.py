"""The progress of a running search: a line for each outcome, and on a terminal a bar over the front as it grows."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from archspec.graph.cost import Cost
from search.engine import Engine
from search.front import Front, front_table
from search.masks import NOT_LEARNED
from search.outcome import Failed, Outcome, Scored
from search.report.standing import Standing
from search.trial import Trial
from search.words import cell, duration, short, summary, write_out_what_is_unknown

# Where there is no bar, seconds after which an epoch is worth a line.
QUIET = 30.0
MOST_ROWS = 10  # of the front under the bar


class Steady(Console):
    """A console whose reader may go away, or whose disk be full, which is no reason to end a search."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Write what has been printed, or nothing more if that cannot be written."""
        try:
            super().__exit__(kind, error, trace)
        except OSError:
            self.quiet = True

    def on_broken_pipe(self) -> None:
        """Write nothing more."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


class Watcher:
    """Shows the progress of a search; a context manager, to be passed as `watch` to `Search.run`.

    Args:
        stream: where lines are written; by default standard output.
        live: whether to draw the bar and the front; by default only on a terminal.
        clock: seconds, from any beginning.
    """

    def __init__(
        self, stream: TextIO | None = None, live: bool | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        write_out_what_is_unknown(stream or sys.stdout)
        # In a notebook rich would write to the cell, whatever the stream is.
        self.console = Steady(file=stream or sys.stdout, highlight=False, soft_wrap=True, force_jupyter=False)
        self.clock, self.began = clock, clock()
        self.standing: Standing | None = None
        self._told = self.began
        self._not_learned: set[str] = set()
        self._bar: TaskID | None = None
        self._progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )
        shown = self.console.is_terminal if live is None else live
        self._live = Live(self._progress, console=self.console) if shown else None

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, engine: Engine, trial: Trial | None, outcome: Outcome | None) -> None:
        if trial is None or outcome is None:
            self._begin(engine)
        else:
            self._line(engine, trial, outcome)
        self._redraw(engine)
        if engine.exhausted and engine.done:
            self._say(f"stopped early: {engine.exhausted}")

    def epoch(self, engine: Engine, trial: Trial, epoch: int, score: float) -> None:
        """Show that a candidate was trained for one more epoch."""
        if self._live is None and self.clock() - self._told >= QUIET:
            sizes = "".join(f", {name} {values[-1]:.1f}" for name, values in trial.sizes.items())
            self._say(f"{self._head(engine)}  trial {trial.number:<4} epoch {epoch}: {score:.4f}{sizes}{_on(trial)}")
        self._redraw(engine)

    def notice(self, text: str) -> None:
        """Show a sentence of the backend: what keeps candidates waiting, or which machine is lost."""
        self._say(text)

    def _begin(self, engine: Engine) -> None:
        self.standing = Standing(engine)
        carried = engine.history.settings.carried
        if engine.finished == carried > 0:
            self._say(f"{carried} outcomes carried over by the warm start; {engine.wanted - carried} to be trained")
        elif engine.finished:
            self._say(f"resuming a run: {engine.finished} of {engine.wanted} candidates are finished")
        else:
            self._say(f"searching {engine.space!r}: {engine.wanted} candidates, {engine.workers} at once")
        if self._live is not None and not engine.done:
            self._bar = self._progress.add_task("", total=engine.wanted, completed=engine.finished)
            self._live.start()

    def _line(self, engine: Engine, trial: Trial, outcome: Outcome) -> None:
        new = self.standing is not None and self.standing.take(trial, outcome)
        head = f"{self._head(engine)}  trial {trial.number:<4}"
        if isinstance(outcome, Failed):
            self._say(f"{head} failed: {outcome.reason}")
            return
        architecture = engine.history[trial.number].architecture  # what learned sizes have made of it
        assert architecture is not None
        priced = (isinstance(outcome, Scored) and outcome.cost) or trial.cost or Cost()
        cost = f"{short(priced.flops):>6} FLOPs {short(priced.params):>6} params"
        learned = [o for o in engine.objectives if not o.priced]
        scores = "  ".join(f"{o.name} {o.value(priced, outcome.scores):.4f}" for o in learned)
        reason = engine.history[trial.number].reason
        note = f"{_on(trial)}  ({reason})" if reason else f"{_on(trial)}  (on the front)" if new else _on(trial)
        self._say(f"{head} {scores}  {cost}  {summary(architecture)}{note}")
        for name, reason in trial.notes.get(NOT_LEARNED, {}).items():
            if name not in self._not_learned:
                self._not_learned.add(name)
                self._say(f"{name} is not learned in trial {trial.number}, and maybe in others: {reason}")

    def _head(self, engine: Engine) -> str:
        """How many candidates are finished, since when, and about how long the others will take."""
        left = self.standing.left() if self.standing and self._live is None else None
        more = "" if left is None else f", about {duration(left)} left"
        return f"{engine.finished:>4}/{engine.wanted} {self.clock() - self.began:6.0f} s{more}"

    def _redraw(self, engine: Engine) -> None:
        if self._live is None or self._bar is None or self.standing is None:
            return
        self._progress.update(self._bar, completed=engine.finished, total=engine.wanted)
        front = self.standing.front
        shown = Front(front.trials[-MOST_ROWS:], front.objectives)
        self._live.update(Group(self._progress, cell(self.standing), front_table(shown)))

    def _say(self, text: str) -> None:
        self._told = self.clock()
        self.console.print(cell(text))


def _on(trial: Trial) -> str:
    """The machine that a trial is trained on, if that is one of a cluster."""
    return f"  on {trial.node}" if trial.node else ""
