"""A label that is ignored does not count, anywhere: as if its positions were not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from archspec import Architecture, Conv, Dense, Series
from search import Search, Task, Training
from search.errors import RunError
from search.reference import constant_scores
from search.tasks.ignoring import kept
from search.tasks.lacking import absent
from search.tasks.undefined import undefined_scores
from spaces import Space, choice

RNG = np.random.default_rng(5)
CLASSES = 3
X = RNG.normal(size=(40, 1, 6))
LABELS = RNG.integers(0, CLASSES, (40, 6))
LABELS[:, :2] = np.where(RNG.random((40, 2)) < 0.7, 255, LABELS[:, :2])
# The number of what does not count, and the kind of numbers that labels are.
NUMBERS = [(255, torch.uint8), (255, torch.int64), (-1, torch.int8), (-100, torch.int64), (1, torch.int32)]


def task(labels: Any = LABELS, ignored: int | None = 255, **options: Any) -> Task:
    return Task.from_arrays(X, labels, kind="dense", ignored=ignored, **options)


def drawn(seed: int, ignored: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs, targets of which some do not count, and whether they count."""
    generator = torch.Generator().manual_seed(seed)
    outputs = torch.randn(4, CLASSES, 5, generator=generator, dtype=torch.float64)
    targets = torch.randint(CLASSES, (4, 5), generator=generator)
    counts = torch.rand(4, 5, generator=generator) < 0.6
    targets = targets.where(counts, ignored)
    return outputs, targets.to(dtype), targets != ignored


@pytest.mark.parametrize(("ignored", "dtype"), NUMBERS)
@pytest.mark.parametrize("weights", [None, (0.5, 2.0, 3.0)])
@settings(deadline=None)  # metrics are imported in the first
@given(seed=st.integers(0, 10**6), smoothing=st.sampled_from([0.0, 0.2]))
def test_the_loss_is_that_of_the_positions_that_count(
    ignored: int, dtype: torch.dtype, weights: tuple[float, ...] | None, seed: int, smoothing: float
) -> None:
    outputs, targets, counts = drawn(seed, ignored, dtype)
    of_all = task(np.where(LABELS == 255, 0, LABELS), None, class_weights=weights)
    of_some = task(class_weights=weights, classes="abc").with_fields(ignored=ignored, train=(X, LABELS.clip(0, 2)))
    outputs.requires_grad_()
    loss = of_some.loss(outputs, targets, smoothing)
    (gradient,) = torch.autograd.grad(loss, outputs)
    assert not gradient.movedim(1, -1)[~counts].any()
    if not counts.any():
        assert loss == 0
        return
    alone = of_all.loss(outputs.movedim(1, -1)[counts], targets[counts], smoothing)
    assert torch.allclose(loss, alone, rtol=1e-12)
    (expected,) = torch.autograd.grad(alone, outputs)
    assert torch.allclose(gradient, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("ignored", "dtype"), NUMBERS)
@settings(deadline=None)  # metrics are imported in the first
@given(seed=st.integers(0, 10**6))
def test_scores_are_those_of_the_positions_that_count(ignored: int, dtype: torch.dtype, seed: int) -> None:
    names = ["f1", "auroc", "balanced_accuracy", "cohen_kappa"]
    outputs, targets, counts = drawn(seed, ignored, dtype)
    found = task(metrics=names).with_fields(ignored=ignored).scores(outputs, targets)
    if not counts.any():
        assert all(np.isnan(value) for value in found.values())
        return
    of_all = task(np.where(LABELS == 255, 0, LABELS), None, metrics=names)
    expected = of_all.scores(outputs.movedim(1, -1)[counts], targets[counts].long())
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_a_label_that_its_numbers_cannot_hold_is_nowhere() -> None:
    """Bytes have no -1, and torch compares them with 255."""
    targets = torch.full((2, 3), 255, dtype=torch.uint8)
    assert len(kept(targets, -1)) == 6
    assert not len(kept(targets, 255))
    outputs = torch.randn(2, 256, 3)
    assert task(ignored=-1).scores(outputs, targets)["accuracy"] == float((outputs.argmax(1) == 255).double().mean())


def test_whole_examples_can_be_ignored() -> None:
    y = np.where(RNG.random(40) < 0.5, -1, RNG.integers(0, 2, 40))
    of_some = Task.from_arrays(X, y, ignored=-1)
    outputs, known = torch.from_numpy(RNG.normal(size=(40, 2))), torch.from_numpy(y)
    there = known >= 0
    assert of_some.scores(outputs, known) == pytest.approx(of_some.scores(outputs[there], known[there]))
    assert of_some.outputs == 2


def test_a_batch_in_which_nothing_counts_is_no_step() -> None:
    outputs = torch.randn(2, CLASSES, 4, requires_grad=True)
    for options in ({}, {"class_weights": [1.0, 2.0, 3.0]}):
        loss = task(**options).loss(outputs, torch.full((2, 4), 255), 0.1)
        (gradient,) = torch.autograd.grad(loss, outputs)
        assert loss == 0
        assert not gradient.any()


def test_classes_are_counted_without_what_is_ignored() -> None:
    assert task().outputs == CLASSES
    counted = task(class_weights="balanced", split=(1.0, 0.0, 0.0))
    count = np.bincount(LABELS[LABELS != 255])
    assert len(torch.as_tensor(counted.class_weights)) == CLASSES
    assert np.allclose(counted.class_weights, count.sum() / (CLASSES * count))
    with pytest.raises(ValueError, match="2 class_weights for 3 classes"):
        task(class_weights=[1.0, 2.0])
    assert not list(absent(counted, CLASSES))
    lacking = task(np.where(LABELS == 1, 255, LABELS))
    assert "is of the class 1, so it is not learned" in next(absent(lacking, CLASSES))


def test_the_best_constant_answer_is_that_of_what_counts() -> None:
    counts = np.random.default_rng(1).random(LABELS.shape)
    most = task(np.where(counts < 0.6, 255, np.where(counts < 0.9, 2, 0)), classes="abc")
    assert isinstance(most.validation, tuple)
    y = most.validation[1]
    assert constant_scores(most).get("accuracy") == pytest.approx(float((y[y != 255] == 2).double().mean()))


def test_scores_are_defined_whose_classes_occur_among_what_counts() -> None:
    given_ = task(metrics=["auroc"])
    assert isinstance(given_.validation, tuple)
    assert not list(undefined_scores(given_, given_.validation[1], (CLASSES, 6)))
    nowhere = torch.full((4, 6), 255)
    unknown = given_.with_fields(validation=[(torch.zeros(4, 1, 6), nowhere)])  # of a loader, a batch proves nothing
    assert not list(undefined_scores(unknown, nowhere, (CLASSES, 6)))


def test_a_loss_and_metrics_of_ones_own_are_given_everything() -> None:
    seen: list[Tensor] = []

    def share(outputs: Tensor, targets: Tensor) -> float:
        seen.append(targets)
        return float((targets == 255).double().mean())

    own = task(metrics={"share": ("minimize", share)}, loss=nn.CrossEntropyLoss(ignore_index=255))
    outputs, targets, _ = drawn(1, 255, torch.int64)
    scores = own.scores(outputs, targets)
    assert seen[0].shape == targets.shape
    assert scores["share"] == float((targets == 255).double().mean())
    assert scores["loss"] == pytest.approx(task().scores(outputs, targets)["loss"])


@pytest.mark.parametrize("kind", ["binary", "multilabel", "regression"])
def test_only_classes_can_be_ignored(kind: Any) -> None:
    with pytest.raises(ValueError, match=f"the kind {kind} has none; leave it out"):
        Task.from_arrays(X, RNG.integers(0, 2, (40, 1)), kind=kind, ignored=0)


@pytest.mark.parametrize("odd", [True, 1.5, "255", [255]])
def test_what_is_ignored_is_one_whole_number(odd: Any) -> None:
    with pytest.raises(ValueError, match="ignored= is one label, a whole number such as 255 or -1, not "):
        task(ignored=odd)
    assert task(ignored=np.int64(255)).ignored == 255


def search(mine: Task) -> Search:
    space = Space(
        Architecture(
            input=Series(channels=1, length=6),
            body=[Conv(channels=choice(2, 3), kernel_size=3)],
            head=Dense(outputs=CLASSES),
        )
    )
    return Search(space, mine, trials=2, training=Training(epochs=2, batch_size=8), strategy="random")


def test_a_search_learns_what_counts_whatever_number_stands_elsewhere(tmp_path: Path) -> None:
    found = []
    for number in (255, -1):
        mine = task(np.where(LABELS == 255, number, LABELS), number, class_weights="balanced")
        found.append([trial.scores for trial in search(mine).run(tmp_path / str(number), watch=None).trials])
    assert found[0] == found[1]
    assert all(0 < scores["accuracy"] < 1 for scores in found[0])


def test_a_run_is_resumed_with_the_label_that_it_was_begun_with(tmp_path: Path) -> None:
    labels = np.arange(240).reshape(40, 6) % CLASSES
    search(task(labels, 2, classes="abc")).run(tmp_path / "run", watch=None)
    with pytest.raises(RunError, match="another ignored label: it was 2, and is not given now"):
        search(task(labels, None, classes="abc")).run(tmp_path / "run", watch=None)
