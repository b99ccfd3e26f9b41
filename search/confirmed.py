"""A trial that was confirmed: trained again from fresh seeds, each network scored once on the test data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean

from archspec.graph.cost import Cost
from search.errors import RunError
from search.estimate import Estimate
from search.trial import Trial

# What stands before the name of a score on the test data.
TEST = "test "
# What is noted of each training: the number of the trial that it confirms, and which of its seeds it has.
CONFIRMS, INDEX = "confirms", "index"


@dataclass(frozen=True)
class Confirmed:
    """What came of training a trial's architecture again.

    Attributes:
        trial: the trial as the search found it.
        again: a trial for each fresh seed, scored or failed; `again[0].model()` is the network. Its scores are those on
            validation data, and those on test data by names such as `test accuracy`.
    """

    trial: Trial
    again: tuple[Trial, ...]

    @property
    def scored(self) -> tuple[Trial, ...]:
        """The trainings that did not fail."""
        return tuple(trial for trial in self.again if trial.state == "scored")

    def validation(self, score: str) -> Estimate:
        """A score on the validation data, which chose the epoch of each network but no seed; RunError if none has it.

        It is comparable with what the search found, without the luck of the best of many.
        """
        values = tuple(trial.scores[score] for trial in self.scored if score in trial.scores)
        if not values:
            raise RunError(f"trial {self.trial.number} has not been confirmed for {score}; confirm it from other seeds")
        return Estimate(values)

    def test(self, score: str) -> Estimate:
        """A score on the test data, which chose nothing; RunError if no training has it."""
        return self.validation(TEST + score)

    @property
    def expected(self) -> Trial:
        """The trial with its mean scores on validation data and its mean cost: what a front of confirmed trials is of.

        The cost is another one than was found where windows or elements are learned.
        """
        names = [name for name in self.scored[0].scores if not name.startswith(TEST)]
        costs = [(trial.cost or Cost()).quantities() for trial in self.scored]
        quantities = {name: round(mean(cost[name] for cost in costs)) for name in costs[0] if name != "flops"}
        scores = {name: self.validation(name).mean for name in names}
        return replace(self.trial, scores=scores, cost=Cost(**quantities))

    @property
    def seeds(self) -> str:
        """How many trainings there are, as text: `3`, or `2 of 3` if one failed."""
        scored = len(self.scored)
        return str(scored) if scored == len(self.again) else f"{scored} of {len(self.again)}"


def columns(confirmed: Confirmed | None, scores: Sequence[str]) -> list[str]:
    """The cells of a table for each score: confirmed on validation data, then on test data; empty if there is none."""
    if confirmed is None or not confirmed.scored:
        return [""] * (2 * len(scores))
    return [str(of(score)) for score in scores for of in (confirmed.validation, confirmed.test)]


def headings(scores: Sequence[str]) -> list[str]:
    """The headings of `columns`."""
    return [f"{score} {what}" for score in scores for what in ("confirmed", "test")]
