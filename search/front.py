"""The front of a run: the trials that no other trial beats in every objective."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.table import Table

from archspec.graph.cost import Cost
from archspec.schema.hole import Scalar
from search.confirmed import Confirmed, columns, headings
from search.constraints import QUANTITIES
from search.errors import RunError
from search.hypervolume import hypervolume
from search.objectives import Objective
from search.pickled import Pickled
from search.trial import Trial
from search.words import as_text, html_table, plain_table, short, summary


@dataclass(frozen=True)
class Front(Pickled, Sequence[Trial]):
    """The trials that no other trial beats in every objective, cheapest first; printed as a table.

    Attributes:
        trials: the trials, as the search found them.
        objectives: the objectives.
        confirmed: of those that were confirmed what came of it, by the number of the trial.
    """

    trials: tuple[Trial, ...]
    objectives: tuple[Objective, ...]
    confirmed: Mapping[int, Confirmed] = field(default_factory=dict, compare=False, repr=False)

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
        left, right = math.log10(low), math.log10(high)
        points = [(-t.scores.get(name, 0.0), max(left, math.log10(max(flops_of(t), 1)))) for t in self.trials]
        return hypervolume(points, (0.0, right)) / (right - left)

    @property
    def knee(self) -> Trial:
        """The trial farthest from the line between the ends of the front, on its better side; of equals the cheapest.

        Each objective is scaled from 0, the best on the front, to 1, the worst; costs count by their logarithm. Of more
        objectives than two it is the trial with the smallest sum, which for two is that farthest from the line.

        Raises:
            RunError: the front is empty.
        """
        if not self.trials:
            raise RunError("the front is empty, and has no knee; let the search run on")
        losses = np.array([point(trial, self.objectives) for trial in self.trials])
        low, width = losses.min(0), np.ptp(losses, 0)
        scaled = (losses - low) / np.where(width > 0, width, 1.0)
        return self.trials[int(scaled.sum(1).round(12).argmin())]

    def __str__(self) -> str:
        return as_text(front_table(self))

    __repr__ = __str__

    def to_html(self) -> str:
        """The front as an HTML table."""
        return html_table(*front_rows(self))

    def _repr_html_(self) -> str:
        return self.to_html()


def front_of(trials: Iterable[Trial], objectives: Sequence[Objective]) -> Front:
    """The scored trials that no other of them beats in every objective; one trial for each tuple of values.

    Trials that break a constraint are left out, and those of which an objective is not a number.

    Raises:
        RunError: a scored trial lacks the score of an objective.
    """
    valued = [(t, smaller_is_better(t, objectives)) for t in trials if t.feasible]
    scored = [(t, values) for t, values in valued if not any(map(math.isnan, values))]
    seen: dict[tuple[float, ...], Trial] = {}
    # In the order of their values whatever beats a trial stands before it, and so does one of the front that beats it.
    for trial, values in sorted(scored, key=lambda found: found[1]):
        if not any(_no_worse(other, values) for other in reversed(seen)):
            seen[values] = trial
    return Front(tuple(sorted(seen.values(), key=lambda trial: (flops_of(trial), trial.number))), tuple(objectives))


def smaller_is_better(trial: Trial, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """The values of the objectives for a scored trial, negated where they are maximised.

    Raises:
        RunError: the trial lacks the score of an objective.
    """
    cost = trial.cost or Cost()
    try:
        return tuple((-1 if o.maximize else 1) * o.value(cost, trial.scores) for o in objectives)
    except KeyError as error:
        raise RunError(f"trial {trial.number}: {error.args[0]}; open the run with objectives that it has") from None


def in_volume(objective: Objective, value: float) -> float:
    """A value in the units of volumes, smaller being better: of a cost its log10."""
    found = math.log10(max(value, 1.0)) if objective.name in QUANTITIES else value
    return -found if objective.maximize else found


def point(trial: Trial, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """The values of a scored trial in the units of volumes; errors as of `smaller_is_better`."""
    values = smaller_is_better(trial, objectives)
    return tuple(in_volume(o, -value if o.maximize else value) for o, value in zip(objectives, values, strict=True))


def flops_of(trial: Trial) -> int:
    """The FLOPs of a trial's network; 0 if it has none."""
    return trial.cost.flops if trial.cost else 0


def _no_worse(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether `a` is nowhere larger than `b`."""
    return all(x <= y for x, y in zip(a, b, strict=True))


def front_table(front: Front) -> Table:
    """A table with one row for each trial of a front, cheapest first."""
    return plain_table(*front_rows(front), left=("training", "architecture"))


def front_rows(front: Front) -> tuple[list[str], list[list[str]]]:
    """The names of the columns of a front's table, and its rows as text: scores as found, and as confirmed."""
    scores = [o.name for o in front.objectives if not o.priced]
    training = ["training"] if any(trial.decided for trial in front) else []
    rows = []
    for trial in front:
        values = [trial.scores.get(name) for name in scores]
        rows.append(
            [
                str(trial.number),
                *(f"{v:.4f}" if v is not None else "" for v in values),
                *(columns(front.confirmed.get(trial.number), scores) if front.confirmed else ()),
                short(trial.cost.flops if trial.cost else 0),
                short(trial.cost.params if trial.cost else 0),
                *(", ".join(f"{name} {_brief(value)}" for name, value in trial.decided.items()) for _ in training),
                summary(trial.architecture) if trial.architecture else "",
            ]
        )
    found = [f"{score} found" for score in scores] + (headings(scores) if front.confirmed else [])
    return ["trial", *found, "FLOPs", "params", *training, "architecture"], rows


def _brief(value: Scalar) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
