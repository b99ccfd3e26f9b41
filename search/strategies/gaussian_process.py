"""Regression by a Gaussian process, for a few hundred examples (Rasmussen & Williams 2006, chapters 2 and 5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize

Array = NDArray[np.float64]

# Log-normal priors, as (mean, deviation) of the logarithm, of a length scale and of the noise's share of the variance.
LENGTH, NOISE = (0.0, 1.0), (np.log(0.02), 1.0)
# The share of the variance that is a sum of functions of one group of coordinates each; the rest is a function of all.
ADDITIVE = 0.9
# Below this share of the pairs, covariances of distinct values are computed once.
FEW = 0.25
# Weights of coordinates by whose sum points are told apart.
MIX = np.random.default_rng(0).random(1_000)
BOUNDS_LENGTH, BOUNDS_NOISE = (-3.0, 4.0), (-8.0, 1.0)


class GaussianProcess:
    """Real numbers y over vectors x, as a sum of functions of each group of coordinates and of one of all, and noise.

    All covariances are Matérn's (ν = 5/2), with a length scale for each group. What is mostly a sum is learned from few
    examples: the effect of a value is learned from all that have it (Duvenaud et al. 2011, additive processes).

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
        covariance = self._covariance(x, x) + (self.noise + 1e-9) * np.eye(len(x))
        self._root = np.asarray(np.linalg.cholesky(covariance), np.float64)
        self._weights = cho_solve((self._root, True), standard)
        # The variance of the function for which the examples are most likely, with one more of variance 1.
        self._scale = deviation * float(np.sqrt((standard @ self._weights + 1) / (len(y) + 1)))
        self._weights = self._weights * deviation

    def mean(self, z: Array) -> Array:
        """Mean of the function at points (m, d): an array (m,)."""
        return self._mean + self._covariance(z, self._x) @ self._weights

    def predict(self, z: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the function, without noise, at points (m, d): two arrays (m,)."""
        across = self._covariance(z, self._x)
        explained = solve_triangular(self._root, across.T, lower=True, check_finite=False)
        left = np.clip(1 - (explained**2).sum(0), 1e-9, None)
        return self._mean + across @ self._weights, self._scale * np.sqrt(left)

    def _covariance(self, a: Array, b: Array) -> Array:
        """The covariance (n, m) of points (n, d) and (m, d), of variance 1."""
        scale = np.empty(a.shape[1])
        for group, length in zip(self.groups, self.lengths, strict=True):
            scale[group] = length
        a, b = a / scale, b / scale
        parts = np.zeros((len(a), len(b)))
        rows, columns = [np.zeros((len(a), 0))], [np.zeros((0, len(b)))]
        for group in self.groups:
            (distinct, i), (others, j) = _distinct(a[:, group]), _distinct(b[:, group])
            if len(distinct) * len(others) < FEW * parts.size:  # a value of few is looked up, which is much faster
                rows.append(_matern(_squares(distinct, others))[i])
                columns.append(np.asarray(np.arange(len(others))[:, None] == j, float))
            else:
                parts += _matern(_squares(a[:, group], b[:, group]))
        parts += np.concatenate(rows, 1) @ np.concatenate(columns)
        return ADDITIVE / len(self.groups) * parts + (1 - ADDITIVE) * _matern(_squares(a, b))


def _distinct(x: Array) -> tuple[Array, NDArray[np.intp]]:
    """The distinct ones of points (n, k), and of each point the index among them."""
    mixed = x @ MIX[: x.shape[1]] if x.shape[1] > 1 else x[:, 0]
    _, first, index = np.unique(mixed, return_index=True, return_inverse=True)
    return x[first], index


def _squares(a: Array, b: Array) -> Array:
    """Squared Euclidean distances (n, m) of points (n, d) and (m, d)."""
    if a.shape[1] == 1:
        return np.asarray((a - b[:, 0]) ** 2)
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
    count, groups = len(y), len(squares)
    noise = np.exp(parameters[-1])
    scaled = squares * np.exp(-2 * parameters[:-1])[:, None, None]
    total = scaled.sum(0)
    covariance = ADDITIVE / groups * _matern(scaled).sum(0) + (1 - ADDITIVE) * _matern(total)
    root = np.linalg.cholesky(covariance + (noise + 1e-9) * np.eye(count))
    precision = cho_solve((root, True), np.eye(count))
    weights = precision @ y
    variance = (y @ weights + 1) / (count + 1)
    off = np.concatenate([parameters[:-1] - LENGTH[0], [parameters[-1] - NOISE[0]]])
    spread = np.concatenate([np.full(groups, LENGTH[1]), [NOISE[1]]])
    loss = 0.5 * (count + 1) * np.log(variance) + np.log(np.diag(root)).sum() + 0.5 * ((off / spread) ** 2).sum()
    sensitivity = 0.5 * (precision - np.outer(weights, weights) / variance)
    slopes = ADDITIVE / groups * _slope(scaled) + (1 - ADDITIVE) * _slope(total)
    lengths = np.einsum("ij,gij,gij->g", sensitivity, slopes, scaled)
    gradient = np.concatenate([lengths, [noise * np.trace(sensitivity)]])
    return float(loss), gradient + off / spread**2


def _slope(squares: Array) -> Array:
    """What, times a group's squared distances, is the derivative of `_matern` for the logarithm of its length scale."""
    root = np.sqrt(5 * squares)
    return np.asarray(5 / 3 * (1 + root) * np.exp(-root))
