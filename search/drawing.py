"""Drawing candidates: a strategy proposes; what is ill-typed, over budget or known is redrawn, and costs nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from archspec.graph.signal import SignalError
from archspec.schema.hole import Scalar
from search.errors import RunError
from search.events import Event, Proposed, Rejected
from search.objectives import Constraint
from search.record.history import History
from search.seeds import derived_seed
from search.strategies.strategy import Budget, Proposal, Strategy
from search.trial import Trial
from spaces import Space

# Draws of the strategy before the space itself is looked through for a candidate.
MOST_DRAWS = 40
# Fillings then looked at: all of a space up to this size, else as many random ones.
MOST_LOOKED_AT = 5_000
TYPED, NEW = "fits together", "is new"


class Exhausted(RuntimeError):
    """No further candidate fits; the message says what stands in the way."""


class Drawing:
    """Draws new, well-typed candidates within the constraints.

    Args:
        seed: of the run; the seeds of all draws and trainings follow from it.
        trials: how many candidates there will be.
        epochs: of a full training.
    """

    def __init__(
        self,
        strategy: Strategy,
        space: Space,
        constraints: Sequence[Constraint],
        seed: int,
        trials: int,
        epochs: int,
        target: Target = "torch",
    ) -> None:
        self.strategy, self.space, self.constraints, self.seed = strategy, space, tuple(constraints), seed
        self.trials, self.epochs, self.target = trials, epochs, target
        self.rejected: Counter[str] = Counter()
        self._known: set[tuple[str | None, int | None]] = set()
        self._attempts = 0

    def observe(self, event: Event) -> None:
        """Take account of a draw."""
        if isinstance(event, Proposed):
            self._known.add((event.trial.hash, event.trial.epochs))
            self._attempts = 0
        elif isinstance(event, Rejected):
            self._attempts += 1
            self.rejected[_violated(event.trial.excess)[0]] += 1

    def draw(self, slot: int, number: int, history: History) -> Iterator[Rejected | Proposed]:
        """Draws until a candidate fits, numbered from `number`; each is to be observed before the next is asked for.

        Raises:
            Exhausted: no candidate is left.
        """
        while True:
            event = self._event(self._proposal(slot, history), slot, number)
            yield event
            if isinstance(event, Proposed):
                return
            number += 1

    def _proposal(self, slot: int, history: History) -> Proposal:
        if self._attempts > MOST_DRAWS:
            raise Exhausted(self._why_nothing())
        found = self._looked_for(slot) if self._attempts == MOST_DRAWS else None
        seed = derived_seed(self.seed, f"{slot} {self._attempts}")
        proposal = self.strategy.propose(history, Budget(slot, self.trials, self._attempts, self.epochs, seed))
        return replace(proposal, values=found) if found is not None else proposal

    def _event(self, proposal: Proposal, slot: int, number: int) -> Rejected | Proposed:
        try:
            architecture = self.space.fill(proposal.values)
        except ValueError as error:
            raise RunError(f"the strategy {self.strategy.name} proposes what is not of the space: {error}") from None
        cost, excess = self._examine(architecture, proposal.fidelity)
        trial = Trial(
            number,
            slot,
            proposal.values,
            epochs=proposal.fidelity,
            parent=proposal.parent,
            notes=proposal.notes,
            excess=excess,
        )
        if violated := _violated(excess):
            reason = self._reason(architecture, cost, violated[0])
            return Rejected(replace(trial, state="rejected", reason=reason, notes={}))
        name, seed = architecture.hash, derived_seed(self.seed, architecture.hash)
        return Proposed(replace(trial, architecture=architecture, hash=name, cost=cost, seed=seed))

    def _examine(self, architecture: Architecture, epochs: int | None = None) -> tuple[Cost, dict[str, float]]:
        """Its cost, and by how much it breaks what a candidate must satisfy; at or below zero it does not."""
        try:
            cost = price(architecture, self.target)
        except SignalError:
            return Cost(), {TYPED: 1.0}
        excess = {TYPED: -1.0} | {str(c): c.excess(cost) for c in self.constraints}
        if not _violated(excess):
            excess[NEW] = 1.0 if (architecture.hash, epochs) in self._known else -1.0
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

    def _looked_for(self, slot: int) -> dict[str, Scalar]:
        """Values of a candidate found without the strategy; Exhausted if there is none."""
        rng = random.Random(derived_seed(self.seed, f"look {slot}"))
        small = self.space.size() <= MOST_LOOKED_AT
        pool = self.space.enumerate() if small else (self.space.sample(rng) for _ in range(MOST_LOOKED_AT))
        in_the_way: Counter[str] = Counter()
        fitting = []
        for architecture in pool:
            violated = _violated(self._examine(architecture)[1])
            in_the_way.update(violated)
            if not violated:
                fitting.append(architecture)
        if not fitting:
            self.rejected = self.rejected or in_the_way
            raise Exhausted(self._why_nothing(in_the_way, all_seen=small))
        return self.space.values_of(rng.choice(fitting))

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


def _violated(excess: Mapping[str, float]) -> list[str]:
    return [name for name, by in excess.items() if by > 0]
