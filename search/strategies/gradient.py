"""The strategy `gradient`: sizes are learned by backpropagation, under a budget; all else is drawn (DNArch)."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from archspec.schema.hole import Scalar
from search.errors import RunError
from search.events import Event
from search.masks.learnable import Learnable, learnable
from search.masks.learning import Learning, begun
from search.masks.settling import settled
from search.masks.training import NOTES, Asked, priced
from search.numbers import most
from search.objectives import Objective, is_recorded
from search.record.history import History
from search.seeds import derived_seed
from search.strategies.strategy import Budget, Proposal
from spaces import Space

# Share of the way from the smallest to the largest size by which the sizes of later rounds begin elsewhere.
SPREAD = 0.3
# Shares that are moved on by this, without the whole, never come close to an earlier one.
GOLDEN = (5**0.5 - 1) / 2
# So many other decisions are drawn to see what prices all of them have.
DRAWN = 12
# A budget stays so far below a limit on the same quantity that the whole sizes keep it.
BELOW = 0.97


class Gradient:
    """Proposes a training in which sizes are learned, for one budget after another (Romero and Zeghidour 2023).

    Kernel sizes, numbers of channels and of residual copies are learned with the weights; see `search.masks`. All other
    decisions are drawn at random, anew after all budgets. With `Training(inherit=True)` a training begins from the
    weights of the one with the next larger budget, if that is known by then.

    Args:
        space: the space.
        objectives: what is maximised and minimised.
        budgets: what the networks are to cost, as numbers or text such as `"50k"`; or how many there are, spread over
            what the sizes cost with any other decisions, elsewhere in each round.
        of: the quantity that has these budgets: `flops`, `params`, `activations` or `bytes`; by default that of the
            first objective which is a cost.
        learning: the share of the epochs in which sizes are learned, and other settings; its budget is not used.
    """

    name = "gradient"

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective] = (),
        budgets: Sequence[float | str] | int = 4,
        of: str | None = None,
        learning: Learning | None = None,
    ) -> None:
        costs = [objective.name for objective in objectives if not is_recorded(objective)]
        self.space, self.of, self.learning = space, of or next(iter(costs), "flops"), learning or Learning(1.0)
        self.count = budgets if isinstance(budgets, int) else len(budgets)
        given = () if isinstance(budgets, int) else budgets
        self.budgets = sorted((most("budgets", budget) for budget in given), reverse=True)
        self._shared: tuple[float, float] | None = None
        if self.count < 1:
            raise ValueError("gradient needs one budget or more")
        if self.of not in (known := [*Cost().quantities(), "bytes"]):
            raise ValueError(f"a budget is of {', '.join(known)}, not of {self.of!r}")

    def observe(self, event: Event) -> None:
        """Does nothing: what is learned is learned in the trainings."""

    def propose(self, history: History, budget: Budget) -> Proposal:
        """A training from sizes of the price of the budget whose turn it is.

        Raises:
            RunError: masks can learn no decision of the space, or a training has one epoch only.
        """
        if budget.epochs < 2:
            raise RunError("gradient learns sizes, then trains the network: give two epochs or more")
        turn, place = divmod(budget.slot, self.count)
        rng = random.Random(derived_seed(budget.run_seed, f"gradient {turn} {budget.attempt}"))
        known = self._learnable(self.space.random_values(rng), budget.target)
        wanted = self._budgets(known, turn, budget)[place]
        spread = [rng.uniform(-SPREAD, SPREAD) if turn or budget.attempt else 0.0 for _ in known.fillings.sizes]
        sizes = begun(known, wanted, spread)
        values = known.fillings.values(settled(known.fillings, sizes, wanted))
        named = dict(zip((size.name for size in known.fillings.sizes), sizes, strict=True))
        asked = Asked(self.of, named, Learning(**{**vars(self.learning), "budget": wanted}))
        before = [trial.number for trial in history if place and trial.slot == budget.slot - 1 and trial.feasible]
        return Proposal(values, parent=next(iter(before), None), notes={NOTES: asked.to_data()})

    def _learnable(self, values: Mapping[str, Scalar], target: Target) -> Learnable:
        known = learnable(self.space, values, priced(self.of, target))
        if not known.fillings.sizes:
            why = "; ".join(f"{name}: {reason}" for name, reason in known.left.items()) or "none is among whole numbers"
            raise RunError(f"masks can learn no decision of this space ({why}); use another strategy")
        return known

    def _budgets(self, known: Learnable, turn: int, budget: Budget) -> list[float]:
        """What the networks of a round are to cost, the dearest first."""
        limit = min((BELOW * c.limit for c in budget.limits if c.name == self.of), default=math.inf)
        if self.budgets:
            return [min(wanted, limit) for wanted in self.budgets]
        low, high = self._range(known, budget)
        high = min(high, limit)
        shares = [(place + (0.5 + turn * GOLDEN) % 1) / self.count for place in range(self.count)]
        return sorted((low * (high / low) ** share for share in shares), reverse=True)

    def _range(self, known: Learnable, budget: Budget) -> tuple[float, float]:
        """The prices that the sizes have with any other decisions, as far as some drawn ones tell."""
        if self._shared is None:
            rng = random.Random(derived_seed(budget.run_seed, "gradient prices"))
            drawn = [self._learnable(self.space.random_values(rng), budget.target) for _ in range(DRAWN)]
            ends = [_ends(found) for found in drawn]
            self._shared = max(low for low, _ in ends), min(high for _, high in ends)
        low, high = self._shared
        return self._shared if low < high else _ends(known)


def _ends(known: Learnable) -> tuple[float, float]:
    """The prices of the smallest and of the largest sizes."""
    low, high = (known.fillings.at([size.values[end] for size in known.fillings.sizes]).price for end in (0, -1))
    return low, high
