"""Tree-structured Parzen estimators, by Optuna: multivariate, over the groups of parameters that are active together.

Watanabe, "Tree-Structured Parzen Estimator", 2023, arXiv 2304.11127.
"""

from __future__ import annotations

from collections.abc import Sequence

import optuna
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from search.events import Event
from search.objectives import Objective
from search.record.history import History
from search.record.studies import STATE, Translation, quietly
from search.strategies.strategy import Budget, Proposal
from spaces import Space

# Draws that are random before the estimators are used; rejected ones count.
STARTUP = 10


class Tpe:
    """Learns which values are found in the better trials, and in those that no limit rejected.

    It keeps the run as an Optuna study in memory. What it draws depends on that study and the budget's seed alone.
    Trials in training count as bad ones, so that workers do not all try the same; of these Optuna looks at what it
    drew for parameters that turned out to be inactive, too; that is saved as their notes.
    """

    name = "tpe"

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self.space = space
        self.translation = Translation(space, objectives)
        self.study = quietly(optuna.create_study, directions=self.translation.directions)
        # The number in the study of each trial of the run, and those whose outcome it has not been told.
        self._numbers: dict[int, int] = {}
        self._open: list[int] = []

    def propose(self, history: History, budget: Budget) -> Proposal:
        """Values drawn by a fresh sampler over all that is known."""
        self._learn(history)
        self.study.sampler = quietly(
            TPESampler, seed=budget.seed % 2**32, multivariate=True, group=True, n_startup_trials=STARTUP
        )
        trial = quietly(self.study.ask)
        _, values = self.space.drawn(lambda name, hole: hole.suggested(trial, name))
        # The engine has yet to number it: here it counts for nothing, and comes back with the history.
        asked = quietly(self.study.tell, trial, state=TrialState.FAIL)
        return Proposal(values, notes=asked.system_attrs)

    def observe(self, event: Event) -> None:
        """Nothing: the history that comes with the next proposal tells it."""

    def _learn(self, history: History) -> None:
        for number in list(self._open):
            if (trial := history[number]).state != "running":
                state = STATE[trial.state]
                quietly(self.study.tell, self._numbers[number], self.translation.values(trial), state)
                self._open.remove(number)
        for trial in history:
            if trial.number not in self._numbers:
                self.study.add_trial(self.translation.trial(trial, trial.notes))
                self._numbers[trial.number] = len(self.study.get_trials(deepcopy=False)) - 1
                if trial.state == "running":
                    self._open.append(trial.number)
