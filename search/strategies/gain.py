"""The gain in hypervolume that is expected of a candidate whose costs are known and whose score is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import qmc

Array = NDArray[np.float64]
CELLS = 256


@dataclass(frozen=True)
class Cells:
    """The space of costs divided into cells, in each of which the best known score at these costs is constant.

    Attributes:
        low: lower corners (cells, costs).
        high: upper corners (cells, costs).
        best: the best score of the front at the costs of each cell (cells,).
    """

    low: Array
    high: Array
    best: Array

    def expected(self, costs: Array, mean: Array, deviation: Array) -> Array:
        """The expected growth of the dominated volume by candidates of normally distributed scores: an array (n,).

        A candidate improves the cells above its costs to its score. In a cell of best score b the expected improvement
        is s·(z·Φ(z) + φ(z)), z = (m − b) / s (Jones et al. 1998); the sum is the expected hypervolume improvement
        (Emmerich et al. 2006), in closed form because only one objective is unknown.

        Args:
            costs: (n, costs), smaller is better.
            mean: of the score, (n,), larger is better.
            deviation: of the score, (n,).
        """
        volume = np.clip(self.high - np.maximum(self.low, costs[:, None]), 0, None).prod(-1)
        z = (mean[:, None] - self.best) / deviation[:, None]
        improvement = deviation[:, None] * (z * ndtr(z) + np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi))
        return np.asarray((volume * improvement).sum(1))


def _spread(axes: int) -> Array:
    """Points spread evenly over the unit cube (cells, axes)."""
    return qmc.Sobol(axes, scramble=False).random(CELLS) + 0.5 / CELLS if axes else np.zeros((1, 0))


def cells(costs: Array, scores: Array, lowest: Array, highest: Array, worst: float) -> Cells:
    """The cells of a front; exact for one cost, and a sample of small cells for several.

    Args:
        costs: costs (n, costs) of what is known; smaller is better.
        scores: its scores (n,); larger is better.
        lowest: the lowest costs (costs,).
        highest: the reference costs (costs,), beyond which nothing counts.
        worst: the reference score, below which nothing counts.
    """
    if costs.shape[1] == 1:
        order = np.lexsort((-scores, costs[:, 0]))
        reached = np.maximum.accumulate(np.append(worst, scores[order]))
        front = order[np.diff(reached) > 0]
        costs, scores = costs[front], scores[front]
        edges = np.unique(np.concatenate([lowest, costs[:, 0], highest]).clip(lowest[0], highest[0]))[:, None]
        low, high = (edges[:-1], edges[1:]) if len(edges) > 1 else (lowest[None], highest[None])
        inside = low
    else:
        points = _spread(costs.shape[1])
        inside = lowest + points * (highest - lowest)
        half = 0.5 * (highest - lowest) * CELLS ** (-1 / max(1, costs.shape[1]))
        low, high = inside - half, inside + half
    dominated = (costs[None] <= inside[:, None] + 1e-12).all(-1)
    best = np.where(dominated, scores, worst).max(1, initial=worst)
    return Cells(low, high, best)
