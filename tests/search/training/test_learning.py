"""What continuous kernels are for, learned: minutes of training each (make test-slow)."""

from __future__ import annotations

import pytest

from archspec import Fourier, Gaussian, Magnet, price
from archspec.layers.bank import Bank
from search import Training, copy_memory, nearby, recall, waves
from search.training.retraining import retrain
from tests.benchmarks import learned_size, long_memory, resolution_1d, resolution_2d

pytestmark = pytest.mark.slow


def test_copy_memory_is_solved_by_the_published_network() -> None:
    case = long_memory.CASES["copy100"]
    training = Training(
        epochs=12, batch_size=32, learning_rate=1e-3, weight_decay=0.0, patience=None, label_smoothing=0.0
    )
    (scores,) = retrain([case.network], copy_memory(100), training, (1,), case.score)
    assert scores[0]["recalled"] >= 0.999


def test_a_band_limited_network_keeps_its_accuracy_at_other_lengths() -> None:
    seed = 1
    architecture = resolution_1d.network(Magnet(), resolution_1d.SMOOTH)
    model = resolution_1d.trained(architecture, waves(length=resolution_1d.NATIVE, seed=seed), seed)
    native = resolution_1d.accuracy(model, resolution_1d.NATIVE, seed)
    assert native >= 80
    for length in resolution_1d.OTHERS:
        assert resolution_1d.accuracy(model.at_resolution(length), length, seed) >= native - 3


def test_the_whole_band_both_learns_and_transfers_in_two_dimensions() -> None:
    native, *others = resolution_2d.accuracies(Fourier(), None, seed=1)
    assert native >= 90
    assert min(others) >= native - 7


def test_a_window_grows_where_it_must_and_shrinks_where_it_may() -> None:
    seed = 1
    growing = learned_size.network(learned_size.SMOOTH, Gaussian(sigma=learned_size.THIRD))
    far = recall(length=learned_size.LENGTH, seed=seed)
    accuracy, model = learned_size.trained(growing, far, seed)
    short, _ = learned_size.trained(learned_size.of_three_taps(price(growing).flops), far, seed)
    assert accuracy >= short + 10
    assert max(m.taps[0] for m in model.modules() if isinstance(m, Bank) and m.window is not None) > 100
    wide = learned_size.network(learned_size.SMOOTH, Gaussian(sigma=learned_size.WHOLE))
    accuracy, model = learned_size.trained(wide, nearby(length=learned_size.LENGTH, seed=seed), seed)
    assert accuracy >= 90
    assert price(model).flops < 0.6 * price(wide).flops
