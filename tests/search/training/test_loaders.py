"""Data that do not say how many they are, that end, that hold generators of their own: how they are trained on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, Sampler, TensorDataset

from archspec import Architecture, Classifier, Conv, choice
from search import Scored, Search, Task, Training
from search.tasks import inspecting
from search.tasks.batches import Batch, batches
from search.training.rates import planned
from search.training.trainer import train
from spaces import Space
from tests.search.training.watched import ACCURACY, PLAIN, SMALL, noise, watch

X, Y = noise().train
HELD = noise().validation
EXAMPLES = TensorDataset(X, Y)
SPACE = Space(Architecture(input=SMALL, body=[Conv(channels=choice(2, 3))], head=Classifier(classes=2)))


class Stream(IterableDataset[Any]):
    """All examples, one after the other, without a word of how many they are."""

    def __iter__(self) -> Iterator[Any]:
        return zip(X, Y, strict=True)


class Endless(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        while True:
            yield X[0], Y[0]


class Ending:
    """Batches that are fewer with each pass; of the third there is none."""

    def __init__(self) -> None:
        self.passes = 0

    def __iter__(self) -> Iterator[Batch]:
        self.passes += 1
        return zip(X[: 40 - 20 * self.passes].split(8), Y[: 40 - 20 * self.passes].split(8), strict=False)


def loaded(train: Any, validation: Any = HELD) -> Task:
    return Task("loaded", "classification", train, validation)


def test_batches_beyond_those_that_were_planned_are_of_the_last_step_of_their_epoch() -> None:
    assert [planned(epoch, batch, 3) for epoch in (0, 2) for batch in (1, 2, 3, 4, 9)] == [0, 1, 2, 2, 2, 6, 7, 8, 8, 8]


@pytest.mark.parametrize("data", [Stream(), DataLoader(Stream(), 8)], ids=["dataset", "loader"])
def test_data_without_a_length_are_learned_in_every_epoch(monkeypatch: pytest.MonkeyPatch, data: Any) -> None:
    training = Training(epochs=4, batch_size=8, learning_rate=0.4, patience=None)
    rates = [rate for step in watch(monkeypatch, training, task=loaded(data)).steps for rate in {*step.rates.values()}]
    assert rates == pytest.approx([0.4] * 8 + [0.3] * 4 + [0.1] * 4)


def test_an_epoch_without_a_batch_is_no_epoch() -> None:
    with pytest.raises(ValueError, match="gave no batch in epoch 2; they must give some each time"):
        train(PLAIN, loaded(Ending()), Training(epochs=3, patience=None), 0, ACCURACY)


def test_a_batch_without_an_example_is_left_out() -> None:
    assert [len(x) for x, _ in batches([(X[:2], Y[:2]), (X[:0], Y[:0]), (X[:3], Y[:3])], 8)] == [2, 3]


# Data of which a pass may not end, or is the only one, and what is said of them.
ONE_PASS, NO_END = "give no batch the second time", "have no length, and did not end within"
PASSES: dict[str, tuple[Callable[[], Task], float | None, str]] = {
    "a training that is spent": (lambda: loaded(zip(X.split(4), Y.split(4), strict=True)), None, ONE_PASS),
    "a validation that is spent": (lambda: loaded((X, Y), zip(X.split(4), Y.split(4), strict=True)), None, ONE_PASS),
    "a training without an end": (lambda: loaded(Endless()), None, NO_END),
    "a validation without an end": (lambda: loaded((X, Y), Endless()), None, NO_END),
    "a training without an end, for a while": (lambda: loaded(Endless()), 60.0, ""),
    "a training that ends": (lambda: loaded(Stream(), Stream()), None, ""),
}


@pytest.mark.parametrize("name", PASSES)
def test_data_are_passed_over_twice_or_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    make, seconds, wanted = PASSES[name]
    monkeypatch.setattr(inspecting, "PASS", 0.01 if wanted == NO_END or seconds else 60.0)
    found = Search(SPACE, make(), training=Training(epochs=2, seconds=seconds)).preflight()
    assert len(found.mistakes) == (1 if wanted else 0)
    assert wanted in "".join(found.mistakes)


def test_the_batches_of_a_pass_are_counted_where_they_are_not_told() -> None:
    assert inspecting.pass_mistakes(loaded(Stream()), "training", 8, limited=False) == (4, [])


class Shuffled(Sampler[int]):
    """An order by a generator of numpy, which goes on from one epoch to the next."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(0)

    def __iter__(self) -> Iterator[int]:
        return iter(self.generator.permutation(len(X)).tolist())

    def __len__(self) -> int:
        return len(X)


class Noisy(Dataset[Any]):
    """Examples times a random number, by a generator of their own."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return X[index] * float(self.source.random()), Y[index]


OWN: dict[str, Callable[[], Any]] = {
    "a loader": lambda: DataLoader(EXAMPLES, 8, shuffle=True, generator=torch.Generator()),
    "its sampler": lambda: DataLoader(EXAMPLES, 8, sampler=RandomSampler(EXAMPLES, generator=torch.Generator())),
    "a sampler of one's own": lambda: DataLoader(EXAMPLES, 8, sampler=Shuffled()),
    "its dataset, of Python's": lambda: DataLoader(Noisy(random.Random(0)), 8),
    "a dataset, of numpy's": lambda: Noisy(np.random.default_rng(0)),
    "a dataset, of numpy's former": lambda: Noisy(np.random.RandomState(0)),
}


@pytest.mark.parametrize("holder", OWN)
def test_what_data_draw_by_generators_of_their_own_follows_from_the_seed(holder: str) -> None:
    """A training does not depend on those that its worker has done before it."""
    task = loaded(OWN[holder]())
    found = [train(PLAIN, task, Training(epochs=2, batch_size=8), seed, ACCURACY) for seed in (1, 1, 2)]
    losses = [one.scores["loss"] for one in found if isinstance(one, Scored)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("holder", OWN)
def test_an_epoch_draws_other_numbers_than_the_one_before(monkeypatch: pytest.MonkeyPatch, holder: str) -> None:
    shown = watch(monkeypatch, Training(epochs=2, batch_size=8, patience=None), task=loaded(OWN[holder]())).shown
    assert not torch.equal(torch.cat(shown[:4]), torch.cat(shown[4:]))
