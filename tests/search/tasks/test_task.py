"""Tasks: split once, scored exactly, the test part out of the search's sight."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from search import Task, digits
from search.tasks.task import batch_count, batches

X = np.arange(100, dtype=np.float32).reshape(100, 1, 1, 1)
Y = np.repeat([0, 1], 50)


def test_the_parts_of_a_split_are_disjoint_whole_and_even_over_the_classes() -> None:
    task = Task.from_arrays(X, Y, seed=1)
    parts = [set(part[0].flatten().tolist()) for part in (task.train, task.validation, task.test)]
    assert set.union(*parts) == set(range(100))
    assert sum(map(len, parts)) == 100
    for part, share in zip((task.train, task.validation, task.test), (0.6, 0.2, 0.2), strict=True):
        counts = torch.bincount(part[1])
        assert abs(int(counts[0]) - int(counts[1])) <= 2
        assert abs(int(counts.sum()) - 100 * share) <= 2


def test_same_seed_same_split() -> None:
    first, again, other = (Task.from_arrays(X, Y, seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint


@pytest.mark.parametrize("split", [(0.5, 0.2, 0.2), (1.2, -0.1, -0.1)])
def test_a_split_is_shares_of_one(split: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        Task.from_arrays(X, Y, split=split)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="100 examples but 99 targets"):
        Task.from_arrays(X, Y[:-1])


def test_a_search_gets_no_test_data() -> None:
    assert Task.from_arrays(X, Y).without_test().test is None


@pytest.mark.parametrize("form", ["arrays", "datasets", "loaders"])
def test_every_form_of_data_gives_the_same_batches(form: str) -> None:
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    dataset = TensorDataset(x, y)
    task = {
        "arrays": Task("t", "classification", (x, y), (x, y)),
        "datasets": Task.from_datasets(dataset, dataset),
        "loaders": Task.from_loaders(DataLoader(dataset, 32), DataLoader(dataset, 32)),
    }[form]
    found = list(batches(task.validation, 32))
    assert torch.equal(torch.cat([a for a, _ in found]), x)
    assert torch.equal(torch.cat([b for _, b in found]), y)
    shuffled = list(batches(task.train, 32, shuffle_seed=5))
    assert sorted(torch.cat([a for a, _ in shuffled]).flatten().tolist()) == list(range(100))


def test_a_dataset_without_a_length_is_not_split() -> None:
    class Endless(Dataset[object]):
        def __getitem__(self, index: int) -> object:
            raise AssertionError

    with pytest.raises(TypeError, match="without a length cannot be split; give validation too"):
        Task.from_datasets(Endless())


def test_a_dataset_without_validation_gives_a_fifth_of_itself() -> None:
    task = Task.from_datasets(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)))
    assert (len(task.train), len(task.validation)) == (80, 20)


def test_what_a_dataset_gives_away_it_keeps_no_longer() -> None:
    task = Task.from_datasets(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)))
    kept, held = ({int(x) for x, _ in part} for part in (task.train, task.validation))
    assert kept | held == set(range(100))
    assert not kept & held


def test_every_class_has_its_share_of_each_part_however_rare_it_is() -> None:
    y = np.repeat([0, 1, 2], [600, 300, 100])[np.random.default_rng(0).permutation(1_000)]
    task = Task.from_arrays(np.zeros((1_000, 1, 1, 1)), y, split=(0.5, 0.3, 0.2))
    for part, share in zip((task.train, task.validation, task.test), (0.5, 0.3, 0.2), strict=True):
        counts = torch.bincount(part[1])
        assert all(abs(int(n) - share * of) <= 2 for n, of in zip(counts, (600, 300, 100), strict=True))


@pytest.mark.parametrize("part", ["train", "validation"])
def test_the_fingerprint_is_another_where_one_number_is(part: str) -> None:
    task = Task.from_arrays(X, Y)
    x, y = getattr(task, part)
    other = replace(task, **{part: (x.clone().index_fill_(0, torch.tensor([3]), 0.5), y)})
    assert other.fingerprint != task.fingerprint
    assert replace(task, **{part: (x.clone(), y)}).fingerprint == task.fingerprint


@pytest.mark.parametrize(("count", "size"), [(100, 32), (96, 32), (97, 32), (1, 32), (3, 32), (33, 32), (5, 1), (1, 1)])
@pytest.mark.parametrize("form", ["arrays", "dataset"])
def test_an_epoch_shows_every_example_but_one_left_over_in_as_many_batches_as_are_counted(
    form: str, count: int, size: int
) -> None:
    x, y = torch.arange(count), torch.zeros(count)
    data = (x, y) if form == "arrays" else TensorDataset(x, y)
    shown = [part for part, _ in batches(data, size, shuffle_seed=1)]
    assert batch_count(data, size) == len(shown)
    left_over = 1 if count % size == 1 and count > 1 and size > 1 else 0
    numbers = torch.cat(shown).tolist()
    assert len(numbers) == len(set(numbers)) == count - left_over
    assert [len(part) for part in shown[:-1]] == [size] * (len(shown) - 1)
    assert torch.equal(torch.cat([part for part, _ in batches(data, size)]), x)  # in evaluation nothing is left over


def test_the_loss_is_smoothed_in_training_and_never_in_a_score() -> None:
    outputs, targets = torch.tensor([[2.0, 0.0], [0.5, 1.0]]), torch.tensor([0, 0])
    task = Task.from_arrays(X, Y)
    wrong = [math.log(1 + math.exp(-2.0)), math.log(1 + math.exp(0.5))]
    assert task.scores(outputs, targets)["loss"] == pytest.approx(sum(wrong) / 2)
    # Smoothed by 0.2, one tenth of each answer should have been the other class, which costs its distance more.
    assert float(task.loss(outputs, targets, 0.2)) == pytest.approx(sum(wrong) / 2 + 0.1 * (2.0 - 0.5) / 2)


def test_a_name_that_no_file_can_hold_is_refused_when_the_task_is_made() -> None:
    x, y = torch.zeros(20, 1, 4), torch.arange(20) % 2
    assert Task.from_arrays(x, y, name="Kühe 🐄", classes=("é", "ü")).fingerprint
    with pytest.raises(ValueError, match=r"the name of the task 'a\\ud800' holds what is no character"):
        Task.from_arrays(x, y, name="a\ud800")
    with pytest.raises(ValueError, match=r"the class 'caf\\udce9' holds what is no character"):
        Task.from_arrays(x, y, classes=("tea", "caf\udce9"))


def test_scores_of_classification_and_regression() -> None:
    task = Task.from_arrays(X, Y, metrics={"first": lambda outputs, targets: float(outputs[0, 0])})
    scores = task.scores(torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]]), torch.tensor([0, 1, 1]))
    assert scores["accuracy"] == 2 / 3
    assert scores["first"] == 2.0
    task = Task.from_arrays(X, X[:, 0, 0], kind="regression")
    scores = task.scores(torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [4.0]]))
    assert scores["loss"] == 2.0
    assert scores["r2"] == pytest.approx(1 - 2 / 2.25)


def test_rotated_digits_are_turned_and_keep_their_ink() -> None:
    upright, turned = digits(size=16), digits(rotated=True)
    assert upright.train[0].shape[1:] == turned.train[0].shape[1:] == (1, 16, 16)
    assert digits().train[0].shape[1:] == (1, 8, 8)
    images = turned.train[0][:, 0]
    border = torch.cat([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], dim=1)
    assert float(border.mean()) < 0.02 * float(images.mean())
    assert digits(rotated=True).fingerprint == turned.fingerprint
