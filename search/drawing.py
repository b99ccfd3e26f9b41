"""Drawing candidates: proposals that are ill-typed, over a limit or duplicates are rejected before any training."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from archspec.architecture import Architecture, price
from archspec.graph.cost import Cost
from archspec.graph.signal import SignalError
from archspec.schema.hole import Scalar
from search.constraints import broken
from search.errors import Exhausted as Exhausted
from search.errors import RunError, named
from search.events import Event, Proposed, Rejected
from search.feasible import LOOSEN, least, remedy
from search.objectives import Constraint
from search.record.history import History
from search.seeds import derived_seed
from search.strategies.strategy import MOST_DRAWS, RESUMES, Budget, Proposal, Strategy
from search.trial import NEW, TYPED, Trial
from spaces import Space

# How many fillings are then examined: all fillings of a space up to this size, otherwise as many random ones.
MOST_LOOKED_AT = 5_000


class Drawing:
    """Draws candidates that are well-typed, new and within the constraints.

    Args:
        strategy: proposes the values.
        space: the space.
        budget: what the strategy is told of every slot; all seeds follow from its `run_seed`.
        settings: names of the parameters that are settings of the training: candidates that differ in these alone are
            no duplicates.
        designs: what is proposed for the first slots, as plain data (see `search.record.history.Settings`).
    """

    def __init__(
        self,
        strategy: Strategy,
        space: Space,
        budget: Budget,
        settings: Collection[str] = (),
        designs: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.strategy, self.space, self.budget = strategy, space, budget
        self.settings, self.designs = tuple(settings), designs
        self.seed, self.constraints, self.target = budget.run_seed, tuple(budget.limits), budget.target
        self.rejected: Counter[str] = Counter()
        self._known: set[tuple[Scalar, ...]] = set()
        self._attempts = 0
        # The least excess met, by the name of the condition.
        self._least: dict[str, float] = {}

    def observe(self, event: Event) -> None:
        """Take account of a draw: count it if it was rejected; draw no duplicate of it if it was proposed."""
        if isinstance(event, Proposed):
            self._known.add(self._key(event.trial.hash, event.trial.epochs, event.trial.values))
            self._attempts = 0
        elif isinstance(event, Rejected):
            self._attempts += 1
            self.rejected[_violated(event.trial.excess)[0]] += 1

    def draw(self, slot: int, number: int, history: History) -> Iterator[Rejected | Proposed]:
        """Draws for a slot, with trial numbers from `number` on: rejected ones, and last a candidate.

        The caller passes each draw to `observe` before it takes the next.

        Raises:
            Exhausted: no candidate is left.
        """
        while True:
            event = self._event(self._proposal(slot, history), slot, number, history)
            yield event
            if isinstance(event, Proposed):
                return
            number += 1

    def _proposal(self, slot: int, history: History) -> Proposal:
        if self._attempts > MOST_DRAWS:
            raise Exhausted(self._explanation())
        if slot < len(self.designs) and not self._attempts:
            return Proposal(self.designs[slot]["values"])
        seed = derived_seed(self.seed, f"{slot} {self._attempts}")
        budget = replace(self.budget, slot=slot, attempt=self._attempts, seed=seed)
        with named(f"the strategy {self.strategy.name}", RESUMES):
            proposal = self.strategy.propose(history, budget)
        if not isinstance(proposal, Proposal):
            raise RunError(f"the strategy {self.strategy.name} must return a Proposal(values), not {proposal!r}")
        if self._attempts < MOST_DRAWS:
            return proposal
        return replace(proposal, values=self._found_in_space(slot, proposal.fidelity))

    def _event(self, proposal: Proposal, slot: int, number: int, history: History) -> Rejected | Proposed:
        try:
            architecture = self.space.fill(proposal.values)
        except ValueError as error:
            raise RunError(
                f"the strategy {self.strategy.name} proposes values that are not of the space: {error}"
            ) from None
        cost, excess = self._examine(architecture, proposal.fidelity, proposal.values)
        excess |= {} if _violated(excess) else self._measured(architecture, cost)
        design = self.designs[slot] if slot < len(self.designs) and not self._attempts else {}
        trial = Trial(
            number,
            slot,
            proposal.values,
            epochs=proposal.fidelity,
            parent=proposal.parent,
            notes=proposal.notes,
            excess=excess,
            source=design.get("source"),
        )
        if violated := _violated(excess):
            reason = self._reason(architecture, excess, violated[0])
            return Rejected(replace(trial, state="rejected", reason=reason, notes={}, source=None))
        name, seed = architecture.hash, derived_seed(self.seed, architecture.hash)
        trial = replace(trial, architecture=architecture, hash=name, cost=cost, seed=seed)
        if trial.parent is None:  # nothing is trained twice, whatever the strategy knows of it
            trial = replace(trial, parent=history.paused_in(trial))
        return Proposed(replace(trial, inherits=inherited(trial, history)))

    def _key(self, hash: str | None, epochs: int | None, values: Mapping[str, Scalar]) -> tuple[Scalar, ...]:
        """What tells a candidate from its duplicates; no training is longer than a whole one."""
        shorter = epochs if epochs is not None and epochs < self.budget.epochs else None
        return hash, shorter, *(values.get(name) for name in self.settings)

    def _examine(
        self, architecture: Architecture, epochs: int | None, values: Mapping[str, Scalar]
    ) -> tuple[Cost, dict[str, float]]:
        """Cost of an architecture, and its excess by the name of each condition: above zero where it is violated.

        Of constraints, by those on costs.
        """
        try:
            with named("a block of the space", RESUMES):
                cost = price(architecture, self.target)
        except SignalError:
            return Cost(), {TYPED: 1.0}
        excess = {TYPED: -1.0} | self._excess([c for c in self.constraints if not c.whole], cost)
        if not _violated(excess):
            excess[NEW] = 1.0 if self._key(architecture.hash, epochs, values) in self._known else -1.0
        return cost, excess

    def _measured(self, architecture: Architecture, cost: Cost) -> dict[str, float]:
        """The excess of the other constraints, which take their time: so they are for what keeps those on costs."""
        return self._excess([c for c in self.constraints if c.whole], cost, architecture)

    def _excess(
        self, constraints: Sequence[Constraint], cost: Cost, architecture: Architecture | None = None
    ) -> dict[str, float]:
        excess = {str(c): c.excess(cost, architecture) for c in constraints}
        self._least |= {name: min(by, self._least.get(name, by)) for name, by in excess.items()}
        return excess

    def _reason(self, architecture: Architecture, excess: Mapping[str, float], name: str) -> str:
        if name == TYPED:
            try:
                _ = architecture.graph
            except SignalError as error:
                return str(error)
        if name == NEW:
            return "the same architecture was drawn before"
        (constraint,) = [c for c in self.constraints if str(c) == name][:1]
        obstacle = constraint.obstacle(architecture)
        return f"breaks {name}: {obstacle}" if obstacle else broken(name, excess[name])

    def _found_in_space(self, slot: int, epochs: int | None) -> dict[str, Scalar]:
        """Values of a random candidate among the fillings examined without the strategy; Exhausted if there is none."""
        rng = random.Random(derived_seed(self.seed, f"look {slot}"))
        small = self.space.size() <= MOST_LOOKED_AT
        pool = self.space.fillings() if small else (self._random(rng) for _ in range(MOST_LOOKED_AT))
        violations: Counter[str] = Counter()
        candidates = []
        for architecture, values in pool:
            cost, excess = self._examine(architecture, epochs, values)
            violations.update(violated := _violated(excess))
            if not violated:
                candidates.append((architecture, cost, {name: values[name] for name in self.settings}))
        while candidates:
            architecture, cost, settings = chosen = rng.choice(candidates)
            violations.update(violated := _violated(self._measured(architecture, cost)))
            if not violated:
                return self.space.values_of(architecture) | settings
            candidates.remove(chosen)
        self.rejected = self.rejected or violations
        raise Exhausted(self._explanation(violations, all_examined=small))

    def _random(self, rng: random.Random) -> tuple[Architecture, dict[str, Scalar]]:
        return self.space.drawn(lambda _, hole: hole.drawn(rng.random()))

    def _explanation(self, violations: Counter[str] | None = None, all_examined: bool = False) -> str:
        """One sentence: how many architectures violate each condition, and the remedy for the most frequent one."""
        tally = violations or self.rejected
        pool = "of all architectures of the space" if all_examined else f"of {MOST_LOOKED_AT:,} random architectures"
        names = {TYPED: "do not fit together", NEW: "were drawn before"} | {
            str(c): f"break {c}" for c in self.constraints
        }
        parts = ", ".join(f"{count:,} {names[name]}" for name, count in tally.most_common())
        mostly = tally.most_common(1)[0][0] if tally else TYPED
        remedies = {TYPED: "mend the space", NEW: "ask for fewer trials, or widen the space"}
        return f"no further candidate: {pool} {parts}; {remedies.get(mostly) or self._loosened(mostly)}"

    def _loosened(self, name: str) -> str:
        """The remedy for a constraint that rejects most architectures, with what the cheapest one takes."""
        (constraint,) = [c for c in self.constraints if str(c) == name][:1]
        if constraint.trained:
            return "leave that limit out, or let the space hold blocks that run on a finer grid"
        if constraint.measure or constraint.whole:
            if name not in self._least:
                return LOOSEN
            met = float(f"{(1 + self._least[name]) * constraint.limit:.6g}")
            return f"the least met is {constraint.amount(met)}; {LOOSEN}"
        return remedy(constraint, least(self.space, constraint, self.target))


def _violated(excess: Mapping[str, float]) -> list[str]:
    """Names of the conditions that are violated."""
    return [name for name, by in excess.items() if by > 0]


def inherited(trial: Trial, history: History) -> int | None:
    """The number of the trial whose weights a new candidate begins from; None if it begins from random ones.

    It is decided when the candidate is drawn, and recorded, so that it does not depend on how fast workers are: the
    parent's outcome has been told, and its weights are there. They must stay until the candidate has finished.
    """
    wanted = history.settings.values.get("training", {}).get("inherit")
    if not wanted or trial.parent is None or trial.parent not in history:
        return None
    parent = history[trial.parent]
    if parent.hash == trial.hash:  # it goes on with a training that has paused, or trains the same in another way
        return parent.inherits
    if parent.state not in ("scored", "stopped") or parent.directory is None:
        return None
    return parent.number if parent.directory.weights(parent.number).exists() else None
