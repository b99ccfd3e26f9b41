"""Augmentation: exact where the grid allows, of training data only, the same under the same seed, refused in time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import search.training.loop
from archspec import Activation, Architecture, Classifier, Conv, Group, GroupPool, Image, Lift, Series, Volume, lower
from archspec.symmetry.signals import smooth_noise
from search import Scored, Search, Task, Training
from search.errors import RunError
from search.objectives import Score
from search.training.augmentation import augmented, check_augmentation, moved
from search.training.retraining import retrain
from search.training.trainer import train
from spaces import Space, choice
from tests.search.tiny import bars, small_search, told

X = smooth_noise((12, 2, 9, 9), seed=0)
GOAL = Score("accuracy", True)
ARCHITECTURE = Architecture(
    input=Image(channels=1, size=(6, 6)), body=[Conv(channels=4), Activation()], head=Classifier(classes=2)
)


def distances(x: Tensor, y: Tensor) -> Tensor:
    """Between every row of one and every row of the other; by differences, so that equal rows have distance 0."""
    return torch.cdist(x.flatten(1), y.flatten(1), compute_mode="donot_use_mm_for_euclid_dist")


def all_elements(x: Tensor, name: str) -> list[Tensor]:
    group = Group(name)
    return [moved(x, group, torch.full((len(x),), element)) for element in range(group.order)]


def test_quarter_turns_and_flips_are_array_operations() -> None:
    turns = all_elements(X, "C4")
    assert all(torch.equal(turned, X.rot90(k, (2, 3))) for k, turned in enumerate(turns))
    images = all_elements(X, "D4")
    expected = [y.rot90(k, (2, 3)) for y in (X, X.flip(2)) for k in range(4)]
    assert all(sum(torch.equal(one, other) for other in images) == 1 for one in expected)


def test_the_elements_of_o_are_rotations_of_the_volume_and_those_of_oh_reflections_too() -> None:
    x = smooth_noise((1, 1, 5, 5, 5), seed=1)
    rotations, all_ = all_elements(x, "O"), all_elements(x, "Oh")
    assert len({y.numpy().tobytes() for y in rotations}) == 24
    assert len({y.numpy().tobytes() for y in all_}) == 48
    mirrors = [y.flip(3) for y in rotations]
    assert all(any(torch.equal(y, z) for z in all_) for y in mirrors)
    assert not any(torch.equal(y, z) for y in mirrors for z in rotations)


def test_eighths_of_a_turn_are_interpolated_and_two_are_nearly_a_quarter() -> None:
    eighths, quarters = all_elements(X, "C8"), all_elements(X, "C4")
    assert all(torch.equal(one, other) for one, other in zip(eighths[::2], quarters, strict=True))
    twice = moved(eighths[1], Group("C8"), torch.ones(len(X), dtype=torch.long))
    middle = (..., slice(3, 6), slice(3, 6))
    assert float((twice - quarters[1])[middle].norm() / quarters[1][middle].norm()) < 0.1
    assert float((X - quarters[1])[middle].norm() / quarters[1][middle].norm()) > 0.3


@pytest.mark.parametrize("name", ["C4", "D4", "C8"])
def test_every_example_is_moved_by_itself_and_every_element_is_as_likely(name: str) -> None:
    x = X[:1, :1].repeat(4_000, 1, 1, 1)
    ((y, labels),) = augmented([(x, torch.arange(4_000))], name, seed=0)
    assert torch.equal(labels, torch.arange(4_000))
    every = torch.cat(all_elements(X[:1, :1], name))
    distance = distances(y, every)
    assert float(distance.amin(1).max()) < 1e-9
    counts = torch.bincount(distance.argmin(1), minlength=len(every))
    assert float((counts / 4_000 * len(every) - 1).abs().max()) < 0.2


def test_the_same_seed_moves_alike_and_no_group_moves_nothing() -> None:
    batches = [(X, torch.zeros(12)), (X + 1, torch.ones(12))]
    first, again, other = ([x for x, _ in augmented(batches, "D4", seed)] for seed in (1, 1, 2))
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(torch.equal(one, two) for one, two in zip(first, other, strict=True))
    assert not torch.equal(first[0], first[1] - 1)
    assert all(x is y for (x, _), (y, _) in zip(augmented(batches, None, 0), batches, strict=True))


def seen(monkeypatch: pytest.MonkeyPatch, training: Training, task: Task) -> list[tuple[bool, Tensor]]:
    """What a network is shown in training and in evaluation."""
    found: list[tuple[bool, Tensor]] = []

    def watched(architecture: Architecture) -> nn.Module:
        model = lower(architecture)
        model.register_forward_pre_hook(lambda module, inputs: found.append((module.training, inputs[0].clone())))
        return model

    monkeypatch.setattr(search.training.loop, "lower", watched)
    assert isinstance(train(ARCHITECTURE, task, training, 3, GOAL), Scored)
    return found


def test_training_data_are_moved_anew_each_epoch_and_validation_data_never(monkeypatch: pytest.MonkeyPatch) -> None:
    task = bars()
    assert isinstance(task.train, tuple)
    assert isinstance(task.validation, tuple)
    found = seen(monkeypatch, Training(epochs=3, augment="D4"), task)
    held = [x for training, x in found if not training]
    assert held
    assert all(torch.equal(x, task.validation[0]) for x in held)
    shown = torch.cat([x for training, x in found if training]).flatten(1)
    count = len(task.train[0])
    images = torch.cat(all_elements(task.train[0], "D4"))
    still = (distances(shown, task.train[0]).amin(1) == 0).float().mean()
    assert float(still) == pytest.approx(1 / 8, abs=0.06)
    assert not distances(shown, images).amin(1).any()
    epochs = [torch.sort(epoch.sum(1)).values for epoch in shown.split(count)]  # a sum does not turn
    assert all(torch.allclose(one, two, atol=1e-4) for one, two in pairwise(epochs))
    orders = [{row.numpy().tobytes() for row in epoch} for epoch in shown.split(count)]
    assert len(orders[0] & orders[1]) < count / 2


def test_without_it_they_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    task = bars()
    assert isinstance(task.train, tuple)
    shown = torch.cat([x for training, x in seen(monkeypatch, Training(epochs=1), task) if training]).flatten(1)
    assert not distances(shown, task.train[0]).amin(1).any()


def test_the_same_seed_gives_the_same_outcome_and_another_group_another() -> None:
    outcomes = [
        train(ARCHITECTURE, bars(), Training(epochs=3, augment=name), 5, GOAL) for name in ("D1", "D1", "C2", None)
    ]
    first, again, other, plain = [outcome.scores for outcome in outcomes if isinstance(outcome, Scored)]
    assert first == again
    assert len({scores["loss"] for scores in (first, other, plain)}) == 3


class Killed(BaseException):
    """Stands for a signal that ends the process."""


def test_a_training_taken_up_again_moves_as_one_that_was_never_stopped(tmp_path: Path) -> None:
    training, checkpoint = Training(epochs=4, augment="C4"), tmp_path / "1.pt"
    whole = train(ARCHITECTURE, bars(), training, 7, GOAL)

    def kill(epoch: int, score: float) -> None:
        if epoch == 2:
            raise Killed

    with pytest.raises(Killed):
        train(ARCHITECTURE, bars(), training, 7, GOAL, None, checkpoint, kill)
    resumed = train(ARCHITECTURE, bars(), training, 7, GOAL, None, checkpoint)
    assert isinstance(whole, Scored)
    assert isinstance(resumed, Scored)
    assert resumed.scores == whole.scores


def test_the_group_is_recorded_with_the_run(tmp_path: Path) -> None:
    options = {"training": Training(epochs=1, augment="C2")}
    result = small_search(2, **options).run(tmp_path, workers=1)
    assert result.study.user_attrs["training"]["augment"] == "C2"
    assert told(small_search(2, **options).run(tmp_path, workers=1)) == told(result)
    with pytest.raises(RunError, match="holds a search with another training"):
        small_search(2, training=Training(epochs=1, augment="C4")).run(tmp_path, workers=1)


def shaped(*grid: int, targets: tuple[int, ...] = ()) -> Task:
    x = np.zeros((20, 1, *grid), dtype=np.float32)
    return Task.from_arrays(
        x, np.zeros((20, *targets), dtype=int) + np.arange(20).reshape(-1, *(1,) * len(targets)) % 2
    )


@pytest.mark.parametrize(
    ("name", "task", "says"),
    [
        ("C4", shaped(16), r"augment: C4 does not act on the 1 axes of task; groups that do: C1 or D1$"),
        ("C4xS2", shaped(6, 6), r"the scales of C4xS2 would leave .*; groups for task: C1, C2, C4, … or D1, D2"),
        ("O", shaped(6, 6), r"O does not act on the 2 axes of task; groups that do: C1, C2, C4, … or D1, D2"),
        ("C4", shaped(6, 8), r"C4 turns axis 0 into axis 1, but the grid is 6×8; .* such as C2 or D1"),
        ("Q8", shaped(6, 6), r"augment: unknown group 'Q8'"),
        ("C4", shaped(6, 6, targets=(6, 6)), r"but not its targets, which have a value for each position"),
    ],
)
def test_a_group_that_does_not_fit_is_refused_before_anything_is_trained(name: str, task: Task, says: str) -> None:
    grid = tuple(task.train[0].shape[2:])
    entry = Image(channels=1, size=grid) if len(grid) == 2 else Series(channels=1, length=grid[0])
    architecture = Architecture(input=entry, body=[Conv(channels=choice(1, 2))], head=Classifier(classes=2))
    training = Training(epochs=1, augment=name)
    with pytest.raises(ValueError, match=says):
        Search(Space(architecture), task, training=training)
    with pytest.raises(ValueError, match=says):
        retrain([ARCHITECTURE], task, training, (0,))


@pytest.mark.parametrize(
    ("name", "task"),
    [("D1", shaped(16)), ("C2", shaped(6, 8)), ("D2", shaped(6, 8)), ("C8", shaped(6, 6)), ("Oh", shaped(4, 4, 4))],
)
def test_one_that_fits_is_not(name: str, task: Task) -> None:
    check_augmentation(name, task)


def test_datasets_and_volumes_are_moved_too() -> None:
    x, y = torch.randn(40, 1, 4, 4, 4), torch.arange(40) % 2
    dataset = torch.utils.data.TensorDataset(x, y)
    task = Task.from_datasets(dataset, dataset)
    body = [Lift(group="T", channels=1, kernel_size=3), Activation(), GroupPool()]
    architecture = Architecture(input=Volume(channels=1, size=(4, 4, 4)), body=body, head=Classifier(classes=2))
    assert isinstance(train(architecture, task, Training(epochs=1, augment="O"), 0, GOAL), Scored)
