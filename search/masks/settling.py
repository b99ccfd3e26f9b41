"""From learned sizes to whole ones that keep the budget."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from search.masks.sizes import Fillings

# So near to the budget the price of the extracted network should be, if the values of the space allow it.
NEAR = 0.02
# By this factor a size may change, unless the next value of the space is farther, or no price is near enough.
FAR = 2.0
# Fillings that are looked at.
MOST = 4_096


def settled(fillings: Fillings, at: Sequence[float], budget: float) -> tuple[int, ...]:
    """The whole sizes next to learned ones that keep the limits, and whose price is within 2 % of a budget.

    If there are none such, those with the nearest price of all that keep the limits; and if none does, those that break
    them least. No size changes by more than a factor of two, unless nothing else keeps the limits and the budget.

    Args:
        fillings: the fillings of the space.
        at: the learned sizes.
        budget: the price that is wanted.
    """
    (over, off), found = _best(fillings, at, budget, FAR)
    if not (over or off):
        return found
    (less, nearer), other = _best(fillings, at, budget, math.inf)
    return other if (less, nearer > 0) < (over, off > 0) else found


def _best(
    fillings: Fillings, at: Sequence[float], budget: float, far: float
) -> tuple[tuple[float, float], tuple[int, ...]]:
    """By which shares limits are broken and the price is off the budget, 0 where it is near enough; and the sizes."""
    spans = [_near(size.values, now, len(at), far) for size, now in zip(fillings.sizes, at, strict=True)]
    ranked = []
    for values in itertools.islice(itertools.product(*spans), MOST):
        filled = fillings.at(values)
        off = abs(filled.price / budget - 1)
        apart = sum(math.log(value / now) ** 2 for value, now in zip(values, at, strict=True))
        ranked.append(((filled.over, 0.0 if off <= NEAR else off), apart, values))
    missed, _, values = min(ranked)
    return missed, values


def _near(values: Sequence[int], now: float, sizes: int, far: float) -> list[int]:
    """The values next to a size, the nearest first: as many as leave the fillings few enough to look at them all."""
    count = max(2, int(MOST ** (1 / max(1, sizes))))
    nearest = sorted(values, key=lambda value: abs(math.log(value / now)))[:count]
    return [value for i, value in enumerate(nearest) if i < 2 or 1 / far <= value / now <= far]
