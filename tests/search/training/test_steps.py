"""Every step of a training, worked out by hand: its rate, its loss, its gradient, what AdamW makes of it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Gaussian,
    GroupPool,
    Lift,
    Magnet,
    Series,
    admissibility_penalty,
    lower,
)
from archspec.layers.aliasing import alias_penalty
from search import Task, Training
from search.training.rates import Rate, Schedule, parameter_groups, set_rates
from tests.search.training.watched import PLAIN, SMALL, Step, Watched, noise, watch

HEAD = Classifier(classes=2)
SMOOTH = Conv(channels=2, kernel=Magnet(hidden=4, omega_0=2.0), window=Gaussian(), band_limit="regularise")
REGULARISED = Architecture(input=SMALL, body=[SMOOTH, Activation()], head=HEAD)
WAVELETS = Architecture(
    input=Series(channels=1, length=32), body=[Lift(group="S2", channels=2, kernel_size=3), GroupPool()], head=HEAD
)


def test_the_rate_rises_over_the_warm_up_then_falls_as_a_cosine_to_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(epochs=5, batch_size=8, learning_rate=0.3, warmup=0.2, patience=None)
    rates = [set(step.rates.values()) for step in watch(monkeypatch, training).steps]
    rising = [0.3 * n / 4 for n in (1, 2, 3, 4)]
    falling = [0.15 * (1 + math.cos(math.pi * n / 16)) for n in range(16)]
    assert [round(rate, 12) for (rate,) in rates] == [round(rate, 12) for rate in rising + falling]


def test_with_a_cooldown_the_rate_is_constant_and_then_falls_as_one_minus_the_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training = Training(epochs=5, batch_size=8, learning_rate=0.3, warmup=0.2, cooldown=0.5, patience=None)
    rates = [rate for step in watch(monkeypatch, training).steps for rate in set(step.rates.values())]
    whole = [0.3 * n / 4 for n in (1, 2, 3, 4)] + [0.3] * 4 + [0.3 * (1 - math.sqrt(n / 12)) for n in range(12)]
    assert rates == pytest.approx(whole)
    shorter = [rate for step in watch(monkeypatch, training, epochs=2).steps for rate in set(step.rates.values())]
    assert shorter == pytest.approx(whole[:4] + [0.3 * (1 - math.sqrt(n / 4)) for n in range(4)])


def test_a_role_moves_at_its_factor_of_the_rate_once_it_moves() -> None:
    model = lower(REGULARISED)
    rates = {"window": Rate(factor=10.0, still=0.5), "kernel": Rate(factor=0.1)}
    optimizer = torch.optim.AdamW(parameter_groups(model, 1.0, 0.0, rates))
    windows = {id(p) for name, p in model.named_parameters() if ".window." in name}
    kernels = {id(p) for name, p in model.named_parameters() if ".kernel." in name}
    assert windows
    assert kernels
    for step in range(10):
        set_rates(optimizer, 1.0, step, Schedule(10, 0.1, 10))
        rate = 1.0 if step == 0 else 0.5 * (1 + math.cos(math.pi * (step - 1) / 9))
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                factor = 0.1 if id(parameter) in kernels else 1.0
                factor = (10.0 if step >= 5 else 0.0) if id(parameter) in windows else factor
                assert group["lr"] == pytest.approx(factor * rate)


def by_hand(step: Step, architecture: Architecture, task: Task, training: Training) -> dict[str, Tensor]:
    """The gradient of the loss of a step's batch, as it stood before the step, clipped to the norm."""
    model = lower(architecture)
    model.load_state_dict(step.state)
    outputs = model.train()(step.x)
    x, y = task.train
    labels = torch.stack([y[(x == one).flatten(1).all(1)][0] for one in step.x])
    loss = F.cross_entropy(outputs, labels, label_smoothing=training.label_smoothing)
    if architecture is REGULARISED:
        loss = loss + training.alias_penalty * alias_penalty(model)
    if architecture is WAVELETS:
        loss = loss + training.admissibility * admissibility_penalty(model)
    loss.backward()
    raw = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    norm = torch.sqrt(torch.stack([g.square().sum() for g in raw.values()]).sum())
    return {name: g * min(1.0, training.clip / float(norm)) for name, g in raw.items()}


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        (PLAIN, {"clip": 1e9, "label_smoothing": 0.0}),
        (PLAIN, {"clip": 1e9, "label_smoothing": 0.4}),
        (PLAIN, {"clip": 0.01}),
        (PLAIN, {"clip": 0.01, "precision": "fp16"}),
        (REGULARISED, {"alias_penalty": 0.3}),
        (WAVELETS, {"admissibility": 3.0}),
    ],
)
def test_the_gradient_is_that_of_the_smoothed_loss_and_its_penalties_clipped(
    architecture: Architecture, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    training, task = Training(epochs=1, batch_size=8, **options), noise(*architecture.signal.shape)
    watched = watch(monkeypatch, training, architecture, task)
    assert len(watched.steps) == 4
    tolerance = 1e-2 if training.precision == "fp16" else 1e-5
    for step in watched.steps:
        wanted = by_hand(step, architecture, task, training)
        assert step.gradients.keys() == wanted.keys()
        largest = max(float(g.abs().max()) for g in wanted.values())
        for name, gradient in wanted.items():
            assert float((step.gradients[name] - gradient).abs().max()) < tolerance * largest, name


def test_a_step_is_adamw_with_the_decay_of_weights_and_none_of_numbers_per_channel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = watch(monkeypatch, Training(epochs=2, batch_size=8, weight_decay=0.5, learning_rate=0.01))
    assert len(watched.steps) == 8
    for name in watched.steps[0].gradients:
        first, second = torch.zeros(()), torch.zeros(())
        for count, (step, after) in enumerate(pairwise(watched.steps), 1):
            gradient, rate = step.gradients[name], step.rates[name]
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            decay = 0.5 if step.state[name].dim() >= 2 else 0.0
            moved = (first / (1 - 0.9**count)) / ((second / (1 - 0.999**count)).sqrt() + 1e-8)
            wanted = step.state[name] * (1 - rate * decay) - rate * moved
            torch.testing.assert_close(after.state[name], wanted)


def test_the_first_weights_are_those_that_the_seed_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in (3, 4):
        first = watch(monkeypatch, Training(epochs=1), seed=seed).steps[0].state
        torch.manual_seed(seed)
        assert all(torch.equal(first[name], p) for name, p in lower(PLAIN).named_parameters())


def orders(watched: Watched, task: Task) -> list[list[int]]:
    """The examples in the order shown, for each epoch."""
    x = task.train[0]
    seen = torch.cat(watched.shown).flatten(1)
    numbers = torch.cdist(seen, x.flatten(1), compute_mode="donot_use_mm_for_euclid_dist").argmin(1)
    return [part.tolist() for part in numbers.split(len(x))]


def test_every_epoch_shows_each_example_once_in_an_order_of_its_own_that_follows_from_the_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training, task = Training(epochs=3, batch_size=8, patience=None), noise()
    first, again, other = (orders(watch(monkeypatch, training, task=task, seed=seed), task) for seed in (1, 1, 7))
    assert first == again
    epochs = first + other
    assert all(sorted(epoch) == list(range(32)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in [*epochs, list(range(32))]}) == 7
