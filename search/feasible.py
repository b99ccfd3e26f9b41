"""What of a space keeps the constraints of a search, as far as it can be told before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archspec.architecture import Architecture, price
from archspec.geometry.fourier import Target
from search.constraints import Constraint
from spaces import Space

# So many architectures are examined for a constraint that takes its time.
MEASURED = 32
LOOSEN = "loosen that limit, or let the space hold smaller architectures"


def keeping(
    fit: Sequence[Architecture], constraints: Sequence[Constraint], target: Target
) -> tuple[list[Architecture], int]:
    """Those that keep the constraints, of how many: only some are examined by constraints that take their time."""
    quick, slow = [c for c in constraints if not c.whole], [c for c in constraints if c.whole]
    kept = [a for a in fit if all(c.excess(price(a, target)) <= 0 for c in quick)]
    if not (kept and slow):
        return kept, len(fit)
    some = sorted(kept, key=lambda a: price(a, target).flops)[:: -(-len(kept) // MEASURED)]
    return [a for a in some if all(c.excess(price(a, target), a) <= 0 for c in slow)], len(some)


def least(space: Space, constraint: Constraint, target: Target) -> float | None:
    """What the cheapest architecture that is found of a space takes of a quantity of the cost that is limited.

    None for any other constraint, and where no architecture was found that fits together.
    """
    if constraint.measure or constraint.whole:
        return None
    try:
        return float(price(space.cheapest(constraint.name, target), target).quantities()[constraint.name])
    except ValueError:  # a search over a large space may meet none that fits together
        return None


def out_of_reach(space: Space, constraints: Sequence[Constraint], target: Target) -> Iterator[str]:
    """A sentence for each limit on a quantity of the cost that even the cheapest architecture found exceeds."""
    for constraint in constraints:
        found = least(space, constraint, target)
        if found is not None and found > constraint.limit:
            yield f"nothing keeps {constraint}: {remedy(constraint, found)}"


def remedy(constraint: Constraint, found: float | None) -> str:
    """What to do about a limit on a quantity of the cost, of which `found` is the least, if that is known."""
    return LOOSEN if found is None else f"the cheapest one found has {found:,.15g} {constraint.name}; {LOOSEN}"


def tight(count: int, space: Space, constraints: Sequence[Constraint], target: Target) -> str:
    """That none of so many architectures keeps the constraints, and what the cheapest one takes of what is limited."""
    limited = {c.name: least(space, c, target) for c in constraints}
    there = ", ".join(f"{amount:,.15g} {name}" for name, amount in limited.items() if amount is not None)
    listed = ", ".join(map(str, constraints))
    cheapest = f" (the cheapest of the space: {there})" if there else ""
    return f"none of {count:,} architectures keeps {listed}{cheapest}; loosen the limits, or make the inputs smaller"
