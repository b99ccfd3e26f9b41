"""Decisions whose values are learned: real numbers between the whole ones that the space has, and what they cost.

Anything that is known of whole sizes (the price, the channels of a signal) is continued to those in between: sizes lie
in a simplex whose corners are n + 1 fillings of the space, and the value there is the mean of the corners' values by
barycentric weights (Kuhn 1960). It is exact at every filling, continuous, and linear in each simplex.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from archspec.architecture import Architecture
from archspec.graph.signal import SignalError
from archspec.layers.fading import SLACK
from archspec.schema.hole import Decision, Scalar
from search.errors import RunError
from spaces import Space

Values = dict[str, Scalar]
REMEMBERED = 4_096


class Filled(NamedTuple):
    """A filling, what it costs, and how far it is over the limits, as a share of one; 0 if it keeps them."""

    architecture: Architecture
    price: float
    over: float = 0.0


class Size(NamedTuple):
    """A decision whose value is learned.

    Attributes:
        name: the name of the decision.
        values: its values, ascending.
    """

    name: str
    values: tuple[int, ...]

    def at_least(self, size: float) -> int:
        """The smallest of its values that is not below a size; the largest if all are."""
        return self.values[min(bisect.bisect_left(self.values, size - SLACK), len(self.values) - 1)]


def whole_values(hole: Decision) -> tuple[int, ...]:
    """The values of a decision among two or more whole numbers, ascending; empty for any other decision."""
    if hole.count > 1_000_000:
        return ()
    found = [value for value in hole.values if isinstance(value, int) and not isinstance(value, bool)]
    return tuple(sorted(found)) if len(found) == len(hole.values) > 1 else ()


class Corner(NamedTuple):
    """A corner of the simplex that sizes lie in: a filling, and its barycentric weight."""

    values: tuple[int, ...]
    weight: Tensor


def corners(sizes: Sequence[Size], at: Tensor) -> list[Corner]:
    """The n + 1 corners of the simplex around sizes (n,); some have weight zero where sizes are whole.

    Args:
        sizes: the decisions.
        at: their sizes, each between the lowest and the highest of its values.
    """
    low: list[int] = []
    shares: list[Tensor] = []
    for size, value in zip(sizes, at.unbind(), strict=True):
        i = min(bisect.bisect_right(size.values, float(value.detach())), len(size.values) - 1) - 1
        below, above = size.values[max(0, i)], size.values[max(0, i) + 1]
        low.append(max(0, i))
        shares.append((value - below) / (above - below))
    order = sorted(range(len(sizes)), key=lambda i: -float(shares[i].detach()))
    steps, found = list(low), []
    for rank in range(len(order) + 1):
        over = shares[order[rank - 1]] if rank else torch.ones_like(at[0])
        under = shares[order[rank]] if rank < len(order) else torch.zeros_like(at[0])
        if rank:
            steps[order[rank - 1]] += 1
        values = tuple(size.values[step] for size, step in zip(sizes, steps, strict=True))
        found.append(Corner(values, over - under))
    return found


@dataclass
class Fillings:
    """The fillings of a space that differ in some sizes only.

    Attributes:
        space: the space.
        fixed: the values of its other active parameters.
        sizes: the decisions that differ.
        priced: what an architecture costs, in the quantity that has a target.
        prepared: changes an architecture before it is returned.
        over: how far an architecture is over limits on other quantities, as a share of one; 0 if it keeps them.
    """

    space: Space
    fixed: Mapping[str, Scalar]
    sizes: Sequence[Size]
    priced: Callable[[Architecture], float]
    prepared: Callable[[Architecture], Architecture] = lambda architecture: architecture
    over: Callable[[Architecture], float] = lambda architecture: 0.0
    _known: dict[tuple[int, ...], Filled] = field(default_factory=dict)

    def values(self, at: Sequence[int]) -> Values:
        """The values of the space's parameters with these sizes."""
        return {**self.fixed, **{size.name: value for size, value in zip(self.sizes, at, strict=True)}}

    def at(self, sizes: Sequence[int]) -> Filled:
        """The filling with these sizes.

        Raises:
            RunError: it does not fit together.
        """
        key = tuple(sizes)
        if (known := self._known.get(key)) is not None:
            return known
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        architecture = self.space.fill(self.values(key))
        try:
            found = Filled(self.prepared(architecture), self.priced(architecture), self.over(architecture))
        except SignalError as error:
            where = ", ".join(f"{size.name}={value}" for size, value in zip(self.sizes, key, strict=True))
            raise RunError(
                f"sizes are learned where all of them fit together, and {where} do not ({error}); leave out such values"
            ) from None
        self._known[key] = found
        return found

    def cost(self, at: Tensor) -> Tensor:
        """What sizes between the whole ones cost; differentiable, and the exact price at every filling."""
        found = corners(self.sizes, at)
        return torch.stack([corner.weight * self.at(corner.values).price for corner in found]).sum()
