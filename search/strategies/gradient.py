"""The strategy `gradient`: sizes are learned by backpropagation, under a budget; all else is drawn (DNArch)."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Mapping, Sequence

from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from archspec.schema.hole import Scalar
from search.errors import RunError
from search.events import Event
from search.masks import NOT_LEARNED
from search.masks.learnable import Learnable
from search.masks.learning import Learning, begun
from search.masks.settling import NEAR, settled
from search.masks.training import NOTES, Asked, priced
from search.numbers import most
from search.objectives import Objective, is_recorded, parse_objective
from search.record.history import History
from search.seeds import derived_seed
from search.strategies.front import FrontStrategy
from search.strategies.random import Random
from search.strategies.strategy import MOST_DRAWS, Budget, Proposal, Strategy
from spaces import Space

# Share of the way from the smallest to the largest size by which the sizes of later rounds begin elsewhere.
SPREAD = 0.3
# Shares that are moved on by this, without the whole, never come close to an earlier one.
GOLDEN = (5**0.5 - 1) / 2
# So many budgets take turns where the other decisions are drawn at random.
ROUND = 4
# With budgets, so many candidates are spread over the space before `front` chooses by what it has learned.
DESIGN = 4
# So many other decisions are drawn to see what prices all of them have.
DRAWN = 12
# What a budget can be of.
PRICED = (*Cost().quantities(), "bytes")
# A budget stays so far below a limit on the same quantity that the whole sizes keep it.
BELOW = 0.97


class Gradient:
    """Proposes trainings in which sizes are learned under a budget (Romero and Zeghidour 2023).

    Kernel sizes, numbers of channels and of residual copies are learned with the weights; see `search.masks`. By
    default the strategy `front` proposes candidates. Those that it pauses after a few epochs are trained as they are;
    in a whole training sizes are learned, from those of the proposal and with its price as the budget, and `front` is
    told those that were found.

    Budgets that are given take turns instead, all in a round with the same other decisions. With
    `Training(inherit=True)` a training then begins from the weights of the one with the next larger budget, if that is
    known by then.

    Args:
        space: the space.
        objectives: what is maximised and minimised.
        budgets: what the networks are to cost, as numbers or text such as `"50k"`; or how many there are, spread over
            what the sizes cost with any other decisions, elsewhere in each round. By default the price of each proposal
            of `front`; four if the other decisions are drawn at random.
        of: the quantity that has these budgets: `flops`, `params`, `activations` or `bytes`; by default that of the
            first objective which is a cost.
        learning: the share of the epochs in which sizes are learned, and other settings; its budget is not used.
        others: what chooses the other decisions, `front` or `random`; by default `front`, which needs the objectives.
    """

    name = "gradient"

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective | str] = (),
        budgets: Sequence[float | str] | int | None = None,
        of: str | None = None,
        learning: Learning | None = None,
        others: str | None = None,
    ) -> None:
        wanted = [parse_objective(objective) for objective in objectives]
        costs = [objective.name for objective in wanted if not is_recorded(objective)]
        self.space, self.of, self.learning = space, of or next(iter(costs), "flops"), learning or Learning(1.0)
        others = others or ("front" if wanted else "random")
        # Whether sizes begin, and budgets are, as proposed.
        self.proposed = budgets is None and others == "front"
        budgets = (1 if self.proposed else ROUND) if budgets is None else budgets
        self.count, given = (budgets, ()) if isinstance(budgets, int) else (len(budgets), budgets)
        self.budgets = sorted((most("budgets", budget) for budget in given), reverse=True)
        self.others = _others(others, space, wanted, self.proposed)
        self._drawn: list[Learnable] | None = None
        self._shared: tuple[float, float] | None = None
        if self.count < 1:
            raise ValueError("gradient needs one budget or more")
        if self.of not in PRICED:
            raise ValueError(f"a budget is of {', '.join(PRICED)}, not of {self.of!r}")

    def observe(self, event: Event) -> None:
        """Pass an event on to what chooses the other decisions."""
        self.others.observe(event)

    def propose(self, history: History, budget: Budget) -> Proposal:
        """A training in which sizes are learned, or one that `front` pauses after a few epochs.

        Raises:
            RunError: masks can learn no decision of the space, a training has one epoch only, or a budget is less than
                any network of the space takes.
        """
        if budget.epochs < 2:
            raise RunError("gradient learns sizes, then trains the network: give two epochs or more")
        self._check(budget)
        turn, place = divmod(budget.slot, self.count)
        same = [t for t in history if place and t.slot == turn * self.count and t.state != "rejected"]
        chosen = Proposal(same[-1].values) if same else self.others.propose(history, budget)
        if self.proposed and chosen.fidelity is not None:
            return chosen
        if budget.attempt >= MOST_DRAWS:  # of values that are found elsewhere, nobody knows how sizes are to begin
            return Proposal(chosen.values)
        limits = _limits(budget)
        known = self._learnable(chosen.values, budget.target, limits)
        if not known.fillings.sizes:  # it is trained as it is
            return Proposal(chosen.values)
        if self.proposed:
            whole = [next(v for v in size.values if v == chosen.values[size.name]) for size in known.fillings.sizes]
            wanted = min(known.fillings.at(whole).price, self._limit(budget))
            return self._proposal(known, [float(size) for size in whole], wanted, limits)
        rng = random.Random(derived_seed(budget.run_seed, f"gradient {turn} {budget.attempt}"))
        wanted = self._budgets(known, turn, budget)[place]
        spread = [rng.uniform(-SPREAD, SPREAD) if turn or budget.attempt else 0.0 for _ in known.fillings.sizes]
        before = [trial.number for trial in history if place and trial.slot == budget.slot - 1 and trial.feasible]
        parent = next(iter(before), None)
        return self._proposal(known, begun(known, wanted, spread), wanted, limits, parent)

    def _proposal(
        self,
        known: Learnable,
        sizes: Sequence[float],
        budget: float,
        limits: Mapping[str, float],
        parent: int | None = None,
    ) -> Proposal:
        """A training from these sizes."""
        values = known.fillings.values(settled(known.fillings, sizes, budget))
        named = dict(zip((size.name for size in known.fillings.sizes), sizes, strict=True))
        learning = Learning(**{**vars(self.learning), "budget": budget})
        asked = Asked(self.of, named, learning, limits)
        left = {NOT_LEARNED: known.left} if known.left else {}
        return Proposal(values, parent=parent, notes={NOTES: asked.to_data(), **left})

    def _learnable(
        self, values: Mapping[str, Scalar], target: Target, limits: Mapping[str, float] | None = None
    ) -> Learnable:
        return Asked(self.of, {}, self.learning, limits or {}).learnable(self.space, values, target)

    def _check(self, budget: Budget) -> None:
        """Refuse a budget below all networks, and a space of which, as some drawn fillings tell, nothing is learned."""
        if self._drawn is None:
            rng = random.Random(derived_seed(budget.run_seed, "gradient prices"))
            found = [self._learnable(self.space.random_values(rng), budget.target) for _ in range(DRAWN)]
            self._drawn = [known for known in found if known.fillings.sizes]
            if not self._drawn:
                left = {name: reason for known in found for name, reason in known.left.items()}
                why = "; ".join(f"{name}: {reason}" for name, reason in left.items()) or "none is among whole numbers"
                raise RunError(f"masks can learn no decision of this space ({why}); use another strategy")
            if self.budgets and (least := self._least(budget.target)) > (1 + NEAR) * self.budgets[-1]:
                raise RunError(
                    f"the budget of {self.budgets[-1]:,.15g} {self.of} is less than the cheapest network of the space "
                    f"takes, {least:,.15g}; give larger budgets, or let the space hold smaller networks"
                )

    def _least(self, target: Target) -> float:
        """The price of the cheapest network that is known of the space."""
        found = [_ends(known)[0] for known in self._drawn or ()]
        with contextlib.suppress(ValueError):  # a search over a large space may meet none that fits together
            cheapest = self.space.cheapest("params" if self.of == "bytes" else self.of, target)
            found.append(priced(self.of, target)(cheapest))
        return min(found)

    def _budgets(self, known: Learnable, turn: int, budget: Budget) -> list[float]:
        """What the networks of a round are to cost, the dearest first."""
        limit = self._limit(budget)
        if self.budgets:
            return [min(wanted, limit) for wanted in self.budgets]
        low, high = self._range(known, budget)
        high = min(high, limit)
        shares = [(place + (0.5 + turn * GOLDEN) % 1) / self.count for place in range(self.count)]
        return sorted((low * (high / low) ** share for share in shares), reverse=True)

    def _limit(self, budget: Budget) -> float:
        return BELOW * _limits(budget).get(self.of, math.inf)

    def _range(self, known: Learnable, budget: Budget) -> tuple[float, float]:
        """The prices that the sizes have with any other decisions, as far as some drawn ones tell."""
        if self._shared is None:
            ends = [_ends(found) for found in self._drawn or ()]
            self._shared = max(low for low, _ in ends), min(high for _, high in ends)
        low, high = self._shared
        return self._shared if low < high else _ends(known)


def _limits(budget: Budget) -> dict[str, float]:
    """The limits of a search on what an architecture costs, by their quantities."""
    known = [c for c in budget.limits if c.measure is None and c.name in PRICED]
    return {c.name: min(other.limit for other in known if other.name == c.name) for c in known}


def _ends(known: Learnable) -> tuple[float, float]:
    """The prices of the smallest and of the largest sizes."""
    low, high = (known.fillings.at([size.values[end] for size in known.fillings.sizes]).price for end in (0, -1))
    return low, high


def _others(name: str, space: Space, objectives: Sequence[Objective], pausing: bool) -> Strategy:
    """What chooses the other decisions; ValueError if there is no such choice."""
    if name == "random":
        return Random(space, objectives)
    if name == "front" and objectives:
        return FrontStrategy(space, objectives) if pausing else FrontStrategy(space, objectives, DESIGN, pause=1)
    raise ValueError(f"others is 'front', with the objectives, or 'random', not {name!r}")
