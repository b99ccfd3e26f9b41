"""Drawing candidates: the sampler proposes; what is ill-typed, over budget or known is redrawn, and costs nothing."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from functools import partial

import optuna
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, TrialState

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from archspec.graph.signal import SignalError
from archspec.schema.hole import Decision, Scalar
from search.candidate import ARCHITECTURE, COST, HASH, REJECTED, SEED, SLOT, Candidate, derived_seed
from search.objectives import Constraint
from search.record.directory import quietly
from spaces import Space

# Draws of the sampler before the space itself is looked through for a candidate.
MOST_DRAWS = 40
# Fillings then looked at: all of a space up to this size, else as many random ones.
MOST_LOOKED_AT = 5_000
TYPED, NEW = "fits together", "is new"


class Exhausted(RuntimeError):
    """No further candidate fits; the message says what stands in the way."""


class Drawing:
    """Draws new, well-typed candidates within the constraints, each in a trial of the study."""

    def __init__(
        self,
        study: optuna.Study,
        space: Space,
        constraints: Sequence[Constraint],
        seed: int,
        target: Target = "torch",
    ) -> None:
        self.study, self.space, self.constraints, self.seed = study, space, tuple(constraints), seed
        self.target = target
        self.rejected: Counter[str] = Counter()
        self._hashes: set[str] = set()
        self._attempts = 0

    def take_up(self, trial: FrozenTrial) -> None:
        """Take account of a trial that an earlier process drew, in the order drawn."""
        if ARCHITECTURE in trial.user_attrs:
            self._hashes.add(trial.user_attrs[HASH])
            self._attempts = 0
        elif REJECTED in trial.user_attrs:
            self._attempts += 1
            self.rejected[next(name for name, excess in trial.constraints.items() if excess > 0)] += 1
            if trial.state == TrialState.RUNNING:
                self._tell(trial.number, TrialState.PRUNED)
        elif trial.state == TrialState.RUNNING:
            # Killed while it was being drawn: it is drawn again with the same seed.
            self._tell(trial.number, TrialState.FAIL)

    def draw(self, slot: int) -> Candidate:
        """Draw until a candidate fits; every rejected draw is recorded with what it broke."""
        while True:
            if self._attempts == MOST_DRAWS:
                self._enqueue(slot)
            elif self._attempts > MOST_DRAWS:
                raise Exhausted(self._why_nothing())
            self.study.sampler = self._sampler(slot)
            trial = quietly(self.study.ask)
            architecture, _ = self.space.drawn(partial(_suggest, trial))
            cost, broken = self._examine(architecture)
            self._attempts += 1
            for name, excess in broken.items():
                trial.set_constraint(name, excess)
            violated = [name for name, excess in broken.items() if excess > 0]
            if not violated:
                return self._accept(trial, slot, architecture, cost)
            self.rejected[violated[0]] += 1
            trial.set_user_attr(SLOT, slot)
            trial.set_user_attr(REJECTED, self._reason(architecture, cost, violated[0]))
            self._tell(trial.number, TrialState.PRUNED)

    def _accept(self, trial: optuna.Trial, slot: int, architecture: Architecture, cost: Cost) -> Candidate:
        seed = derived_seed(self.seed, architecture.hash)
        record = {SLOT: slot, HASH: architecture.hash, COST: cost.quantities(), SEED: seed}
        for key, value in record.items():
            trial.set_user_attr(key, value)
        # Last: a trial that has its architecture is whole.
        trial.set_user_attr(ARCHITECTURE, json.dumps(architecture.to_data()))
        self._hashes.add(architecture.hash)
        self._attempts = 0
        return Candidate(trial.number, slot, architecture, cost, seed)

    def _examine(self, architecture: Architecture) -> tuple[Cost, dict[str, float]]:
        """Its cost, and by how much it breaks what a candidate must satisfy; at or below zero it does not."""
        try:
            cost = price(architecture, self.target)
        except SignalError:
            return Cost(), {TYPED: 1.0}
        excess = {TYPED: -1.0} | {str(c): c.excess(cost) for c in self.constraints}
        if all(x <= 0 for x in excess.values()):
            excess[NEW] = 1.0 if architecture.hash in self._hashes else -1.0
        return cost, excess

    def _reason(self, architecture: Architecture, cost: Cost, name: str) -> str:
        if name == TYPED:
            try:
                _ = architecture.graph
            except SignalError as error:
                return str(error)
        if name == NEW:
            return "the same architecture was drawn before"
        (constraint,) = [c for c in self.constraints if str(c) == name][:1]
        return f"breaks {constraint}: {100 * constraint.excess(cost):.0f} % over"

    def _enqueue(self, slot: int) -> None:
        """Look for a candidate without the sampler, and have it drawn next; Exhausted if there is none."""
        if self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            return  # found before the process was killed
        rng = random.Random(derived_seed(self.seed, f"look {slot}"))
        small = self.space.size() <= MOST_LOOKED_AT
        pool = self.space.enumerate() if small else (self.space.sample(rng) for _ in range(MOST_LOOKED_AT))
        in_the_way: Counter[str] = Counter()
        fitting = []
        for architecture in pool:
            _, broken = self._examine(architecture)
            violated = [name for name, excess in broken.items() if excess > 0]
            in_the_way.update(violated)
            if not violated:
                fitting.append(architecture)
        if not fitting:
            self.rejected = self.rejected or in_the_way
            raise Exhausted(self._why_nothing(in_the_way, all_seen=small))
        self.study.enqueue_trial(self.space.values_of(rng.choice(fitting)))

    def _why_nothing(self, in_the_way: Counter[str] | None = None, all_seen: bool = False) -> str:
        tally = in_the_way or self.rejected
        looked = "of all architectures of the space" if all_seen else f"of {MOST_LOOKED_AT:,} random architectures"
        names = {TYPED: "do not fit together", NEW: "were drawn before"} | {
            str(c): f"break {c}" for c in self.constraints
        }
        parts = ", ".join(f"{count:,} {names[name]}" for name, count in tally.most_common())
        mostly = tally.most_common(1)[0][0] if tally else TYPED
        remedy = {TYPED: "mend the space", NEW: "ask for fewer trials, or widen the space"}.get(
            mostly, "loosen that limit, or let the space hold smaller architectures"
        )
        return f"no further candidate: {looked} {parts}; {remedy}"

    def _sampler(self, slot: int) -> TPESampler:
        """A sampler whose draws depend on the seed and on what the study holds, and on nothing else."""
        seed = derived_seed(self.seed, f"{slot} {self._attempts}") % 2**32
        return quietly(TPESampler, seed=seed, multivariate=True, group=True, n_startup_trials=10)

    def _tell(self, number: int, state: TrialState) -> None:
        quietly(self.study.tell, number, state=state)


def _suggest(trial: optuna.Trial, name: str, hole: Decision) -> Scalar:
    return hole.suggested(trial, name)
