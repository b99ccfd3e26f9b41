"""Losses, scores and shares of few examples, worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import Subset, TensorDataset

from search import Task
from search.tasks.labels import known_labels, strata
from search.tasks.splitting import split
from search.training.evaluation import evaluate


def task(kind: Any, y: Tensor, **options: Any) -> Task:
    """A task of targets; its inputs do not matter."""
    data = torch.zeros(len(y), 1, 2), y
    return Task("by hand", kind, data, data, **options)


OUTPUTS = torch.tensor([[2.0], [-1.0], [0.25]])
YES = torch.tensor([1, 0, 0])


def test_a_weight_of_yes_or_no_multiplies_the_loss_of_its_examples() -> None:
    weighed = task("binary", YES, class_weights=[1.0, 3.0])
    each = [3 * softplus(torch.tensor(-2.0)), softplus(torch.tensor(-1.0)), softplus(torch.tensor(0.25))]
    assert float(weighed.loss(OUTPUTS, YES)) == pytest.approx(float(sum(each)) / 3)


def test_a_weight_of_a_label_multiplies_the_loss_where_it_is_and_not_where_it_is_not() -> None:
    outputs, y = torch.tensor([[2.0, 1.0], [-1.0, 0.5]]), torch.tensor([[1, 0], [0, 1]])
    weighed = task("multilabel", y, class_weights=[3.0, 5.0])
    there = 3 * softplus(torch.tensor(-2.0)) + 5 * softplus(torch.tensor(-0.5))
    absent = softplus(torch.tensor(1.0)) + softplus(torch.tensor(-1.0))
    assert float(weighed.loss(outputs, y)) == pytest.approx(float(there + absent) / 4)


@pytest.mark.parametrize("kind", ["binary", "multilabel"])
def test_smoothing_is_the_same_for_yes_and_for_no(kind: str) -> None:
    y = YES[:, None]
    wanted = torch.tensor([0.9, 0.1, 0.1])
    expected = (softplus(OUTPUTS[:, 0]) - wanted * OUTPUTS[:, 0]).mean()
    assert float(task(kind, y).loss(OUTPUTS, y, 0.2)) == pytest.approx(float(expected))


def test_the_union_of_what_is_found_and_what_is_there_counts_once_and_only_of_classes_that_occur() -> None:
    outputs = nn.functional.one_hot(torch.tensor([[0, 1, 1, 1]]), 3).movedim(-1, 1).float()
    y = torch.tensor([[0, 0, 1, 1]])
    assert task("dense", y).scores(outputs, y)["iou"] == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_a_label_that_is_nowhere_and_is_not_found_is_right() -> None:
    outputs, y = torch.tensor([[1.0, -1.0], [-1.0, -1.0]]), torch.tensor([[1, 0], [0, 0]])
    assert task("multilabel", y).scores(outputs, y)["f1"] == 1.0


def test_metrics_are_of_probabilities_and_their_direction_that_of_what_they_are() -> None:
    y = torch.ones(3, dtype=torch.long)
    outputs = torch.tensor([[0.3], [0.1], [0.6]])  # as probabilities two of these would be no
    assert task("binary", y, metrics={"found": "recall"}).scores(outputs, y)["found"] == 1.0
    assert task("regression", y.float(), metrics={"distance": "mae"}).directions == {"distance": False}


def test_a_class_counts_that_is_named_or_is_of_the_test_alone() -> None:
    few, more = (torch.zeros(2, 1, 2), torch.tensor([0, 1])), (torch.zeros(2, 1, 2), torch.tensor([0, 2]))
    assert Task("t", "classification", few, few, more).outputs == 3
    assert Task("t", "classification", few, few, classes=("a", "b", "c", "d")).outputs == 4


def test_scores_are_of_all_examples_alike_and_in_the_units_of_the_targets() -> None:
    """More than one batch, the last of which is short, of numbers that are learned standardised."""
    standard = torch.linspace(-1, 1, 300)
    scored = Task.from_arrays(
        standard[:, None], 10 + 4 * standard, kind="regression", metrics=["mae"], split=(1.0, 0.0, 0.0)
    )
    assert isinstance(scored.train, tuple)
    assert scored.preparation
    y = scored.train[1]
    mean, spread = scored.preparation.target_mean[0], scored.preparation.target_spread[0]
    learned = (y - mean) / spread
    learned[-3:] += 1.0  # three of the last 44 are off by one deviation
    found = evaluate(nn.Identity(), scored, (learned[:, None], y))
    assert found["mae"] == pytest.approx(3 * spread / 300, rel=1e-4)
    assert found["loss"] == pytest.approx(3 * spread**2 / 300, rel=1e-4)


def test_the_labels_of_a_subset_are_those_of_its_examples() -> None:
    part = Subset(TensorDataset(torch.zeros(4, 1), torch.tensor([5, 6, 7, 8])), [3, 1])
    found = known_labels(part)
    assert found is not None
    assert found.tolist() == [8, 6]


def shares(parts: Sequence[Tensor], labels: Tensor) -> list[int]:
    """How many examples of class 1 each part has."""
    return [int(labels[part].sum()) for part in parts]


@pytest.mark.parametrize("seed", range(3))
def test_groups_are_even_over_the_classes_that_most_of_their_examples_are_of(seed: int) -> None:
    of = torch.arange(80) % 2
    labels = torch.stack([of, of, of], 1)
    odd = torch.arange(80) // 2 % 2 == 0
    labels[odd, 0] = 1 - of[odd]
    groups = np.repeat(np.arange(80), 3)
    parts = split(240, (0.5, 0.25, 0.25), seed, labels.flatten(), groups)
    assert [len({int(i) // 3 for i in part}) for part in parts] == pytest.approx([40, 20, 20], abs=2)
    assert shares([part[part % 3 == 1] for part in parts], of.repeat_interleave(3)) == pytest.approx(
        [20, 10, 10], abs=1
    )


@pytest.mark.parametrize("seed", range(5))
def test_each_part_has_groups_that_hold_what_is_rare(seed: int) -> None:
    """Of 60 patients, of whom one in ten has the rare label in one of twenty recordings, none is split."""
    groups = np.repeat(np.arange(60), 20)
    rare = (torch.arange(1200) % 20 == 0) & (torch.arange(1200) < 120)
    common = torch.arange(1200) % 3 == 0
    for kind, targets in (("classification", rare.long()), ("multilabel", torch.stack([common, rare], 1))):
        parts = split(1200, (0.6, 0.2, 0.2), seed, strata(targets, kind), groups)
        assert min(shares(parts, rare)) >= 1
        assert len({int(patient) for part in parts for patient in set(groups[part])}) == 60
        assert sum(len(set(groups[part])) for part in parts) == 60


class Counted(TorchDispatchMode):
    """Counts the operations."""

    count = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return function(*args, **(kwargs or {}))


def test_many_groups_are_split_by_as_many_operations_as_few() -> None:
    """As each passes over all examples, a thousand groups would take as many times as long."""
    labels, counts = torch.arange(3000) % 3, []
    for groups in (10, 1000):
        with Counted() as operations:
            split(3000, (0.5, 0.3, 0.2), 0, labels, np.arange(3000) % groups)
        counts.append(operations.count)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_examples_of_no_group_are_not_one_group(missing: Any) -> None:
    with pytest.raises(ValueError, match="groups has no value for some of the examples; give each one"):
        split(6, (0.5, 0.5, 0.0), 0, None, ["a", "b", missing, "c", missing, "d"])


def test_groups_are_split_by_the_seed() -> None:
    groups = np.repeat(np.arange(20), 2)
    first, again, other = (split(40, (0.5, 0.5, 0.0), seed, None, groups)[0].tolist() for seed in (1, 1, 2))
    assert first == again != other


def held(y: Tensor, **options: Any) -> list[int]:
    made = Task.from_datasets(TensorDataset(torch.zeros(len(y), 1, 2), y), **options)
    assert isinstance(made.validation, Subset)
    return list(made.validation.indices)


def test_what_is_held_out_of_a_dataset_is_even_over_its_classes_and_does_not_split_its_groups() -> None:
    y = (torch.arange(100) % 10 == 0).long()
    assert [int(y[held(y, seed=seed)].sum()) for seed in range(5)] == [2] * 5
    kept_together = held(y, groups=np.arange(100) // 5)
    assert len(kept_together) == 5 * len({i // 5 for i in kept_together})
