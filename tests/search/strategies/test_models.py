"""The models of `front` are what their equations say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import check_grad

from search.hypervolume import hypervolume
from search.strategies import gaussian_process
from search.strategies.gain import cells
from search.strategies.gaussian_process import GaussianProcess
from search.strategies.scale import Scale
from search.strategies.two_levels import Examples, TwoLevels

Array = NDArray[np.float64]
GROUPS = [[0], [1, 2]]


def examples(count: int = 12, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.random((count, 3))
    return x, np.sin(3 * x[:, 0]) + 0.3 * x[:, 1] + 0.01 * rng.normal(size=count)


def matern(squares: Array) -> Array:
    r = np.sqrt(squares)
    return np.asarray((1 + np.sqrt(5) * r + 5 / 3 * r**2) * np.exp(-np.sqrt(5) * r))


def covariance(a: Array, b: Array, lengths: Array) -> Array:
    """Nine tenths a sum of Matérn 5/2 of each group, one tenth that of all, written out."""
    parts = [((a[:, None, g] - b[None, :, g]) ** 2).sum(-1) / lengths[i] ** 2 for i, g in enumerate(GROUPS)]
    return 0.9 * (matern(parts[0]) + matern(parts[1])) / 2 + 0.1 * matern(parts[0] + parts[1])


@pytest.mark.parametrize("values", [None, 3])
def test_predictions_are_the_conditional_of_the_joint_normal_distribution(values: int | None) -> None:
    x, y = examples(24)
    z = np.random.default_rng(1).random((40, 3))
    if values:  # few values of each coordinate
        x, z = np.round(x * values) / values, np.round(z * values) / values
    model = GaussianProcess(GROUPS)
    model.lengths, model.noise = np.array([0.7, 1.9]), 0.1
    model.condition(x, y)
    known = covariance(x, x, model.lengths) + (0.1 + 1e-9) * np.eye(len(y))
    across, standard = covariance(z, x, model.lengths), (y - y.mean()) / y.std()
    mean, deviation = model.predict(z)
    np.testing.assert_allclose(mean, y.mean() + y.std() * across @ np.linalg.solve(known, standard))
    np.testing.assert_allclose(model.mean(z), mean)
    scale = y.var() * (standard @ np.linalg.solve(known, standard) + 1) / (len(y) + 1)
    left = 1 - np.einsum("ij,ji->i", across, np.linalg.solve(known, across.T))
    np.testing.assert_allclose(deviation, np.sqrt(scale * left))


def test_the_gradient_is_that_of_the_loss_and_the_loss_falls() -> None:
    x, y = examples()
    squares = np.stack([((x[:, None, g] - x[None, :, g]) ** 2).sum(-1) for g in GROUPS])
    standard = (y - y.mean()) / y.std()

    def loss(at: Array) -> float:
        return gaussian_process._loss(at, squares, standard)[0]

    for at in ([0.0, 0.5, -3.0], [-1.0, 1.0, -1.0]):
        error = check_grad(loss, lambda p: gaussian_process._loss(p, squares, standard)[1], np.array(at))
        assert error < 1e-4
    model = GaussianProcess(GROUPS)
    begun = loss(np.log([*model.lengths, model.noise]))
    model.fit(x, y)
    assert loss(np.log([*model.lengths, model.noise])) < begun


def test_points_are_told_apart_by_all_their_coordinates() -> None:
    points = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])
    distinct, index = gaussian_process._distinct(points)
    assert len(distinct) == 3
    np.testing.assert_array_equal(distinct[index], points)


def test_the_effect_of_a_value_is_learned_from_all_that_have_it() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (60, 6)) / 2
    rule = rng.normal(size=(6, 3))
    y = np.array([sum(rule[i, int(2 * v)] for i, v in enumerate(row)) for row in x])
    model = GaussianProcess([[i] for i in range(6)])
    model.fit(x[:24], y[:24])
    model.condition(x[:24], y[:24])
    assert np.abs(model.mean(x[24:]) - y[24:]).mean() < 0.25 * y.std()


def test_what_does_not_matter_gets_a_long_length_scale() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((40, 3))
    model = GaussianProcess(GROUPS)
    model.fit(x, np.sin(5 * x[:, 0]))
    assert model.lengths[1] > 4 * model.lengths[0]


@pytest.mark.parametrize("deviation", [1e-9, 0.3])
def test_the_expected_gain_is_the_mean_growth_of_the_hypervolume(deviation: float) -> None:
    rng = np.random.default_rng(3)
    costs, scores = rng.random((7, 1)), rng.random(7)
    at, mean = rng.random((4, 1)) * 1.2, rng.random(4)
    found = cells(costs, scores, np.zeros(1), np.ones(1), 0.0).expected(at, mean, np.full(4, deviation))
    front = [(float(c[0]), -float(s)) for c, s in zip(costs, scores, strict=True)]
    before = hypervolume(front, (1.0, 0.0))
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    for value, cost, middle in zip(found, at[:, 0], mean, strict=True):
        grown = [hypervolume([*front, (cost, -(middle + deviation * n))], (1.0, 0.0)) - before for n in nodes]
        assert value == pytest.approx(np.average(grown, weights=weights), abs=2e-3 if deviation > 0.1 else 1e-8)


def test_with_several_costs_the_expected_gain_is_nearly_the_growth_of_the_hypervolume() -> None:
    rng = np.random.default_rng(3)
    costs, scores = rng.random((5, 2)), rng.random(5)
    at, mean = rng.random((6, 2)) * 0.7, rng.random(6)
    found = cells(costs, scores, np.zeros(2), np.ones(2), 0.0).expected(at, mean, np.full(6, 1e-9))
    front = [(*map(float, c), -float(s)) for c, s in zip(costs, scores, strict=True)]
    before = hypervolume(front, (1.0, 1.0, 0.0))
    grown = [hypervolume([*front, (*c, -m)], (1.0, 1.0, 0.0)) - before for c, m in zip(at, mean, strict=True)]
    np.testing.assert_allclose(found, grown, atol=0.02)


def test_without_a_cost_the_expected_gain_is_the_expected_improvement() -> None:
    none = np.zeros((3, 0))
    found = cells(none, np.array([0.1, 0.7, 0.3]), np.zeros(0), np.zeros(0), 0.0)
    assert found.expected(np.zeros((1, 0)), np.array([0.9]), np.array([1e-9]))[0] == pytest.approx(0.2)


def test_shares_are_learned_as_log_odds_and_their_moments_are_those_of_shares() -> None:
    share = Scale([np.array([0.2]), np.array([0.9])], np.ones(1))
    scores = np.array([[0.3], [0.5]])
    np.testing.assert_allclose(share.units(scores), [np.log(3 / 7), 0])
    np.testing.assert_allclose(share.back(share.units(scores)), scores[:, 0])
    drawn = share.back(np.random.default_rng(0).normal(1.0, 0.7, 200_000))
    mean, deviation = share.moments(np.array([1.0]), np.array([0.7]))
    assert mean[0] == pytest.approx(drawn.mean(), abs=0.003)
    assert deviation[0] == pytest.approx(drawn.std(), abs=0.006)


def test_other_scores_are_learned_as_they_are_and_several_as_their_weighted_sum() -> None:
    for low, high in ((-2.0, 0.5), (0.5, 7.0)):
        plain = Scale([np.array([low]), np.array([high])], np.ones(1))
        np.testing.assert_array_equal(plain.units(np.array([[0.3]])), [0.3])
    both = Scale([np.array([0.0, 1.0]), np.array([2.0, 5.0])], np.array([0.25, 0.75]))
    np.testing.assert_allclose(both.units(np.array([[1.0, 2.0]])), [0.25 * 1 / 1 + 0.75 * 2 / 2])


def test_early_scores_tell_of_whole_trainings() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((40, 3))
    early, whole = np.sin(3 * x[:, 0]), 2 * np.sin(3 * x[:, 0]) + 1
    model = TwoLevels(GROUPS)
    model.fit(Examples(x[:30], early[:30]), Examples(x[:3], whole[:3]))
    told = np.abs(model.predict(x[30:])[0] - whole[30:]).mean()
    model.fit(Examples(x[:0], early[:0]), Examples(x[:3], whole[:3]))
    assert told < 0.5 * np.abs(model.predict(x[30:])[0] - whole[30:]).mean()
    assert not len(model.predict(x[:0])[0])
