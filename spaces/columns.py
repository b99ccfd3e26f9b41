"""Values of many fillings as columns of small whole numbers, so that thousands are compared and drawn at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from archspec.schema.hole import Decision, Scalar

Codes: TypeAlias = NDArray[np.int64]
MOST_LISTED = 1_000
_SHARES = 2**53  # what a random number generator draws are multiples of 1 / 2**53
_NONE = ...  # stands for the value of a parameter that a filling does not have


class Column:
    """The codes of the values of one parameter: 0 where it has no value, then numbers in the order of its values.

    Args:
        name: the name of the parameter.
        hole: its hole.

    Attributes:
        values: the value of each code.
        listed: whether all values of the hole have a code; else they get one when they are met.
    """

    def __init__(self, name: str, hole: Decision) -> None:
        self.name, self.hole = name, hole
        self.values: list[Any] = [_NONE]
        self.codes: dict[Any, int] = {(type(_NONE), _NONE): 0}  # with the type: 1, 1.0 and True are equal
        self.listed = hole.count <= MOST_LISTED
        for value in hole.values if self.listed else ():
            self.code(value)
        self._edges: Sequence[float] | None = None
        self._among: dict[tuple[Scalar, ...], NDArray[np.bool_]] = {}

    def code(self, value: Any) -> int:
        """The code of a value; ValueError, as from `Space.fill`, if it is not one of the hole's."""
        if value is _NONE:
            return 0
        self.hole.check(value, self.name)
        code = self.codes.setdefault((type(value), value), len(self.values))
        if code == len(self.values):
            self.values.append(value)
        return code

    def read(self, values: list[Any]) -> Codes:
        """The codes of the parameter's values in many fillings, `...` where it has none; errors as `code`."""
        try:
            codes = list(map(self.codes.get, zip(map(type, values), values, strict=True)))
        except TypeError:  # something that is no number or text
            codes = [None] * len(values)
        if None in codes:
            codes = [self.code(value) if code is None else code for code, value in zip(codes, values, strict=True)]
        return np.array(codes, np.int64)

    def drawn(self, shares: NDArray[np.float64]) -> Codes:
        """The codes of the values at many quantiles, as `hole.drawn` returns them one by one."""
        if not self.listed:
            return self.read([self.hole.drawn(share) for share in shares.tolist()])
        if self._edges is None:
            codes = range(2, len(self.values))
            self._edges = [bisect_left(range(_SHARES), code, key=self._drawn) / _SHARES for code in codes]
        return np.searchsorted(self._edges, shares, side="right") + 1

    def among(self, labels: tuple[Scalar, ...]) -> NDArray[np.bool_]:
        """For each code, whether its value is one of some labels."""
        known = self._among.get(labels)
        if known is None or len(known) < len(self.values):
            known = self._among[labels] = np.array([any(_same(x, y) for y in labels) for x in self.values])
        return known

    def _drawn(self, share: int) -> int:
        value = self.hole.drawn(share / _SHARES)
        return self.codes[type(value), value]


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def grouped(columns: Sequence[Codes], sizes: Sequence[int]) -> tuple[Codes, Codes]:
    """Groups of equal rows.

    Args:
        columns: whole numbers, a column each.
        sizes: for each column a number that all of its numbers are below.

    Returns:
        The index of one row of each group, and the number of the group of each row.
    """
    key, size = np.zeros(len(columns[0]), np.int64), 1
    for column, many in zip(columns, sizes, strict=True):
        if size * many >= 2**62:
            key, size = np.unique(key, return_inverse=True)[1], len(key)
        key, size = key * many + column, size * many
    if size > 8 * len(key) + 1_000:
        _, first, group = np.unique(key, return_index=True, return_inverse=True)
        return first, group
    one = np.full(size, -1)  # few possible rows: no need to sort
    one[key] = np.arange(len(key))
    met = np.flatnonzero(one >= 0)
    number = np.empty(size, np.int64)
    number[met] = np.arange(len(met))
    return one[met], number[key]
