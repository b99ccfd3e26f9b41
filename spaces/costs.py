"""The costs of many fillings of a space as arrays, and what is read from them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from archspec.geometry.fourier import TARGETS, Target
from archspec.graph.cost import Cost
from spaces.chain import Chain
from spaces.filling import Values

A = TypeVar("A", covariant=True)


class Costs(Generic[A]):
    """The costs of many fillings of a space; `costs["flops"]` is one number for each.

    Attributes:
        fits: for each filling, whether its blocks fit together; where they do not, every quantity is 0.
        receptive_field: for each filling, over which share of the input's extent an output depends on it.
    """

    def __init__(
        self,
        quantities: dict[str, NDArray[Any]],
        receptive_field: NDArray[np.float64],
        fits: NDArray[np.bool_],
        values: Callable[[], list[Values]],
        fill: Callable[[Values], A],
    ) -> None:
        self._quantities, self.receptive_field, self.fits = quantities, receptive_field, fits
        self._values, self._fill = values, fill

    def __len__(self) -> int:
        return len(self.fits)

    def __repr__(self) -> str:
        return f"Costs({len(self):,} fillings, {int(self.fits.sum()):,} of which fit together)"

    def __getitem__(self, quantity: str) -> NDArray[Any]:
        """A quantity of every filling, whole numbers; the names are those of `Cost.quantities`.

        Raises:
            ValueError: there is no such quantity.
        """
        if quantity not in self._quantities:
            raise ValueError(f"there is no quantity {quantity!r}; use one of {', '.join(self._quantities)}")
        return self._quantities[quantity]

    @cached_property
    def values(self) -> list[Values]:
        """The values of every filling, as `Space.fill` takes them."""
        return self._values()

    def share(self, limits: Mapping[str, float] | None = None) -> float:
        """The share of the fillings that fit together and exceed no limit: `share({"flops": 2e6, "params": 1e4})`.

        Raises:
            ValueError: there is no such quantity; there are no fillings.
        """
        self._require(len(self) > 0)
        within = self.fits.copy()
        for quantity, limit in (limits or {}).items():
            within &= (self[quantity] <= limit).astype(np.bool_)
        return float(within.mean())

    def histogram(self, quantity: str = "flops", bins: int = 20) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """How often a quantity is how large, over the fillings that fit together.

        Returns:
            The edges of the bins, in log10 of the quantity (0 counts as 1), and the number of fillings in each.

        Raises:
            ValueError: there is no such quantity; no filling fits together.
        """
        self._require(bool(self.fits.any()))
        logs = np.log10(np.maximum(self[quantity][self.fits].astype(np.float64), 1))
        counts, edges = np.histogram(logs, bins)
        return edges, counts

    def cheapest(self, quantity: str = "flops") -> A:
        """The architecture that costs least of those that fit together, the first of equal ones.

        Raises:
            ValueError: there is no such quantity; no filling fits together.
        """
        self._require(bool(self.fits.any()))
        return self._fill(self.values[self.index_of_cheapest(quantity)])

    def index_of_cheapest(self, quantity: str = "flops") -> int:
        """The index of the filling that costs least of those that fit together."""
        fitting = np.flatnonzero(self.fits)
        return int(fitting[np.argmin(self[quantity][fitting])])

    def _require(self, holds: bool) -> None:
        if not holds:
            raise ValueError(f"none of {len(self):,} fillings fits together; price more of them, or mend the space")


def priced(
    chain: Chain, fill: Callable[[Values], A], what: int | Iterable[Values], target: Target, seed: int
) -> Costs[A]:
    """The costs of random or given fillings; see `Space.costs`."""
    if target not in TARGETS:
        raise ValueError(f"there is no target {target!r}; use one of {', '.join(TARGETS)}")
    if isinstance(what, Iterable):
        given = list(what)
        many, (codes, right) = len(given), chain.read(given)
        for i in np.flatnonzero(~right):
            fill(given[i])  # it says what is wrong
    else:
        given, many = None, operator.index(what)
        if many < 0:
            raise ValueError(f"the number of random fillings must be 0 or more, not {many}")
        codes = chain.drawn(many, seed)
    terms, receptive_fields, fits = chain.price(codes, many, target)
    return Costs(quantities_of(terms), receptive_fields, fits, lambda: given or [*chain.values(codes, many)], fill)


def quantities_of(terms: NDArray[Any]) -> dict[str, Any]:
    """Every quantity by name from the terms of costs, [term, filling]."""
    return dict(Cost(*terms).quantities())
