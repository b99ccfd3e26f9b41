"""The engine: passive, asked for candidates and told what came of them. Backends pull."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from archspec.architecture import Architecture, price
from archspec.cost import Cost
from archspec.hole import Choice, Hole, Integer, Real, Scalar
from archspec.signal import SignalError
from search.objectives import Constraint, Objective
from search.outcome import Failed, Outcome, Scored, from_record, to_record
from search.store import quietly
from spaces import Space

# Draws of the sampler before the engine looks for a candidate itself.
MOST_DRAWS = 40
# Fillings it then looks at: all of a space up to this size, else as many random ones.
MOST_LOOKED_AT = 5_000
# What a trial's record in the study is called.
SLOT, ARCHITECTURE, HASH, COST, SEED, OUTCOME, REJECTED = "slot", "architecture", "hash", "cost", "seed", "outcome", "rejected"


class Exhausted(RuntimeError):
    """No further candidate fits; the message says what stands in the way."""


@dataclass(frozen=True)
class Candidate:
    """A filled architecture with its cost. `slot` counts candidates, `number` all draws, rejected ones too."""

    number: int
    slot: int
    architecture: Architecture
    cost: Cost
    seed: int


class Engine:
    """Draws well-typed, new candidates within the constraints, and records what comes of them.

    With `lag` workers candidate i is chosen from the outcomes of candidates up to i − lag, whatever else has finished:
    same seed and same number of workers, same candidates. Everything is in the study: an engine over the study of one
    that was killed goes on where it was, first with the candidates whose outcome was never told.
    """

    def __init__(
        self, study: optuna.Study, space: Space, objectives: Sequence[Objective], constraints: Sequence[Constraint],
        trials: int, seed: int, lag: int = 1,
    ) -> None:
        self.study, self.space = study, space
        self.objectives, self.constraints = tuple(objectives), tuple(constraints)
        self.trials, self.seed, self.lag = trials, seed, lag
        self.exhausted: str | None = None
        self.rejected: Counter[str] = Counter()
        self._asked: list[Candidate] = []
        self._outcomes: dict[int, Outcome] = {}
        self._final: set[int] = set()
        self._again: list[Candidate] = []
        self._hashes: set[str] = set()
        self._attempts = 0
        self._recover()

    @property
    def finished(self) -> int:
        """Number of candidates whose outcome is known."""
        return len(self._outcomes)

    @property
    def done(self) -> bool:
        """Whether every candidate has been asked for and told."""
        return self.finished >= self.wanted

    @property
    def all_asked(self) -> bool:
        """Whether no candidate is left to ask for."""
        return not self._again and len(self._asked) >= self.wanted

    @property
    def wanted(self) -> int:
        """Number of candidates there will be."""
        return len(self._asked) if self.exhausted else max(self.trials, len(self._asked))

    def ask(self) -> Candidate | None:
        """The next candidate; None when none is left, or while it still depends on an outcome not told.

        Raises:
            Exhausted: not one candidate fits, so that there is nothing to search.
        """
        if self._again:
            return self._again.pop(0)
        slot = len(self._asked)
        if slot >= self.trials or self.exhausted or (slot >= self.lag and slot - self.lag not in self._outcomes):
            return None
        self._settle(slot - self.lag)
        try:
            candidate = self._draw(slot)
        except Exhausted as reason:
            self.exhausted = str(reason)
            if not self._asked:
                raise
            return None
        self._asked.append(candidate)
        return candidate

    def stop(self, reason: str) -> None:
        """Hand out no further candidates; those in training are still told."""
        self.exhausted = self.exhausted or reason

    def tell(self, candidate: Candidate, outcome: Outcome) -> None:
        """Record what came of a candidate, durably, before anything else happens; a second telling is ignored."""
        if candidate.slot in self._outcomes:
            return
        self.study._storage.set_trial_user_attr(self._trial_id(candidate), OUTCOME, to_record(outcome))
        self._outcomes[candidate.slot] = outcome
        if self.done:
            self._settle(len(self._asked) - 1)

    def _settle(self, last: int) -> None:
        """Give the sampler the outcomes up to candidate `last`, in order."""
        for slot in range(last + 1):
            if slot in self._final:
                continue
            candidate, outcome = self._asked[slot], self._outcomes[slot]
            if isinstance(outcome, Scored):
                values = [o.told(candidate.cost, outcome.scores) for o in self.objectives]
                quietly(lambda n=candidate.number, v=values: self.study.tell(n, v))  # type: ignore[misc]
            else:
                state = TrialState.FAIL if isinstance(outcome, Failed) else TrialState.PRUNED
                quietly(lambda n=candidate.number, s=state: self.study.tell(n, state=s))  # type: ignore[misc]
            self._final.add(slot)

    def _draw(self, slot: int) -> Candidate:
        """Draw until a candidate fits; every rejected draw is recorded with what it broke."""
        while True:
            if self._attempts == MOST_DRAWS:
                self._enqueue(slot)
            elif self._attempts > MOST_DRAWS:
                raise Exhausted(self._why_nothing())
            self.study.sampler = self._sampler(slot)
            trial = quietly(self.study.ask)
            architecture, _ = self.space.drawn(lambda name, hole, trial=trial: _suggest(trial, name, hole))  # type: ignore[misc]
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
            quietly(lambda number=trial.number: self.study.tell(number, state=TrialState.PRUNED))  # type: ignore[misc]

    def _accept(self, trial: optuna.Trial, slot: int, architecture: Architecture, cost: Cost) -> Candidate:
        seed = _derived(self.seed, architecture.hash)
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
            cost = price(architecture)
        except SignalError:
            return Cost(), {"typed": 1.0}
        excess = {"typed": -1.0} | {c.name: c.excess(cost) for c in self.constraints}
        if all(x <= 0 for x in excess.values()):
            excess["new"] = 1.0 if architecture.hash in self._hashes else -1.0
        return cost, excess

    def _reason(self, architecture: Architecture, cost: Cost, name: str) -> str:
        if name == "typed":
            try:
                _ = architecture.graph
            except SignalError as error:
                return str(error)
        if name == "new":
            return "the same architecture was drawn before"
        (constraint,) = [c for c in self.constraints if c.name == name][:1]
        return f"breaks {constraint}: {100 * constraint.excess(cost):.0f} % over"

    def _enqueue(self, slot: int) -> None:
        """Look for a candidate without the sampler, and have it drawn next; Exhausted if there is none."""
        rng = random.Random(_derived(self.seed, f"look {slot}"))
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
        names = {"typed": "do not fit together", "new": "were drawn before"} | {c.name: f"break {c}" for c in self.constraints}
        parts = ", ".join(f"{count:,} {names[name]}" for name, count in tally.most_common())
        mostly = tally.most_common(1)[0][0] if tally else "typed"
        remedy = {"typed": "mend the space", "new": "ask for fewer trials, or widen the space"}.get(
            mostly, "loosen that limit, or let the space hold smaller architectures")
        return f"no further candidate: {looked} {parts}; {remedy}"

    def _sampler(self, slot: int) -> TPESampler:
        """A sampler whose draws depend on the seed and on what the study holds, and on nothing else."""
        seed = _derived(self.seed, f"{slot} {self._attempts}") % 2**32
        return quietly(lambda: TPESampler(seed=seed, multivariate=True, group=True, n_startup_trials=10))  # type: ignore[no-any-return]

    def _recover(self) -> None:
        """Take up the study as it was left."""
        for trial in self.study.get_trials(deepcopy=False):
            attrs = trial.user_attrs
            if REJECTED in attrs:
                self.rejected["earlier"] += 1
            if ARCHITECTURE in attrs:
                candidate = candidate_of(trial)
                self._asked.append(candidate)
                self._hashes.add(attrs[HASH])
                self._attempts = 0
                if trial.state.is_finished():
                    self._final.add(candidate.slot)
                if OUTCOME in attrs:
                    self._outcomes[candidate.slot] = from_record(attrs[OUTCOME])
                else:
                    self._again.append(candidate)
            elif trial.state == TrialState.PRUNED:
                self._attempts += 1
            elif trial.state == TrialState.RUNNING:
                # Killed while it was being drawn: it is drawn again with the same seed.
                quietly(lambda number=trial.number: self.study.tell(number, state=TrialState.FAIL))  # type: ignore[misc]
        if self.done:
            self._settle(len(self._asked) - 1)

    def _trial_id(self, candidate: Candidate) -> int:
        return self.study._storage.get_trial_id_from_study_id_trial_number(self.study._study_id, candidate.number)


def candidate_of(trial: optuna.trial.FrozenTrial) -> Candidate:
    """The candidate a trial of the study records."""
    attrs: dict[str, Any] = trial.user_attrs
    cost = Cost(**{key: value for key, value in attrs[COST].items() if key != "flops"})
    architecture = Architecture.from_data(json.loads(attrs[ARCHITECTURE]))
    return Candidate(trial.number, attrs[SLOT], architecture, cost, attrs[SEED])


def _suggest(trial: optuna.Trial, name: str, hole: Hole) -> Scalar:
    match hole:
        case Choice():
            return trial.suggest_categorical(name, hole.labels)
        case Integer():
            return trial.suggest_int(name, hole.low, hole.high, step=hole.step, log=hole.log)
        case Real():
            return trial.suggest_float(name, hole.low, hole.high, log=hole.log)
        case _:
            raise AssertionError(hole)


def _derived(seed: int, what: str) -> int:
    """A seed of 63 bits that depends on nothing but these."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {what}".encode(), digest_size=8).digest()) >> 1
