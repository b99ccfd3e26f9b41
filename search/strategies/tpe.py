"""Tree-structured Parzen estimators of Optuna: multivariate, one for each group of parameters that are active together.

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

# Number of random draws before the estimators are used; rejected draws count.
STARTUP = 10


class Tpe:
    """Prefers values that are frequent in the better trials, and in those within the constraints.

    It has the run as an Optuna study in memory. A draw depends on that study and the budget's seed alone. Trials in
    training count as bad ones, so that workers do not all try the same. For these Optuna also reads the values that it
    drew for parameters that were not active in the end; they are stored as the trials' notes.
    """

    name = "tpe"

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self.space = space
        self.translation = Translation(space, objectives)
        self.study = quietly(optuna.create_study, directions=self.translation.directions)
        # The number in the study of each trial, by its number in the run.
        self._numbers: dict[int, int] = {}
        # The numbers in the run of the trials whose outcome the study has not been told.
        self._open: list[int] = []

    def propose(self, history: History, budget: Budget) -> Proposal:
        """Values drawn by a new sampler, seeded with the budget's seed, from the study of all trials."""
        self._learn(history)
        self.study.sampler = quietly(
            TPESampler, seed=budget.seed % 2**32, multivariate=True, group=True, n_startup_trials=STARTUP
        )
        trial = quietly(self.study.ask)
        _, values = self.space.drawn(lambda name, hole: hole.suggested(trial, name))
        # The engine numbers the trial later, and `_learn` adds it from the history: the study must not count it now.
        asked = quietly(self.study.tell, trial, state=TrialState.FAIL)
        return Proposal(values, notes=asked.system_attrs)

    def observe(self, event: Event) -> None:
        """Does nothing: `propose` learns from the history."""

    def _learn(self, history: History) -> None:
        """Add the history's new trials, and new outcomes, to the study."""
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
