"""The cheapest architecture that a space can make.

It is exact where the template decomposes: block by block, of all partial fillings that end in the same signal and agree
in what later blocks depend on, only the cheapest is continued (dynamic programming). Where a decision would make more
than `MOST_PARTIAL` of these, or is a real number or one of over a thousand values, the space is searched instead: the
cheapest of `SAMPLED` random fillings is improved by changing one decision at a time, to the value (of more than
`MOST_TRIED`: the first, the next lower or higher) that makes it cheapest, until none makes it cheaper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archspec.geometry.fourier import Target
from archspec.schema.hole import Decision, Scalar
from spaces.chain import NO_FIT, Chain
from spaces.columns import Codes, Column, grouped
from spaces.costs import Costs, quantities_of
from spaces.filling import Values
from spaces.parameters import Parameter

MOST_PARTIAL = 20_000
SAMPLED = 5_000
MOST_TRIED = 64  # values of one decision
NOTHING_FITS = "no architecture of this space was found that fits together; mend the space"


class Priced(Protocol):
    """A space, as far as it is searched here."""

    def parameters(self) -> list[Parameter]:
        """Every decision."""
        ...

    def costs(self, what: int | Iterable[Values], target: Target = "torch", seed: int = 0) -> Costs[object]:
        """The costs of many fillings."""
        ...


def cheapest(chain: Chain, space: Priced, fill: Callable[[Values], Values], quantity: str, target: Target) -> Values:
    """Values of the architecture that costs least.

    Args:
        chain: the parts of the space.
        space: the space.
        fill: returns the values of a filling in which newly active decisions take their first value.
        quantity: what is to be least.
        target: what runs the architectures.

    Raises:
        ValueError: there is no such quantity or target, or no architecture was found that fits together.
    """
    _ = space.costs(0, target)[quantity]  # which names what there is
    found = _by_part(chain, quantity, target)
    return fill(found) if found is not None else _searched(space, fill, quantity, target)


def _by_part(chain: Chain, quantity: str, target: Target) -> Values | None:
    """The exact answer; None if there are too many partial fillings, ValueError if no filling fits together."""
    codes = {name: np.zeros(1, np.int64) for name in chain.columns}
    signal, total = np.ones(1, np.int64), np.zeros(1, np.object_)
    for i, part in enumerate(chain.parts):
        for name, _, when in part.decisions:
            take = _options(chain.columns[name], codes[name], chain.holds(when, codes, len(signal)))
            if take is None:
                return None
            at, decided = take
            codes = {other: column[at] for other, column in codes.items()} | {name: decided}
            signal, total = signal[at], total[at]
        rows, group = chain.step(part, codes, signal, target)
        signal = np.array([row.signal for row in rows])[group]
        total = total + quantities_of(np.array([row.terms for row in rows], np.object_).T)[quantity][group]
        later = {name for rest in chain.parts[i + 1 :] for name in rest.names}
        kept = _cheapest_of_each([signal, *(codes[name] for name in later)], total)
        kept = kept[signal[kept] != NO_FIT]
        if not len(kept):
            raise ValueError(NOTHING_FITS)
        codes = {name: column[kept] for name, column in codes.items()}
        signal, total = signal[kept], total[kept]
    best = int(np.argmin(total))
    return chain.values({name: column[best : best + 1] for name, column in codes.items()}, 1)[0]


def _options(column: Column, codes: Codes, active: NDArray[np.bool_]) -> tuple[Codes, Codes] | None:
    """Every value in place of those that are to be decided: rows to repeat, and the new column; None if too many."""
    open_ = active & (codes == 0)
    if not open_.any():
        return np.arange(len(codes)), codes
    count = len(column.values) - 1
    if not column.listed or int(open_.sum()) * count > MOST_PARTIAL:
        return None
    at = np.concatenate([np.flatnonzero(~open_), np.repeat(np.flatnonzero(open_), count)])
    return at, np.concatenate([codes[~open_], np.tile(np.arange(1, count + 1), int(open_.sum()))])


def _cheapest_of_each(columns: Sequence[Codes], total: NDArray[np.object_]) -> Codes:
    """Of all equal rows, the index of the one with the least total."""
    order = np.argsort(total, kind="stable")
    _, group = grouped(columns, [int(column.max()) + 1 for column in columns])
    return order[np.unique(group[order], return_index=True)[1]]


def _searched(space: Priced, fill: Callable[[Values], Values], quantity: str, target: Target) -> Values:
    """The best of some random fillings, improved one decision at a time."""
    costs = space.costs(SAMPLED, target)
    if not costs.fits.any():
        raise ValueError(NOTHING_FITS)
    holes = {parameter.name: parameter.hole for parameter in space.parameters()}
    while True:
        at = costs.index_of_cheapest(quantity)
        values, least = costs.values[at], costs[quantity][at]
        changed = [fill({**values, name: other}) for name, other in _changes(values, holes)]
        costs = space.costs([values, *changed], target)
        if costs[quantity][costs.index_of_cheapest(quantity)] >= least:
            return values


def _changes(values: Values, holes: Mapping[str, Decision]) -> Iterator[tuple[str, Scalar]]:
    for name, value in values.items():
        hole = holes[name]
        few = hole.count <= MOST_TRIED
        yield from ((name, other) for other in (hole.values if few else (hole.first, *hole.neighbours(value))))
