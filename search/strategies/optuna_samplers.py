"""Optuna's samplers behind one adapter: estimators of densities, NSGA-II and a Gaussian process."""

from __future__ import annotations

import math
import random
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import optuna
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from search.events import Event
from search.objectives import Objective
from search.ranks import best_first
from search.record.history import History
from search.record.studies import STATE, Translation, quietly
from search.strategies.kept import Kept
from search.strategies.strategy import Budget, Proposal
from search.trial import NEW, TYPED, Trial
from spaces import Space

# Number of random draws before the estimators are used; rejected draws count.
STARTUP = 10
# Number of trials of a generation of NSGA-II, and of their parents.
POPULATION = 20


class OptunaSampler:
    """The run as an Optuna study in memory, and a sampler of Optuna's that draws from it.

    A draw depends on that study and the budget's seed alone. The study holds all draws of the run up to 500, then 400
    to 500 of them (see `Kept`), because samplers take longer the more there are. Optuna also reads what its samplers
    stored with their draws, such as the values of parameters that were not active in the end; they are the notes.
    """

    name: ClassVar[str]
    # After so many rejected proposals for a slot, further ones are drawn at random.
    patience: ClassVar[float] = math.inf

    def __init__(self, space: Space, objectives: Sequence[Objective]) -> None:
        self.space = space
        self.translation = Translation(space, objectives)
        self.kept = Kept(objectives)
        self._begin()

    @abstractmethod
    def sampler(self, seed: int) -> BaseSampler:
        """A new sampler with a seed from 0 to 2³² − 1."""

    def propose(self, history: History, budget: Budget) -> Proposal:
        """Values drawn by a new sampler, seeded with the budget's seed, from the study of all that is kept."""
        if budget.attempt >= self.patience:
            return Proposal(self.space.random_values(random.Random(budget.seed)))
        self._learn()
        self.study.sampler = quietly(self.sampler, budget.seed % 2**32)
        trial = quietly(self.study.ask)
        _, values = self.space.drawn(lambda name, hole: hole.suggested(trial, name))
        # The engine numbers the trial later, and `_learn` adds it when it is drawn: the study must not count it now.
        asked = quietly(self.study.tell, trial, state=TrialState.FAIL)
        return Proposal(values, notes=asked.system_attrs)

    def observe(self, event: Event) -> None:
        """Keep what was drawn and told."""
        self.kept.observe(event)

    def frozen(self, trial: Trial) -> FrozenTrial:
        """A trial of the run as the study holds it."""
        return self.translation.trial(trial, trial.notes)

    def _begin(self) -> None:
        """Begin an empty study."""
        self._forgot = self.kept.forgot
        self.study = quietly(optuna.create_study, directions=self.translation.directions)
        # The number in the study of each trial, by its number in the run.
        self._numbers: dict[int, int] = {}
        # The numbers in the run of the trials whose outcome the study has not been told.
        self._open: list[int] = []

    def _learn(self) -> None:
        """Add new trials, and new outcomes, to the study; begin it again where some were forgotten."""
        if self._forgot != self.kept.forgot:
            self._begin()
        for number in list(self._open):
            if (trial := self.kept.trials[number]).state != "running":
                state = STATE[trial.state]
                quietly(self.study.tell, self._numbers[number], self.translation.values(trial), state)
                self._open.remove(number)
        for trial in self.kept.trials.values():
            if trial.number not in self._numbers:
                self.study.add_trial(self.frozen(trial))
                self._numbers[trial.number] = len(self.study.get_trials(deepcopy=False)) - 1
                if trial.state == "running":
                    self._open.append(trial.number)


class Tpe(OptunaSampler):
    """Prefers values that are frequent in the better trials, and in those within the constraints.

    Tree-structured Parzen estimators (Watanabe 2023, arXiv 2304.11127): multivariate, one for each group of parameters
    that are active together. Trials in training count as bad ones, so that workers do not all try the same.
    """

    name = "tpe"

    def sampler(self, seed: int) -> BaseSampler:
        """A new sampler with a seed from 0 to 2³² − 1."""
        return TPESampler(seed=seed, multivariate=True, group=True, n_startup_trials=STARTUP)


class Nsga2(OptunaSampler):
    """Crosses the best 20 trials of all generations before: NSGA-II (Deb et al. 2002), 20 trials a generation.

    Constraints on costs have no effect, as what breaks them is never scored; networks that were scored and break one
    come after all others. Values of conditional parameters are random.
    """

    name = "nsga2"

    def sampler(self, seed: int) -> BaseSampler:
        """A new sampler with a seed from 0 to 2³² − 1."""
        return _Generations(population_size=POPULATION, seed=seed)


class _Generations(NSGAIISampler):
    """Optuna's, whose parents follow from the trials in the study alone: its own are those when it was first asked."""

    def get_parent_population(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        """The best 20 trials outside of this generation: by excess over limits, then by rank and crowding distance."""
        if generation == 0:
            return []
        own = {trial.number for trial in self.get_population(study, generation)}
        known = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        others = [trial for trial in known if trial.number not in own]
        signs = [-1 if way == optuna.study.StudyDirection.MAXIMIZE else 1 for way in study.directions]
        values = np.array([trial.values for trial in others]) * signs
        best = [others[i] for i in best_first(values)]
        return sorted(best, key=lambda trial: max(0.0, *trial.constraints.values()))[:POPULATION]


class Gp(OptunaSampler):
    """Draws where a Gaussian process expects the largest gain in hypervolume, or of one objective: Optuna's GPSampler.

    Objectives and constraints are each a process over the parameters that are always active; other parameters are
    random. What is rejected teaches it nothing, so that after three rejected proposals for a slot the next are random.
    A proposal takes seconds, and longer with many trials.
    """

    name = "gp"
    patience = 3

    def sampler(self, seed: int) -> BaseSampler:
        """A new sampler with a seed from 0 to 2³² − 1."""
        return GPSampler(seed=seed, n_startup_trials=STARTUP, warn_independent_sampling=False)

    def frozen(self, trial: Trial) -> FrozenTrial:
        """The trial without the conditions that are no constraints: they are the same for all scored trials."""
        limits = {name: by for name, by in trial.excess.items() if name not in (TYPED, NEW)}
        return super().frozen(replace(trial, excess=limits))
