"""The confirmation of a run: its trials as they were found, beside what came of training them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from search.confirmed import CONFIRMS, Confirmed, columns, headings
from search.errors import NotBegun
from search.files import RunDirectory
from search.frame import confirmations_frame
from search.front import Front, flops_of, front_of
from search.objectives import Objective
from search.record.history import History
from search.record.reading import Reading
from search.tasks.named import AnyTask
from search.trial import Trial
from search.words import as_text, html_table, many, plain_table, short

if TYPE_CHECKING:
    import pandas as pd

INTERVALS = (
    "confirmed, test: mean over fresh seeds ± half of its 95 % interval (Student's t), on validation and test data"
)

NOT_CONFIRMED = "scores are as found, the best of many, and so too good: archsearch confirm measures them anew"


@dataclass(frozen=True)
class Confirmation:
    """The confirmed trials of a run, cheapest first; printed as a table of what was found and what was confirmed.

    Attributes:
        rows: the trials with a training at least.
        objectives: the objectives of the run.
        running: number of trainings that have not ended.
    """

    rows: tuple[Confirmed, ...]
    objectives: tuple[Objective, ...]
    running: int = 0

    @property
    def front(self) -> tuple[Confirmed, ...]:
        """The rows that no other beats in every objective, by mean score on *validation* data and by mean cost.

        Test data select nothing: of the confirmed front the test scores are only reported.
        """
        rows = {row.trial.number: row for row in self._scored}
        return tuple(rows[trial.number] for trial in self._expected)

    def optimism(self, score: str) -> float:
        """By how much a score was better as found than on test data, on average over the rows.

        Part of it is the luck of the best of many, part the difference of the data.
        """
        sign = next((-1 if not o.maximize else 1 for o in self.objectives if o.name == score), 1)
        return sign * fmean(row.trial.scores[score] - row.test(score).mean for row in self._scored)

    def row(self, number: int) -> Confirmed | None:
        """The row of the trial with this number; None if it has not been confirmed."""
        return next((row for row in self.rows if row.trial.number == number), None)

    @property
    def summary(self) -> str:
        """In sentences: how much was confirmed, how much too good what was found looked, and the confirmed front."""
        count = sum(len(row.again) for row in self.rows)
        found, again = many(len(self.rows), "trial"), many(count, "training")
        said = [f"{found} confirmed by {again} from fresh seeds{self._left}."]
        if self._scored:
            said += [self._optimism(score) for score in self._scores]
            which = "trials" if len(self.front) > 1 else "trial"
            said.append(f"The confirmed front, by validation data: {which} {_listed(self.front)}.")
        return " ".join(said)

    def __str__(self) -> str:
        return f"{as_text(plain_table(*self.table()))}\n\n{self.told}"

    __repr__ = __str__

    @property
    def told(self) -> str:
        """What the columns of the table are, and the summary."""
        return f"{INTERVALS}\n{self.summary}"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The names of the columns of the table, and its rows as text."""
        front, table = {row.trial.number for row in self.front}, []
        for row in self.rows:
            found = [f"{row.trial.scores[score]:.4f}" for score in self._scores]
            cost = row.expected.cost if row.scored else row.trial.cost
            last = [short(cost.flops if cost else 0), row.seeds, "yes" if row.trial.number in front else ""]
            table.append([str(row.trial.number), *found, *columns(row, self._scores), *last])
        found = [f"{score} found" for score in self._scores]
        return ["trial", *found, *headings(self._scores), "FLOPs", "seeds", "confirmed front"], table

    def to_html(self) -> str:
        """The table in HTML."""
        return html_table(*self.table())

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_frame(self) -> pd.DataFrame:
        """A data frame of pandas with a row for each training: its trial, its seed, its scores on either data.

        Raises:
            RunError: pandas is not installed.
        """
        return confirmations_frame(self.rows)

    @property
    def _scored(self) -> list[Confirmed]:
        return [row for row in self.rows if row.scored]

    @property
    def _expected(self) -> Front:
        return front_of([row.expected for row in self._scored], self.objectives)

    @property
    def _scores(self) -> list[str]:
        return [objective.name for objective in self.objectives if not objective.priced]

    @property
    def _left(self) -> str:
        return f" ({self.running} more to come: the same call goes on)" if self.running else ""

    def _optimism(self, score: str) -> str:
        found = fmean(row.trial.scores[score] for row in self._scored)
        tested = fmean(row.test(score).mean for row in self._scored)
        too_good = self.optimism(score)
        return (
            f"As found, {score} looked {abs(too_good):.4f} {'better' if too_good >= 0 else 'worse'} on average than "
            f"the same networks, trained anew, are on test data ({found:.4f} against {tested:.4f})."
        )


def confirmation_in(
    directory: RunDirectory, trials: History, objectives: Sequence[Objective], task: AnyTask | None = None
) -> Confirmation | None:
    """The confirmation of the run in a directory, whose history is given; None if nothing has been confirmed yet.

    Raises:
        RunError: its record cannot be read.
    """
    home = directory.confirmation
    if not home.record.exists():
        return None
    try:
        history = Reading(home, task).history
    except NotBegun:
        return None
    again: dict[int, list[Trial]] = {}
    for trial in history:
        if trial.state in ("scored", "failed"):
            again.setdefault(trial.notes[CONFIRMS], []).append(trial)
    rows = [Confirmed(trials[number], tuple(found)) for number, found in again.items() if number in trials]
    rows.sort(key=lambda row: (flops_of(row.trial), row.trial.number))
    running = sum(trial.state == "running" for trial in history)
    return Confirmation(tuple(rows), tuple(objectives), running) if rows or running else None


def _listed(rows: Sequence[Confirmed]) -> str:
    return ", ".join(str(row.trial.number) for row in rows)
