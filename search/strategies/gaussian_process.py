"""Regression by a Gaussian process, for a few hundred examples (Rasmussen & Williams 2006, chapters 2 and 5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize

Array = NDArray[np.float64]

# Log-normal priors, as (mean, deviation) of the logarithm, of a length scale and of the noise's share of the variance.
LENGTH, NOISE = (0.0, 1.0), (np.log(0.05), 1.0)
BOUNDS_LENGTH, BOUNDS_NOISE = (-3.0, 4.0), (-8.0, 1.0)


class GaussianProcess:
    """Real numbers y over vectors x: Matérn covariance (ν = 5/2), a length scale for each group of coordinates, noise.

    Args:
        groups: the indices of the coordinates that have a length scale in common.
    """

    def __init__(self, groups: Sequence[Sequence[int]]) -> None:
        self.groups = [list(group) for group in groups]
        self.lengths: Array = np.exp(np.full(len(self.groups), LENGTH[0]))
        self.noise = float(np.exp(NOISE[0]))
        self._x: Array = np.zeros((0, 0))
        self._root: Array = np.zeros((0, 0))
        self._weights: Array = np.zeros(0)
        self._mean, self._scale = 0.0, 1.0

    def fit(self, x: Array, y: Array) -> None:
        """Choose length scales and noise that have the largest posterior density given examples (n, d) and (n,)."""
        squares = np.stack([_squares(x[:, group], x[:, group]) for group in self.groups])
        start = np.concatenate([np.full(len(self.groups), LENGTH[0]), [NOISE[0]]])
        bounds = [BOUNDS_LENGTH] * len(self.groups) + [BOUNDS_NOISE]
        standard = (y - y.mean()) / (y.std() or 1.0)
        found = minimize(
            _loss, start, (squares, standard), "L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": 50}
        ).x
        self.lengths, self.noise = np.exp(found[:-1]), float(np.exp(found[-1]))

    def condition(self, x: Array, y: Array) -> None:
        """Take these examples, (n, d) and (n,), for what is known; length scales and noise stay as they are."""
        self._mean, deviation = float(y.mean()), float(y.std()) or 1.0
        standard = (y - self._mean) / deviation
        self._x = x
        covariance = _matern(self._distances(x, x)) + (self.noise + 1e-9) * np.eye(len(x))
        self._root = np.asarray(np.linalg.cholesky(covariance), np.float64)
        self._weights = cho_solve((self._root, True), standard)
        # The variance of the function for which the examples are most likely, with one more of variance 1.
        self._scale = deviation * float(np.sqrt((standard @ self._weights + 1) / (len(y) + 1)))
        self._weights = self._weights * deviation

    def predict(self, z: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the function, without noise, at points (m, d): two arrays (m,)."""
        across = _matern(self._distances(z, self._x))
        explained = solve_triangular(self._root, across.T, lower=True)
        left = np.clip(1 - (explained**2).sum(0), 1e-9, None)
        return self._mean + across @ self._weights, self._scale * np.sqrt(left)

    def _distances(self, a: Array, b: Array) -> Array:
        """Squared distances (n, m), in units of the length scales."""
        scaled = [
            np.concatenate([x[:, g] / s for g, s in zip(self.groups, self.lengths, strict=True)], 1) for x in (a, b)
        ]
        return _squares(*scaled)


def _squares(a: Array, b: Array) -> Array:
    """Squared Euclidean distances (n, m) of points (n, d) and (m, d)."""
    return np.asarray(np.clip((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T, 0, None))


def _matern(squares: Array) -> Array:
    """(1 + √5 r + 5 r² / 3) exp(−√5 r) of squared distances r²."""
    root = np.sqrt(5 * squares)
    return np.asarray((1 + root + root**2 / 3) * np.exp(-root))


def _loss(parameters: Array, squares: Array, y: Array) -> tuple[float, Array]:
    """The negative logarithm of the posterior density, and its gradient; the variance is the most likely one.

    Args:
        parameters: logarithms of the length scales and of the noise.
        squares: squared distances (groups, n, n) in each group of coordinates.
        y: (n,), of mean 0.
    """
    count, inverse = len(y), np.exp(-2 * parameters[:-1])
    noise = np.exp(parameters[-1])
    total = np.tensordot(inverse, squares, 1)
    root = np.linalg.cholesky(_matern(total) + (noise + 1e-9) * np.eye(count))
    precision = cho_solve((root, True), np.eye(count))
    weights = precision @ y
    variance = (y @ weights + 1) / (count + 1)
    off = np.concatenate([parameters[:-1] - LENGTH[0], [parameters[-1] - NOISE[0]]])
    spread = np.concatenate([np.full(len(inverse), LENGTH[1]), [NOISE[1]]])
    loss = 0.5 * (count + 1) * np.log(variance) + np.log(np.diag(root)).sum() + 0.5 * ((off / spread) ** 2).sum()
    sensitivity = 0.5 * (precision - np.outer(weights, weights) / variance)
    # dk/d(log length) = 5/3 (1 + √5 r) exp(−√5 r) · (this group's share of r²)
    roots = np.sqrt(5 * total)
    slope = sensitivity * (5 / 3 * (1 + roots) * np.exp(-roots))
    gradient = np.concatenate([inverse * np.tensordot(squares, slope, 2), [noise * np.trace(sensitivity)]])
    return float(loss), gradient + off / spread**2
