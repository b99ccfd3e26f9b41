"""Scores of whole trainings, predicted from the architecture and from scores after a few epochs.

A Gaussian process of the early scores; and, of what its prediction times a slope leaves of the scores of whole
trainings, another (Kennedy & O'Hagan 2000, the autoregressive model of two levels).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.strategies.gaussian_process import GaussianProcess

Array = NDArray[np.float64]
# What is believed of whole trainings before two of them are known, in deviations of the early scores: that they are
# better by the first, give or take the second. And the weight, in examples, of the belief that they rise with the early
# scores as steeply as 0.8 deviations for one.
BETTER, SLOPE, WEIGHT = (1.0, 0.7), 0.8, 1.0


class Examples(NamedTuple):
    """Features (n, d) and scores (n,)."""

    x: Array
    y: Array


class TwoLevels:
    """The model of two levels; of one, where there are no early scores.

    Args:
        groups: indices of the features that have a length scale in common.
    """

    def __init__(self, groups: Sequence[Sequence[int]]) -> None:
        self.early, self.rest = GaussianProcess(groups), GaussianProcess(groups)
        self._trend: Array | None = None
        self._unknown = (0.0, 1.0)

    def fit(self, early: Examples, whole: Examples) -> None:
        """Estimate the length scales, and take the examples for what is known."""
        if len(early.y):
            self.early.fit(*early)
        self._condition_early(early)
        if len(whole.y) > 1:
            self.rest.fit(whole.x, whole.y - self._line(whole))
        self.condition(early, whole)

    def condition(self, early: Examples, whole: Examples) -> None:
        """Take the examples for what is known; the length scales stay as they are."""
        self._condition_early(early)
        self._trend = None
        if len(whole.y) > 1:
            left = whole.y - self._line(whole)
            self.rest.condition(whole.x, left)

    def predict_early(self, z: Array) -> Array:
        """The mean of the early score at points (m, d)."""
        return self.early.mean(z)

    def predict(self, z: Array) -> tuple[Array, Array]:
        """Mean and deviation of the score of a whole training at points (m, d)."""
        early = self.predict_early(z) if self._has_early else np.zeros(len(z))
        if self._trend is None:
            shift, deviation = self._unknown
            return early + shift, np.full(len(z), deviation)
        mean, deviations = self.rest.predict(z)
        return self._trend[0] + self._trend[1] * early + mean, deviations

    def _condition_early(self, early: Examples) -> None:
        self._has_early = bool(len(early.y))
        if self._has_early:
            self.early.condition(*early)
            deviation = max(float(early.y.std()), 1e-6)
            self._unknown = BETTER[0] * deviation, BETTER[1] * deviation

    def _line(self, whole: Examples) -> Array:
        """The scores of whole trainings as a linear function of the predicted early ones; its weights are kept."""
        if not self._has_early:
            self._trend = np.array([float(whole.y.mean()), 0.0])
            return np.full(len(whole.y), whole.y.mean())
        early = self.predict_early(whole.x)
        design = np.stack([np.ones(len(early)), early], 1)
        ridge = WEIGHT * max(float(whole.y.std()), 1e-3)
        left, right = design.T @ design, design.T @ whole.y
        self._trend = np.linalg.solve(
            left + np.diag([1e-3, WEIGHT]), right + np.array([1e-3 * whole.y.mean(), SLOPE * ridge])
        )
        return np.asarray(design @ self._trend)
