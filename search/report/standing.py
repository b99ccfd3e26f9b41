"""How far a search is, from what its history holds and what was measured in it."""

from __future__ import annotations

from statistics import fmean

from search.engine import Engine
from search.front import Front, front_of, smaller_is_better
from search.outcome import Outcome, Scored
from search.trial import Trial
from search.words import duration


class Standing:
    """The candidates, the epochs and the front of a search so far, and about how long it will take yet."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.front: Front = front_of(engine.history, engine.objectives)

    def take(self, trial: Trial, outcome: Outcome) -> bool:
        """Take account of an outcome; returns whether its trial is on the front now."""
        if not isinstance(outcome, Scored):
            return False
        self.front = front_of([*self.front, self.engine.history[trial.number]], self.engine.objectives)
        return trial in self.front

    @property
    def epochs(self) -> int:
        """Number of epochs trained in all."""
        return sum(max(trial.fidelity, len(trial.curve)) for trial in self.engine.history)

    @property
    def best(self) -> str | None:
        """The best trial in the first objective that is a score: `accuracy 0.9130 (trial 7)`; None if there is none."""
        objective = next((o for o in self.engine.objectives if not o.priced), None)
        if objective is None or not len(self.front):
            return None
        trial = min(self.front, key=lambda t: smaller_is_better(t, [objective]))
        return f"{objective.name} {_shown(trial, objective.name)} (trial {trial.number})"

    def left(self) -> float | None:
        """About how many seconds are left; None before the first outcome.

        It is the mean time of the candidates so far for each that is left, less the epochs that are done of those in
        training, shared by the workers.
        """
        outcomes = self.engine.history.outcomes.values()
        times = [outcome.seconds for outcome in outcomes if outcome.seconds > 0]
        waiting = self.engine.wanted - self.engine.finished
        if not times or waiting <= 0:
            return None
        lengths = [outcome.epochs for outcome in outcomes if isinstance(outcome, Scored) and outcome.epochs]
        training = [len(trial.curve) for trial in self.engine.history if trial.state == "running"]
        done = sum(min(1.0, epochs / fmean(lengths)) for epochs in training) if lengths else 0.0
        return fmean(times) * max(0.0, waiting - done) / min(self.engine.workers, waiting)

    def __str__(self) -> str:
        left = self.left()
        parts = [f"{self.epochs} epochs", self.best and f"best {self.best}", f"{len(self.front)} on the front"]
        return " · ".join(filter(None, [*parts, f"about {duration(left)} left" if left is not None else None]))


def _shown(trial: Trial, score: str) -> str:
    """A score of a trial as text."""
    return f"{trial.scores[score]:.4f}" if score in trial.scores else "?"
