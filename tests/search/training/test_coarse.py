"""Trainings whose first epochs are at a coarser sampling rate: the same parameters, on examples sampled anew."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Magnet,
    Norm,
    Series,
    Table,
    freeze,
    price,
)
from archspec.kernels import Kernel
from archspec.network.statistics import reestimate
from search import Scored, Training
from search.events import Finished, Proposed
from search.outcome import Outcome, Stopped
from search.record.history import History, Settings
from search.spending import ahead, spent, training_flops
from search.training import loop, trainer
from search.training.loop import Loop
from search.training.weights import load_network
from search.trial import Trial
from tests.laws.counting import counted
from tests.search.training.watched import ACCURACY, LOSS, copied, noise

# Epochs at 4, 4, 8, 8, 16 and 16 points.
RISING = Training(epochs=6, batch_size=8, patience=None, coarse={2: 1 / 3, 4: 1 / 3})
HALF = Training(epochs=4, batch_size=8, patience=None, coarse={2: 0.5})
GRIDS = [4, 4, 8, 8, 16, 16]


def network(kernel: Any = None, length: int = 16, norm: bool = True) -> Architecture:
    conv = Conv(channels=2, kernel_size=5, kernel=Magnet(hidden=4, layers=1) if kernel is None else kernel)
    body = [conv, *([Norm()] if norm else []), Activation(), conv]
    return Architecture(input=Series(channels=1, length=length), body=body, head=Classifier(classes=2))


def trained(directory: Path, training: Training = RISING, kernel: Kernel | None = None, **options: Any) -> Outcome:
    """The outcome of a training on noise by its loss, and files in a directory; a second passes at each look."""
    clock = count()
    directory.mkdir(parents=True, exist_ok=True)
    files = {"weights": directory / "weights", "checkpoint": directory / "checkpoint"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "running_time", lambda: next(clock))
        return trainer.train(network(kernel), noise(1, 16), training, 3, LOSS, **files, **options)


class Killed(BaseException):
    """Stands for a signal that ends the process."""


def killer(at: int) -> Callable[[int, float], None]:
    def kill(epoch: int, score: float) -> None:
        if epoch == at:
            raise Killed

    return kill


@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_a_training_killed_while_coarse_or_after_ends_as_one_that_was_not(at: int, tmp_path: Path) -> None:
    whole, again = tmp_path / "whole", tmp_path / "again"
    expected = trained(whole)
    with pytest.raises(Killed):
        trained(again, each_epoch=killer(at))
    assert isinstance(expected, Scored)
    found = trained(again)
    assert isinstance(found, Scored)
    assert (found.curve, found.scores) == (expected.curve, expected.scores)
    assert (again / "weights").read_bytes() == (whole / "weights").read_bytes()


@pytest.mark.parametrize("pause", [1, 2, 3])
def test_a_pause_while_coarse_has_what_it_has_and_goes_on_as_if_it_had_not_paused(pause: int, tmp_path: Path) -> None:
    expected = trained(tmp_path / "whole")
    paused = trained(tmp_path / "paused", epochs=pause, trunk=tmp_path / "trunk")
    assert isinstance(expected, Scored)
    assert isinstance(paused, Stopped)
    assert paused.epochs == pause
    assert paused.curve == expected.curve[:pause]
    # Of the epochs at its present resolution, the best.
    assert paused.scores["loss"] == pytest.approx(min(paused.curve[2 * ((pause - 1) // 2) :]))
    found = trained(tmp_path / "on", trunk=tmp_path / "trunk")
    assert isinstance(found, Scored)
    assert found.curve == expected.curve
    assert (tmp_path / "on" / "weights").read_bytes() == (tmp_path / "whole" / "weights").read_bytes()


def test_with_a_cooldown_a_whole_training_goes_on_from_the_coarse_trunk_of_a_shorter_one(tmp_path: Path) -> None:
    training = replace(RISING, cooldown=1 / 3)
    expected = trained(tmp_path / "whole", training)
    short = trained(tmp_path / "short", training, epochs=4, trunk=tmp_path / "trunk")
    assert isinstance(expected, Scored)
    assert isinstance(short, Stopped)
    assert short.curve[:2] == expected.curve[:2]
    assert (tmp_path / "trunk").exists()
    found = trained(tmp_path / "on", training, trunk=tmp_path / "trunk")
    assert isinstance(found, Scored)
    assert found.curve == expected.curve
    assert (tmp_path / "on" / "weights").read_bytes() == (tmp_path / "whole" / "weights").read_bytes()


def test_the_weights_of_a_pause_while_coarse_are_of_the_whole_network_with_statistics_of_its_own_grid(
    tmp_path: Path,
) -> None:
    trained(tmp_path, epochs=2)
    task, model = noise(1, 16), load_network(network(), tmp_path / "weights")
    before = copied(model)
    assert isinstance(task.train, tuple)
    reestimate(model, [task.train[0]])
    for name, value in copied(model).items():
        assert torch.allclose(value, before[name], atol=1e-6), name


def test_shares_of_zero_are_no_coarse_epochs_and_tables_are_trained_at_the_full_rate(tmp_path: Path) -> None:
    plain = Training(epochs=2, batch_size=8)
    none = Training(epochs=2, batch_size=8, coarse={2: 0.0})
    assert none == plain
    assert none.record() == plain.record() == {"epochs": 2, "batch_size": 8}
    coarse = Training(epochs=2, batch_size=8, coarse={2: 0.5})
    for name, kernel, same in (("table", Table(), True), ("function", None, False)):
        one = trained(tmp_path / name / "full", plain, kernel)
        two = trained(tmp_path / name / "coarse", coarse, kernel)
        assert isinstance(one, Scored)
        assert isinstance(two, Scored)
        assert (one.curve == two.curve) is same
        weights = [(tmp_path / name / kind / "weights").read_bytes() for kind in ("full", "coarse")]
        assert (weights[0] == weights[1]) is same


def test_the_epochs_are_at_rising_rates_with_the_same_parameters_and_one_optimizer() -> None:
    task = noise(1, 16)
    training = Loop(network(), task, RISING, 3, LOSS, 6)
    own = [id(parameter) for parameter in training.model.parameters()]
    grids = []
    for _ in range(6):
        before = {name: value.detach().clone() for name, value in training.model.named_parameters()}
        moved = training.on(training.grids.at(training.done))
        assert [id(parameter) for parameter in moved.parameters()] == own
        assert all(torch.equal(value, before[name]) for name, value in moved.named_parameters())
        assert training.epoch(lambda: None) is None
        grids.append(training.model.grid[0])
    assert grids == GRIDS
    steps = [int(state["step"]) for state in training.optimizer.state.values()]
    assert steps == [6 * 4] * len(own)


def test_at_the_step_to_a_finer_grid_statistics_are_those_of_the_finer_grid() -> None:
    task = noise(1, 16)
    training = Loop(network(), task, HALF, 3, LOSS, 4)
    for _ in range(2):
        training.epoch(lambda: None)
    coarse = copied(training.model)
    finer = copied(training.on((16,)))
    model = training.model.at_resolution(16)
    assert isinstance(task.train, tuple)
    reestimate(model, [task.train[0]])
    for name, value in copied(model).items():
        assert torch.allclose(value, finer[name], atol=1e-6), name
    assert any(not torch.allclose(coarse[name], value) for name, value in finer.items() if "running" in name)


def scripted(
    scores: Sequence[float], training: Training, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> tuple[Outcome, list[dict[str, Tensor]]]:
    """The outcome of a training whose evaluations find these accuracies, and the states of the networks then."""
    given, states = iter(scores), list[dict[str, Tensor]]()

    def evaluated(model: nn.Module, *rest: object) -> dict[str, float]:
        states.append(copied(model))
        return {"accuracy": next(given)}

    with monkeypatch.context() as patched:
        patched.setattr(loop, "evaluate", evaluated)
        return trainer.train(network(), noise(1, 16), training, 3, ACCURACY, **options), states


def test_the_scores_of_coarse_epochs_never_select(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scores = [0.9, 0.95, 0.3, 0.2, 0.3]
    outcome, states = scripted(scores, HALF, monkeypatch, weights=tmp_path / "w")
    assert isinstance(outcome, Scored)
    assert outcome.curve == tuple(scores[:4])
    kept = copied(load_network(network(), tmp_path / "w"))
    assert all(torch.equal(value, states[2][name]) for name, value in kept.items())


def test_coarse_scores_do_not_count_as_those_that_are_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, _ = scripted([0.9, 0.9, math.nan, math.nan, 0.9], HALF, monkeypatch)
    assert not isinstance(outcome, Scored)


@pytest.mark.parametrize(
    ("scores", "epochs"), [([0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1, 0.0], 7), ([0.9, 0.8, 0.7, 0.6, 0.3, 0.4, 0.1, 0.0], 8)]
)
def test_patience_counts_no_coarse_epoch(scores: list[float], epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(epochs=8, batch_size=32, patience=2, coarse={2: 0.5})
    outcome, _ = scripted([*scores[:epochs], 0.0], training, monkeypatch)
    assert isinstance(outcome, Scored)
    assert outcome.epochs == epochs


def test_a_coarse_epoch_costs_what_the_network_that_is_trained_there_takes() -> None:
    architecture, task = network(norm=False), noise(1, 16)
    examples, steps = 32, 4
    training = Loop(architecture, task, RISING, 3, LOSS, 6)
    each = []
    for _ in range(6):
        training.epoch(lambda: None)
        x = torch.zeros(1, 1, *training.model.grid)
        forward = counted(freeze(training.model), x)
        kernels = training.model.cost().kernel_macs
        each.append(3 * (forward * examples + 2 * kernels * steps))
    assert each[0] < each[2] < each[4]
    history = History(Settings({"examples": examples, "training": json.loads(json.dumps(RISING.record()))}))
    for number, (epochs, parent) in enumerate([(3, None), (None, 0)]):
        costs = {"architecture": architecture, "hash": architecture.hash, "cost": price(architecture)}
        history.observe(Proposed(Trial(number, number, {}, epochs=epochs, parent=parent, **costs)))
        took = each[:3] if number == 0 else each[3:]
        assert ahead(history[number], history, 6, True).flops == sum(took)
        history.observe(Finished(number, Stopped({}, epochs or 6, 0.0)))
    assert spent(history).flops == training_flops(history[0], 6) == sum(each)
