"""The front of a run: the trials that no other trial beats in every objective."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from search.errors import RunError
from search.objectives import Objective
from search.trial import Trial
from search.words import as_text, short, summary


@dataclass(frozen=True)
class Front(Sequence[Trial]):
    """The trials that no other trial beats in every objective, cheapest first; printed as a table."""

    trials: tuple[Trial, ...]
    objectives: tuple[Objective, ...]

    def __len__(self) -> int:
        return len(self.trials)

    def __getitem__(self, index: Any) -> Any:
        return self.trials[index]

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    def hypervolume(self, low: float = 1e3, high: float = 1e9) -> float:
        """Share of the rectangle of error (0 to 1) and log10 FLOPs (of `low` to `high`) that the front dominates.

        The error is 1 minus the first score that is maximised, such as accuracy, f1 or r2; a score below zero counts as
        zero.

        Raises:
            RunError: no score is maximised, or it exceeds 1, so that there is no such rectangle.
        """
        name = next((o.name for o in self.objectives if o.maximize and not o.priced), None)
        if name is None or any(trial.scores.get(name, 0.0) > 1 for trial in self.trials):
            what = f"{name} exceeds 1" if name else "no score is maximised"
            raise RunError(f"the front has no hypervolume: {what}; it is of scores up to 1, such as accuracy or r2")
        area, best = 0.0, 0.0
        edges = [math.log10(max(t.cost.flops, 1)) for t in self.trials if t.cost] + [math.log10(high)]
        for trial, right in zip(self.trials, edges[1:], strict=True):
            assert trial.cost is not None
            best = max(best, trial.scores.get(name, 0.0))
            left = max(math.log10(max(trial.cost.flops, 1)), math.log10(low))
            area += best * max(0.0, min(right, math.log10(high)) - left)
        return area / (math.log10(high) - math.log10(low))

    def __str__(self) -> str:
        return as_text(front_table(self))


def front_table(front: Front) -> Table:
    """A table with one row for each trial of a front, cheapest first."""
    table = Table(title=None, box=None, pad_edge=False)
    table.add_column("trial", justify="right")
    scores = [o.name for o in front.objectives if not o.priced]
    for name in scores:
        table.add_column(name, justify="right")
    for name in ("FLOPs", "params"):
        table.add_column(name, justify="right")
    table.add_column("architecture")
    for trial in front:
        assert trial.cost is not None
        assert trial.architecture is not None
        values = [trial.scores.get(name) for name in scores]
        table.add_row(
            str(trial.number),
            *(f"{v:.4f}" if v is not None else "" for v in values),
            short(trial.cost.flops),
            short(trial.cost.params),
            summary(trial.architecture),
        )
    return table
