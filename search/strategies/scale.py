"""Scores in the units of a model: shares between 0 and 1 as their log odds, others as they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Shares are kept this far from 0 and 1, whose log odds are infinite.
EDGE = 0.01
# The nodes and weights by which a normal distribution is integrated.
NODES = np.linspace(-2.4, 2.4, 13)
WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()


class Scale:
    """Turns a score, or the weighted sum of several, into the number that a model learns, and back.

    Args:
        scores: all known scores (n, scores); larger is better, so what is minimised has the opposite sign.
        weights: weight of each score, in units of its deviation.
    """

    def __init__(self, scores: Sequence[Array], weights: Array) -> None:
        known = np.stack(scores)
        spread = known.std(0) if len(weights) > 1 else np.ones(1)
        self._weights = weights / np.where(spread > 0, spread, 1)
        self._share = len(weights) == 1 and bool(((known >= 0) & (known <= 1)).all())

    def units(self, scores: Array) -> Array:
        """Scores (n, scores) in the units of the model (n,)."""
        found = scores @ self._weights
        if not self._share:
            return np.asarray(found)
        share = np.clip(found, EDGE, 1 - EDGE)
        return np.asarray(np.log(share / (1 - share)))

    def early(self, scores: Sequence[float]) -> Array:
        """Early scores (n,), of the first objective alone, in units of the model."""
        return self.units(np.array(scores, float)[:, None]) if len(self._weights) == 1 else np.array(scores, float)

    def back(self, y: Array) -> Array:
        """What `units` was made of, as one score (n,)."""
        return np.asarray(1 / (1 + np.exp(-y))) if self._share else y

    def moments(self, mean: Array, deviation: Array) -> tuple[Array, Array]:
        """Mean and deviation of the score, for those of what the model predicts."""
        if not self._share:
            return mean, deviation
        values = self.back(mean[:, None] + deviation[:, None] * NODES)
        middle = values @ WEIGHTS
        return middle, np.sqrt(np.clip(values**2 @ WEIGHTS - middle**2, 1e-10, None))
