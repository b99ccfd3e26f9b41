"""Answers of a predictor: each class has its own probability, numbers are in their units, the network is as scored."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from archspec import Architecture, Conv, Dense, Image, lower
from search import Predictor, Task
from search.tasks.preparation import Preparation


def answers(outputs: list[list[float]], kind: Any, **options: Any) -> list[Any]:
    """What is answered where the network gives these outputs."""
    return Predictor(nn.Identity(), Preparation(kind, **options)).predict_all(outputs)


def test_each_class_has_its_own_probability_and_the_largest_comes_first() -> None:
    first, second = answers([[1.0, 3.0], [0.0, 0.0]], "classification", classes=("zebra", "ape"))
    assert list(first) == ["ape", "zebra"]
    assert first["ape"] == pytest.approx(1 / (1 + math.exp(-2)))
    assert second == {"zebra": 0.5, "ape": 0.5}  # whatever is asked beside it
    assert list(answers([[2.0, 0.0, 1.0]], "classification")[0]) == ["0", "2", "1"]


def test_labels_are_answered_one_by_one() -> None:
    (found,) = answers([[0.0, 2.0]], "multilabel", classes=("b", "a"))
    assert found == pytest.approx({"a": 1 / (1 + math.exp(-2)), "b": 0.5})


def test_yes_or_no_is_the_probability_of_the_second_class() -> None:
    expected = pytest.approx(1 / (1 + math.exp(-1)))
    assert answers([[1.0]], "binary", classes=("no", "yes")) == [{"yes": expected}]
    assert answers([[1.0]], "binary") == [{"1": expected}]  # without names the classes are 0 and 1


def test_numbers_are_in_the_units_of_the_targets() -> None:
    assert answers([[1.5]], "regression", target_mean=(10.0,), target_spread=(2.0,)) == [13.0]
    (both,) = answers([[1.0, -1.0]], "regression", target_mean=(10.0, 0.0), target_spread=(2.0, 5.0))
    assert both.tolist() == [12.0, -5.0]


def test_each_position_has_the_class_of_its_largest_output() -> None:
    outputs = torch.zeros(1, 3, 2, 4)
    wanted = torch.tensor([[0, 1, 2, 0], [2, 2, 1, 1]])
    outputs[0].scatter_(0, wanted[None], 1.0)
    assert Preparation("dense").answers(outputs)[0].tolist() == wanted.tolist()


class Noted(nn.Module):
    """A network that answers whether it is in training, beside its input."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, torch.full_like(x, float(self.training))], 1)


def test_the_network_is_evaluated_and_an_export_has_its_preparation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = Preparation("regression", mean=(3.0,), spread=(2.0,), size=(1,))
    monkeypatch.setattr("search.prediction.load", lambda directory: nn.Sequential(nn.Flatten(), Noted().train()))
    assert Predictor.open(tmp_path).predict(np.array([[7.0]])) == pytest.approx(
        {"0": 1 / (1 + math.exp(-7)), "1": 1 / (1 + math.exp(7))}
    )
    (tmp_path / "preparation.json").write_text(json.dumps(prepared.to_data()))
    assert list(Predictor.open(tmp_path).predict(np.array([[7.0]]))) == [2.0, 0.0]


class Counting(nn.Module):
    """The means of examples; it notes how many it was given at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.given.append(len(x))
        return x.flatten(1).mean(1, keepdim=True)


@pytest.mark.parametrize(("count", "size", "given"), [(600, 2, [256, 256, 88]), (3, 2**21, [2, 1])])
def test_many_examples_are_answered_in_order_and_so_many_at_a_time(count: int, size: int, given: list[int]) -> None:
    model = Counting()
    assert Predictor(model, Preparation("regression")).predict_all(
        np.full((1, size), float(i)) for i in range(count)
    ) == [*range(count)]
    assert model.given == given


def test_a_predictor_reads_more_of_the_signal_at_the_same_rate() -> None:
    dense = Architecture(input=Image(size=(4, 6)), body=[Conv(channels=2)], head=Dense(outputs=2))
    predictor = Predictor(lower(dense), Preparation("dense", size=(4, 6)))
    tile = np.random.default_rng(0).normal(size=(4, 6))
    large = np.tile(tile, (3, 3))
    with pytest.raises(ValueError, match=r"\(1, 12, 18\), and the network takes \(1, 4, 6\); .*\.on_grid\(12, 18\)"):
        predictor.predict(large[None])
    larger = predictor.on_grid(12, 18)
    assert larger.preparation.size == (12, 18)
    answer = larger.predict(large)
    assert answer.shape == large.shape
    assert (answer[5:7, 7:11] == predictor.predict(tile)[1:3, 1:5]).all()  # where no kernel reaches over the border
    with pytest.raises(ValueError, match="only a network of archspec has other grids, not Counting"):
        Predictor(Counting()).on_grid(3)


def test_names_of_a_task_are_in_the_order_of_its_numbers() -> None:
    words = np.array(["low", "high", "low"] * 4)
    task = Task.from_arrays(np.zeros((12, 1, 3)), words, classes=("low", "high"), split=(1.0, 0.0, 0.0))
    counts = dict(zip(*np.unique(words, return_counts=True), strict=True))
    assert isinstance(task.train, tuple)
    assert task.train[1].sum() == counts["high"]
    assert task.preparation
    (found,) = task.preparation.answers(torch.tensor([[2.0, 0.0]]))
    assert next(iter(found)) == "low"
