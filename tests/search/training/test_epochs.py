"""What happens between the epochs of a training: what is measured, what is kept, when it ends, how it goes on."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Cost,
    Disc,
    Dropout,
    Gaussian,
    GroupPool,
    Image,
    Lift,
    Magnet,
    Norm,
    Siren,
    lower,
)
from archspec.network.offsets import turn
from archspec.network.statistics import reestimate
from search import Failed, Scored, Training
from search.events import Epoch, Finished, Proposed
from search.outcome import Stopped
from search.record.history import History, Settings
from search.spending import spent, training_flops
from search.training import loop, trainer
from search.training.evaluation import evaluate
from search.trial import Trial
from tests.search.training.watched import ACCURACY, LOSS, PLAIN, SMALL, Watched, copied, noise, watch

HEAD = Classifier(classes=2)
FORGETFUL = Architecture(input=SMALL, body=[Dropout(rate=0.5), Conv(channels=2), Norm(), Activation()], head=HEAD)
KERNEL = {"channels": 2, "kernel_size": 3, "kernel": Siren(hidden=4), "window": Disc()}
TURNING = Architecture(
    input=SMALL, body=[Lift(group="C4", **KERNEL), Norm(), Activation(), Conv(**KERNEL), GroupPool()], head=HEAD
)
WINDOWED = Architecture(
    input=Image(channels=1, size=(9, 9)),
    body=[Conv(channels=2, kernel_size=9, kernel=Magnet(hidden=4, layers=1), window=Gaussian(sigma=0.6))],
    head=HEAD,
)


def scored(watched: Watched) -> Scored:
    assert isinstance(watched.outcome, Scored)
    return watched.outcome


def test_scores_are_those_of_a_network_in_evaluation_on_validation_data(monkeypatch: pytest.MonkeyPatch) -> None:
    task = noise()
    watched = watch(monkeypatch, Training(epochs=2, batch_size=8), task=task)
    assert [e.data is task.validation for e in watched.evaluations] == [True] * 3
    assert not any(e.training for e in watched.evaluations)
    model = lower(PLAIN)
    model.load_state_dict(watched.evaluations[-1].state)
    assert isinstance(task.validation, tuple)
    x, y = task.validation
    with torch.no_grad():
        outputs = model.eval()(x)
    loss = torch.nn.functional.cross_entropy(outputs, y)
    accuracy = (outputs.argmax(1) == y).double().mean()
    assert scored(watched).scores == pytest.approx({"loss": float(loss), "accuracy": float(accuracy)})
    assert all(torch.equal(value, copied(model)[name]) for name, value in watched.evaluations[-1].state.items())


@pytest.mark.parametrize(
    ("goal", "scores", "best"),
    [
        (ACCURACY, [0.5, 0.9, 0.7, 0.6], 1),
        (ACCURACY, [0.9, 0.5, 0.7, 0.8], 0),
        (ACCURACY, [0.5, 0.7, 0.7, 0.6], 2),
        (LOSS, [0.5, 0.3, 0.9, 0.4], 1),
    ],
)
def test_the_weights_kept_are_those_of_the_best_epoch_and_the_latest_of_equals(
    goal: object, scores: list[float], best: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    training = Training(epochs=4, patience=None)
    watched = watch(monkeypatch, training, goal=goal, scores=[*scores, 0.1], weights=tmp_path / "w")
    assert scored(watched).curve == tuple(scores)
    kept, measured = load_file(tmp_path / "w"), watched.evaluations[-1].state
    for name, value in watched.evaluations[best].state.items():
        assert torch.equal(kept[name], value)
        assert torch.equal(measured[name], value)
    each = [torch.cat([value.flatten() for value in e.state.values()]) for e in watched.evaluations[:4]]
    assert len({state.numpy().tobytes() for state in each}) == 4


@pytest.mark.parametrize(
    ("patience", "scores", "epochs"),
    [
        (2, [0.5, 0.4, 0.4, 0.9, 0.9], 3),
        (2, [0.5, 0.4, 0.6, 0.4, 0.3], 5),
        (1, [0.5, 0.6, 0.7, 0.1, 0.9], 4),
        (None, [0.5, 0.4, 0.3, 0.2, 0.1], 5),
    ],
)
def test_patience_is_the_number_of_epochs_that_may_be_no_better(
    patience: int | None, scores: list[float], epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(epochs=5, patience=patience)
    assert scored(watch(monkeypatch, training, scores=[*scores, 0.5])).epochs == epochs


def test_dropout_drops_others_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[torch.Tensor] = []

    class Noted(Watched):
        def lower(self, architecture: Architecture) -> torch.nn.Module:
            model = super().lower(architecture)
            dropout = model.get_submodule("body_0_dropout")
            dropout.register_forward_hook(lambda m, inputs, y: kept.append(y != 0) if m.training else None)
            return model

    noted = Noted()
    monkeypatch.setattr(loop, "lower", noted.lower)
    trainer.train(FORGETFUL, noise(), Training(epochs=3, batch_size=32, patience=None), 0, ACCURACY)
    assert len({mask.numpy().tobytes() for mask in kept}) == 3


class Killed(BaseException):
    """Stands for a signal that ends the process."""


@pytest.mark.parametrize("at", [1, 3])
def test_a_training_taken_up_again_ends_as_one_that_was_never_stopped(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(epochs=5, batch_size=8, patience=None)
    clock = count()
    monkeypatch.setattr(loop, "running_time", lambda: next(clock))
    scores = [0.5, 0.7, 0.6, 0.4, 0.3, 0.1]

    def kill(epoch: int, score: float) -> None:
        if epoch == at:
            raise Killed

    def run(name: str, scores: list[float], **options: Any) -> Watched:
        files: Any = {"weights": tmp_path / f"{name}.safetensors", "checkpoint": tmp_path / f"{name}.pt"}
        return watch(monkeypatch, training, FORGETFUL, scores=scores, **files, **options)

    whole = run("whole", scores)
    with pytest.raises(Killed):
        run("killed", scores, each_epoch=kill)
    assert (tmp_path / "killed.pt").exists()
    again = run("killed", scores[at:])
    assert [step.rates for step in again.steps] == [step.rates for step in whole.steps[4 * at :]]
    assert scored(again).curve == scored(whole).curve
    assert scored(again).epochs == 5
    assert (tmp_path / "killed.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()
    for one, two in zip(again.evaluations, whole.evaluations[at:], strict=True):
        assert all(torch.equal(one.state[name], value) for name, value in two.state.items())


def test_the_seconds_before_an_interruption_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def pass_time(epoch: int, score: float) -> None:
        nonlocal now
        now += 100
        if now == 200:
            raise Killed

    monkeypatch.setattr(loop, "running_time", lambda: now)
    training = Training(epochs=4)
    with pytest.raises(Killed):
        watch(monkeypatch, training, checkpoint=tmp_path / "c", each_epoch=pass_time)
    # The second epoch's checkpoint was written 100 seconds after the beginning.
    assert scored(watch(monkeypatch, training, checkpoint=tmp_path / "c", each_epoch=pass_time)).seconds == 300


def test_a_checkpoint_of_another_training_is_left_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(epoch: int, score: float) -> None:
        raise Killed

    training = Training(epochs=2)
    with pytest.raises(Killed):
        watch(monkeypatch, training, checkpoint=tmp_path / "c", each_epoch=kill)
    other = replace(training, learning_rate=1e-3)
    alone = watch(monkeypatch, other)
    assert scored(watch(monkeypatch, other, checkpoint=tmp_path / "c")).curve == scored(alone).curve
    assert len(alone.steps) == 2


def test_what_is_evaluated_has_its_windows_fitted_and_costs_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = watch(monkeypatch, Training(epochs=3, learning_rate=0.1, patience=None), WINDOWED, noise(1, 9, 9))
    for evaluation in watched.evaluations:
        model = lower(WINDOWED)
        model.load_state_dict(evaluation.state)
        assert not model.fit()
    assert model.cost() != lower(WINDOWED).cost()
    assert scored(watched).cost == model.cost()
    assert scored(watch(monkeypatch, Training(epochs=1))).cost is None


def test_offsets_move_the_last_share_of_the_steps_and_are_taken_back_for_evaluation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turned: list[tuple[int, bool]] = []
    task = noise()
    x = task.train[0]
    training = Training(epochs=4, batch_size=8, offsets=0.25, patience=None)
    watched = Watched()

    def noted(model: torch.nn.Module, rng: object) -> None:
        turned.append((len(watched.shown), rng is not None))
        turn(model, rng)

    def evaluated(model: torch.nn.Module, *rest: object) -> dict[str, float]:
        fresh = lower(TURNING)
        fresh.load_state_dict(model.state_dict())
        with torch.no_grad():
            assert torch.equal(model.eval()(x), fresh.eval()(x))  # its kernels are at the elements
        reestimate(fresh, [x])
        for name, value in model.state_dict().items():
            torch.testing.assert_close(value, fresh.state_dict()[name])
        return evaluate(model, *rest)

    monkeypatch.setattr(loop, "turn", noted)
    monkeypatch.setattr(loop, "lower", watched.lower)
    monkeypatch.setattr(loop, "evaluate", evaluated)
    assert isinstance(trainer.train(TURNING, task, training, 0, ACCURACY), Scored)
    assert [step for step, moves in turned if moves] == [12, 13, 14, 15]
    assert [step for step, moves in turned if not moves] == [4, 8, 12, 16]


@pytest.mark.parametrize(("cooldown", "pauses", "common"), [(1 / 3, [3], 2), (None, [3], 3), (None, [1, 4], 4)])
def test_a_longer_training_goes_on_from_shorter_ones_as_if_it_had_been_alone(
    cooldown: float | None, pauses: list[int], common: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(epochs=6, batch_size=8, patience=None, cooldown=cooldown, learning_rate=0.1)
    clock = count()
    monkeypatch.setattr(loop, "running_time", lambda: next(clock))
    told: list[tuple[int, float]] = []

    def run(name: str, epochs: int, **options: Any) -> Watched:
        return watch(
            monkeypatch, training, FORGETFUL, weights=tmp_path / f"{name}.safetensors", epochs=epochs, **options
        )

    for epochs in pauses:
        short = run("short", epochs, trunk=tmp_path / "trunk")
    alone = run("alone", 6)
    longer = run("longer", 6, trunk=tmp_path / "trunk", each_epoch=lambda epoch, score: told.append((epoch, score)))
    assert isinstance(short.outcome, Stopped)
    assert short.outcome.epochs == pauses[-1]
    assert short.outcome.curve[:common] == scored(alone).curve[:common]
    # An epoch has four steps.
    assert [step.rates for step in longer.steps] == [step.rates for step in alone.steps[4 * common :]]
    assert scored(longer).curve == scored(alone).curve
    assert told == list(enumerate(scored(alone).curve, 1))
    assert (tmp_path / "longer.safetensors").read_bytes() == (tmp_path / "alone.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("cooldown", "pauses"), [(None, [1, 3]), (1 / 3, [3]), (1 / 3, [1, 3]), (2 / 3, [1, 3]), (1.0, [3])]
)
def test_a_run_counts_the_epochs_that_are_trained(
    cooldown: float | None, pauses: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(epochs=6, batch_size=8, patience=None, cooldown=cooldown)
    history = History(Settings({"examples": 32, "training": training.record()}))
    trained = 0
    for number, epochs in enumerate([*pauses, None]):
        parent = number - 1 if number else None
        trial = Trial(number, number, {}, hash="h", epochs=epochs, parent=parent, cost=Cost(macs=1))
        history.observe(Proposed(trial))
        foreseen = history.length(history[number], 6)
        watched = watch(monkeypatch, training, epochs=epochs, trunk=tmp_path / "trunk")
        history.observe(Finished(number, watched.outcome))
        assert len(watched.steps) == 4 * foreseen == 4 * history.trained(history[number])
        trained += foreseen
    assert spent(history).epochs == trained
    assert spent(history).flops == training_flops(history[0], trained)


def test_a_pause_that_patience_ended_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(epochs=6, batch_size=8, patience=1)
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    short = watch(monkeypatch, training, epochs=4, trunk=tmp_path / "trunk", scores=scores)
    assert isinstance(short.outcome, Stopped)
    assert short.outcome.epochs == 2
    longer = watch(monkeypatch, training, trunk=tmp_path / "trunk", scores=scores[2:])
    alone = watch(monkeypatch, training, scores=scores)
    assert not longer.steps
    assert (scored(longer).curve, scored(longer).epochs) == (scored(alone).curve, 2)


def test_epochs_whose_word_a_kill_lost_count_too() -> None:
    history = History()
    history.observe(Proposed(Trial(0, 0, {}, hash="h", cost=Cost(macs=1))))
    history.observe(Epoch(0, 2, 0.5))
    history.observe(Finished(0, Failed("diverged")))
    assert spent(history).epochs == 2


def test_what_another_training_left_before_its_cooldown_is_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(epochs=6, batch_size=8, patience=None, cooldown=1 / 3)
    watch(monkeypatch, training, epochs=3, trunk=tmp_path / "trunk")
    other = replace(training, learning_rate=0.1)
    assert len(watch(monkeypatch, other, trunk=tmp_path / "trunk").steps) == 24
    assert len(watch(monkeypatch, training, epochs=2, trunk=tmp_path / "trunk").steps) == 8  # it is longer than that


def test_with_a_cooldown_patience_counts_its_epochs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(epochs=6, batch_size=32, patience=2, cooldown=0.5)
    worse = watch(monkeypatch, training, scores=[0.9, 0.5, 0.4, 0.3, 0.2, 0.9])
    assert scored(worse).epochs == 5
