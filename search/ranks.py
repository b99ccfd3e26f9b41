"""Non-dominated ranks and crowding distances of Deb et al. 2002, "A fast and elitist … genetic algorithm: NSGA-II"."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def ranks(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The non-dominated rank of each point: 0 for those that no other beats, then 1 for those that only these beat.

    Args:
        values: points in the rows, of shape (n, m); smaller is better in each of the m columns. What is not a number
            counts as infinitely bad.

    Returns:
        The ranks, of shape (n,). Equal points have equal ranks. It takes n passes over at most n points.
    """
    points = np.asarray(values, dtype=np.float64)
    points = np.where(np.isnan(points), np.inf, points)
    found = np.zeros(len(points), dtype=np.int64)
    # Sorted by the first column, then the second, …: no point is beaten by a later one.
    left = np.lexsort(points.T[::-1]) if points.size else np.arange(0)
    rank = 0
    while len(left):
        beaten = _beaten(points[left])
        found[left[~beaten]] = rank
        left = left[beaten]
        rank += 1
    return found


def _beaten(points: Floats) -> npt.NDArray[np.bool_]:
    """Which of the sorted points are beaten by another."""
    beaten = np.ones(len(points), dtype=bool)
    left = np.arange(len(points))
    while len(left):
        first, others = points[left[0]], points[left]
        beaten[left[(others == first).all(axis=1)]] = False
        left = left[(others < first).any(axis=1)]
    return beaten


def crowding(values: npt.ArrayLike) -> Floats:
    """The crowding distance of each point of one rank: how far its neighbours in each column are from one another.

    Args:
        values: points of equal rank in the rows, of shape (n, m), finite numbers.

    Returns:
        For each point, the sum over the columns of the gap between the next smaller and the next larger point, as a
        share of the column's range; infinite for a smallest and a largest point of a column. Of equal values in a
        column, the earlier row counts as the smaller one. A column of equal values adds nothing.
    """
    points = np.asarray(values, dtype=np.float64)
    found = np.zeros(len(points))
    for column in points.T if points.size else ():
        order = np.argsort(column, kind="stable")
        column = column[order]
        if (span := column[-1] - column[0]) > 0:
            found[order[[0, -1]]] = np.inf
            found[order[1:-1]] += (column[2:] - column[:-2]) / span
    return found


def best_first(values: npt.ArrayLike) -> list[int]:
    """The indices of points (n, m), best first: by rank, then those far from others of their rank, then in order."""
    points = np.asarray(values, dtype=np.float64)
    found, apart = ranks(points), np.zeros(len(points))
    for rank in set(found.tolist()):
        apart[found == rank] = crowding(points[found == rank])
    return [int(i) for i in np.lexsort((-apart, found))]
