"""The hypervolume of a front: the volume of what its points dominate, up to a reference point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def hypervolume(points: ArrayLike, reference: Sequence[float]) -> float:
    """The volume dominated by points (n, m), smaller being better, up to a reference point (m,); exact.

    Points that are beyond the reference in some coordinate add nothing. Sliced along the last coordinate (While et al.
    2012 describe faster ways): n² log n steps for three coordinates.

    Raises:
        ValueError: the points and the reference have different numbers of coordinates.
    """
    corner = np.asarray(reference, float)
    if np.ndim(points) == 2 and np.shape(points)[1] != len(corner):
        raise ValueError(f"points have {np.shape(points)[1]} coordinates and the reference {len(corner)}")
    inside = np.asarray(points, float).reshape(-1, len(corner)) if np.size(points) else np.zeros((0, len(corner)))
    return _volume(inside[(inside < corner).all(1)], corner)


def hypervolumes(points: Iterable[Sequence[float] | None], reference: Sequence[float]) -> list[float]:
    """The hypervolume of the points so far, after each of them (see `hypervolume`); None adds nothing."""
    front: list[Sequence[float]] = []
    found: list[float] = []
    for point in points:
        if point is None or any(all(a <= b for a, b in zip(p, point, strict=True)) for p in front):
            found.append(found[-1] if found else 0.0)
            continue
        front = [p for p in front if not all(a <= b for a, b in zip(point, p, strict=True))] + [point]
        found.append(hypervolume(front, reference))
    return found


def _volume(points: NDArray[np.float64], corner: NDArray[np.float64]) -> float:
    if not len(points):
        return 0.0
    if len(corner) == 1:
        return float(corner[0] - points[:, 0].min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    if len(corner) == 2:
        reached = np.minimum.accumulate(points[:, 0])
        edges = np.append(points[:, 1], corner[1])
        return float(((corner[0] - reached) * np.diff(edges)).sum())
    edges = np.append(points[:, -1], corner[-1])
    depths = np.diff(edges)
    return float(sum(depth * _volume(points[: i + 1, :-1], corner[:-1]) for i, depth in enumerate(depths) if depth > 0))
