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
    """The whole sizes next to learned ones whose price is within 2 % of a budget; the nearest price if none is.

    No size changes by more than a factor of two, unless no price is near enough then.

    Args:
        fillings: the fillings of the space.
        at: the learned sizes.
        budget: the price that is wanted.
    """
    off, found = _best(fillings, at, budget, FAR)
    if off <= NEAR:
        return found
    off, other = _best(fillings, at, budget, math.inf)
    return other if off <= NEAR else found


def _best(fillings: Fillings, at: Sequence[float], budget: float, far: float) -> tuple[float, tuple[int, ...]]:
    """By which share of the budget the price is off, and the sizes."""
    spans = [_near(size.values, now, len(at), far) for size, now in zip(fillings.sizes, at, strict=True)]
    ranked = []
    for values in itertools.islice(itertools.product(*spans), MOST):
        off = abs(fillings.at(values).price / budget - 1)
        apart = sum(math.log(value / now) ** 2 for value, now in zip(values, at, strict=True))
        ranked.append((0.0 if off <= NEAR else off, apart, values))
    off, _, values = min(ranked)
    return off, values


def _near(values: Sequence[int], now: float, sizes: int, far: float) -> list[int]:
    """The values next to a size, the nearest first: as many as leave the fillings few enough to look at them all."""
    count = max(2, int(MOST ** (1 / max(1, sizes))))
    nearest = sorted(values, key=lambda value: abs(math.log(value / now)))[:count]
    return [value for i, value in enumerate(nearest) if i < 2 or 1 / far <= value / now <= far]
