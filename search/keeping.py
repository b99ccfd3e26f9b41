"""Which weights of a run are kept: those of the front, of the best ranks, or all."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path

from search.events import Event, Finished
from search.files import RunDirectory
from search.front import smaller_is_better
from search.numbers import short
from search.objectives import Objective
from search.outcome import Failed
from search.ranks import ranks
from search.record.history import History
from search.trial import Trial
from search.words import many


def ranks_kept(keep: str | int, inherit: bool = False) -> float:
    """How many non-dominated ranks keep their weights: 1 for `front`, infinity for `all`, or a number, also as text.

    Args:
        keep: as for `Search.run`.
        inherit: whether candidates begin from the weights of others.

    Raises:
        ValueError: it is none of these, or weights that may be inherited would be deleted.
    """
    if inherit and keep != "all":
        raise ValueError(f"Training(inherit=True) needs the weights of all candidates: use keep='all', not {keep!r}")
    if keep in ("all", "front"):
        return math.inf if keep == "all" else 1
    text = "" if isinstance(keep, bool) else str(keep)
    if not (text.isdecimal() and int(text)):
        raise ValueError(f"keep is 'front', 'all', or how many ranks to keep, 1 or more, not {keep!r}")
    return int(text)


# Number of paused candidates whose states of training are kept, the last ones: who goes on without begins anew, and
# comes to the same.
PAUSED = 256


class Keeping:
    """Deletes the weights of trials that the front has moved past, and what is left of checkpoints of finished ones.

    It follows a record, so that a file is deleted only once the outcome is on the disk; whatever a kill left behind is
    deleted when the run is next opened. What is in training, and the states that the last paused candidates go on from,
    are not touched. Trials of equal values have equal ranks.

    Args:
        history: history of the run, in its directory.
        objectives: what ranks are by.
        kept: how many ranks keep their weights.
    """

    def __init__(self, history: History, objectives: Sequence[Objective], kept: float) -> None:
        assert history.directory is not None
        self.history, self.directory, self.objectives, self.kept = history, history.directory, objectives, kept
        # Those whose weights are kept: whoever has left them never comes back, as ranks of old trials only grow.
        self._best: list[tuple[Trial, tuple[float, ...]]] = []
        # What the paused candidates are trained as whose states are kept, the last one last.
        self._paused: dict[str, None] = {}
        for number in history.outcomes:
            self._take(number)

    def observe(self, event: Event) -> None:
        """Act on an event, which the history has observed."""
        if isinstance(event, Finished):
            self._take(event.number)

    def close(self) -> None:
        """Nothing is held."""

    def _take(self, number: int) -> None:
        trial = self.history[number]
        if isinstance(self.history.outcomes[number], Failed):  # it may be tried again
            return
        _delete(self.directory.checkpoint(number))
        _delete(self.directory.sizes(number))
        self._take_paused(trial)
        if self.kept == math.inf:
            return
        if not trial.feasible:
            _delete(self.directory.weights(number))
            return
        self._best.append((trial, smaller_is_better(trial, self.objectives)))
        found = ranks([values for _, values in self._best])
        for (passed, _), rank in zip(self._best, found, strict=True):
            if rank >= self.kept:
                _delete(self.directory.weights(passed.number))
        self._best = [one for one, rank in zip(self._best, found, strict=True) if rank < self.kept]

    def _take_paused(self, trial: Trial) -> None:
        name = str(trial.trained_as)
        self._paused.pop(name, None)
        if trial.state == "stopped":
            self._paused[name] = None
            if len(self._paused) > PAUSED:
                oldest = next(iter(self._paused))
                del self._paused[oldest]
                _delete(self.directory.trunk(oldest))


def disk_use(directory: RunDirectory) -> str:
    """What the weights of a run and its states of training take on the disk, as text."""
    parts = []
    for folder in (directory.weights(0).parent, directory.checkpoint(0).parent):
        sizes = [_size(path) for path in folder.glob("*.*")]
        parts.append(f"{folder.name} {short(sum(sizes))} bytes in {many(len(sizes), 'file')}")
    return ", ".join(parts)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # deleted meanwhile
        return 0


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):  # the next time the run is opened
        path.unlink(missing_ok=True)
