"""The strategy `front` as a sampler for Optuna studies of people's own."""

from __future__ import annotations

import math
import random
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from archspec.schema.hole import Scalar
from search.errors import Exhausted
from search.events import Finished, Proposed, Rejected
from search.objectives import Constraint, Objective, Score
from search.outcome import Failed, Outcome, Scored
from search.record.history import History
from search.seeds import derived_seed
from search.stated import stated_constraints, stated_objectives
from search.strategies.front import FrontStrategy
from search.strategies.pool import kept
from search.strategies.strategy import ENDLESS, MOST_DRAWS, Budget
from search.trial import Trial
from spaces import Space

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


class FrontSampler(BaseSampler):
    """Samples the architectures by which the front of a study is expected to grow most, as their costs are known.

    A trial with an infinite value counts as failed. No architecture is sampled twice, in other words neither, before
    all within the limits were; then some are sampled again. Other parameters that the objective function suggests are
    random. What is sampled follows from the study's trials and the seed, so that another process, or a later one, may
    go on with a new sampler.

        sampler = FrontSampler(space)
        study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)

        def objective(trial):
            architecture = sampler.suggest(trial)
            return accuracy_of(architecture), price(architecture).flops

        study.optimize(objective, n_trials=40)

    Args:
        space: the space.
        objectives: what the objective function returns, in that order; a study's directions must be theirs.
        constraints: limits on costs; nothing over a limit is sampled.
        seed: seed of all that is random.
        target: what costs are computed for.
        design: number of architectures that are spread over the space before the model is used.
        explore: share of the later ones that are as far as possible from all earlier ones.

    Raises:
        ValueError: an objective or a constraint cannot be read, or no objective is a score.
    """

    def __init__(
        self,
        space: Space,
        objectives: Sequence[str | Objective] = ("maximize accuracy", "minimize flops"),
        constraints: Sequence[str | Constraint] = (),
        seed: int = 0,
        target: Target = "torch",
        design: int = 6,
        explore: float = 0.05,
    ) -> None:
        if not isinstance(space, Space):
            raise ValueError("the first argument of FrontSampler is a Space: Space(Architecture(...))")
        self.space, self.seed, self.target = space, seed, target
        self.objectives, self.limits = stated_objectives(objectives), stated_constraints(constraints)
        if other := next((limit for limit in self.limits if limit.whole), None):
            raise ValueError(f"FrontSampler takes limits on costs, and {other} is none; keep it in your own objective")
        if all(objective.priced for objective in self.objectives):
            raise ValueError("at least one objective is a score, such as 'maximize accuracy'")
        self._names = {parameter.name for parameter in space.parameters()}
        # What the objective function returns is the value, whatever it was computed from.
        returned = [o if o.priced else Score(o.name, o.maximize) for o in self.objectives]
        self._strategy = FrontStrategy(space, returned, design=design, pause=1, explore=explore)
        self._budget = Budget(0, ENDLESS, 0, 1, 0, seed, self.limits, target)
        self._others = RandomSampler(seed=seed % 2**32)
        # The values of the trials that the strategy was told of, and the numbers of those whose outcome it was told.
        self._begun: dict[int, Mapping[str, Scalar]] = {}
        # The hashes of their architectures; and the fillings of the space that are known, by their cost.
        self._known: set[str] = set()
        self._alike: dict[Cost, list[Mapping[str, Scalar]]] | None = None
        self._told: set[int] = set()
        self._foreign: dict[int, str] = {}  # why finished trials are not of the space
        self._sampled: dict[int, dict[str, Scalar]] = {}
        self._lock = threading.Lock()  # a study may run its objective function in several threads

    def __getstate__(self) -> dict[str, Any]:
        """All but the lock: a sampler may be kept beside its study, or sent to another process."""
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def __repr__(self) -> str:
        return (
            f"FrontSampler({self.space!r}, {', '.join(map(str, (*self.objectives, *self.limits)))}, seed={self.seed})"
        )

    def suggest(self, trial: optuna.Trial) -> Architecture:
        """The architecture of a trial of the study."""
        return self.space.drawn(lambda name, hole: hole.suggested(trial, name))[0]

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Learn from the trials so far, and choose the values of this one."""
        self._check(study)
        with self._lock:
            self._learn(study, trial.number)
            self._sampled[trial.number] = self._chosen(trial.number)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """None: all values were chosen before the trial."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """None: all values were chosen before the trial."""
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The value that was chosen; a random one of a parameter that is not of the space."""
        chosen = self._sampled.get(trial.number, {})
        if param_name in chosen:
            return chosen[param_name]
        return self._others.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Forget the values that were chosen."""
        self._sampled.pop(trial.number, None)

    def reseed_rng(self) -> None:
        """Other random numbers for parameters that are not of the space, in another process."""
        self._others.reseed_rng()

    def _check(self, study: optuna.Study) -> None:
        known = [direction.name.lower() for direction in study.directions]
        wanted = ["maximize" if objective.maximize else "minimize" for objective in self.objectives]
        if known != wanted:
            raise ValueError(
                f"the directions of the study are {', '.join(known)}, those of FrontSampler's objectives "
                f"{', '.join(wanted)}: create the study with directions={wanted}"
            )

    def _chosen(self, number: int) -> dict[str, Scalar]:
        """The values for a trial; Exhausted if none was found within the limits."""
        for attempt in range(MOST_DRAWS):
            seed = derived_seed(self.seed, f"{number} {attempt}" if attempt else str(number))
            budget = replace(self._budget, slot=number, attempt=attempt, seed=seed)
            values = dict(self._strategy.propose(History(), budget).values)
            if self._within_limits(values) and self.space.fill(values).hash not in self._known:
                return values
        known = [values for alike in self._fillings().values() for values in alike]
        if not known:
            keeps = f" and keeps {', '.join(map(str, self.limits))}" if self.limits else ""
            raise Exhausted(f"none was found that fits together{keeps}; loosen the limits, or widen the space")
        new = [values for values in known if self.space.fill(values).hash not in self._known]
        return dict(random.Random(derived_seed(self.seed, f"{number} again")).choice(new or known))

    def _fillings(self) -> dict[Cost, list[Mapping[str, Scalar]]]:
        """Fillings within the limits, by their cost: those that the strategy chooses from."""
        if self._alike is None:
            self._alike = {}
            for values, cost, _ in kept(self.space, self._budget):
                self._alike.setdefault(cost, []).append(values)
        return self._alike

    def _within_limits(self, values: Mapping[str, Scalar]) -> bool:
        try:
            cost = price(self.space.fill(values), self.target)
        except ValueError:  # its blocks do not fit together
            return False
        return all(limit.excess(cost) <= 0 for limit in self.limits)

    def _learn(self, study: optuna.Study, number: int) -> None:
        """Tell the strategy of the trials before this one: of those in training, and of all that are new since."""
        known = len(self._foreign)
        for trial in study.get_trials(deepcopy=False):
            if trial.number >= number or trial.number in self._told:
                continue
            if trial.number not in self._begun or trial.state in FINISHED:
                self._begin(trial)
            if trial.state in FINISHED:
                self._told.add(trial.number)
                self._strategy.observe(Finished(trial.number, self._outcome(trial)))
        if len(self._foreign) > known:
            first = next(iter(self._foreign))
            warnings.warn(
                f"{len(self._foreign)} finished trials of the study are not of the space, and FrontSampler learns "
                f"nothing from them; trial {first}: {self._foreign[first]}",
                stacklevel=2,
            )

    def _begin(self, trial: FrozenTrial) -> None:
        values: Mapping[str, Scalar] = {name: value for name, value in trial.params.items() if name in self._names}
        if trial.state not in FINISHED:  # a trial that was enqueued may have other values in the end
            values = self._sampled.get(trial.number, values)
        if self._begun.get(trial.number) == values:
            return
        try:
            architecture = self.space.fill(values)
            cost = price(architecture, self.target)
        except ValueError as error:
            # Of another process, which has not suggested all values yet; or no architecture of the space.
            if trial.state == TrialState.COMPLETE:
                self._foreign[trial.number] = str(error)
            return
        self._strategy.observe(Proposed(Trial(trial.number, trial.number, values, cost=cost)))
        self._begun[trial.number] = values
        if architecture.hash in self._known:
            return
        self._known.add(architecture.hash)
        for other in self._fillings().get(cost, ()):
            if other != values and self.space.fill(other).hash == architecture.hash:  # the same in other words
                self._strategy.observe(Rejected(Trial(trial.number, trial.number, other, state="rejected")))

    def _outcome(self, trial: FrozenTrial) -> Outcome:
        if trial.state != TrialState.COMPLETE:
            return Failed("it was not finished")
        scores = {o.name: v for o, v in zip(self.objectives, trial.values, strict=True) if not o.priced}
        if not all(map(math.isfinite, scores.values())):
            return Failed("a value is infinite")
        return Scored(scores, epochs=1)
