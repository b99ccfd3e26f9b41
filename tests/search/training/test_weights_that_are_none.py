"""A network whose weights are NaN has diverged, even in the last step: it is no result, and breaks no record."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from search import Failed, Search, Task, Training
from search.objectives import Score
from search.result import Result
from search.training.settings import NUMBERS
from search.training.trainer import train
from tests.search.tiny import small_space


def without_gradient(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs, targets) + (outputs.sum() * 0).sqrt()


def task() -> Task:
    rng = np.random.default_rng(0)
    return Task.from_arrays(rng.normal(size=(60, 1, 6, 6)), np.arange(60) % 2, loss=without_gradient)


def test_weights_that_are_not_numbers_are_a_failure() -> None:
    training = Training(epochs=1, batch_size=64)
    outcome = train(small_space().default, task(), training, 0, Score("accuracy", True))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "diverged: a weight is infinite or not a number after epoch 1"


@pytest.mark.parametrize(
    "settings",
    [
        *({"clip": -1}, {"warmup": 2}, {"label_smoothing": -1}, {"weight_decay": -1}),
        *({"alias_penalty": -1}, {"admissibility": -1}, {"offsets": 2}),
    ],
)
def test_settings_out_of_their_range_are_one_sentence(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(settings))} is a number from"):
        Training(**settings)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        *((name, value, "a number") for name in NUMBERS for value in ("much", True)),
        *((name, None, "a number") for name in NUMBERS if name not in ("seconds", "cooldown")),
        ("device", 3, "a name, such as 'cuda'"),
        ("augment", 3, "the name of a group, such as 'D4'"),
    ],
)
def test_settings_of_another_type_are_one_sentence(name: str, value: Any, what: str) -> None:
    wrong: dict[str, Any] = {name: value}
    with pytest.raises((ValueError, TypeError)) as caught:
        Training(**wrong)
    assert (caught.type, str(caught.value)) == (ValueError, f"{name} is {what}, not {value!r}")


def test_rates_of_another_type_are_one_sentence() -> None:
    for rates in (3, {"window": 3}):
        wrong: dict[str, Any] = {"rates": rates}
        with pytest.raises(ValueError, match="rates are a Rate for each role, as in"):
            Training(**wrong)


def test_a_device_of_torch_is_the_device_of_its_name() -> None:
    own: dict[str, Any] = {"device": torch.device("cuda:1")}
    assert Training(**own) == Training(device="cuda:1")


@pytest.mark.thorough
def test_a_run_of_such_networks_can_be_read(tmp_path: Path) -> None:
    search = Search(small_space(), task(), trials=2, training=Training(epochs=1, batch_size=64))
    search.run(tmp_path, workers=1, watch=None)
    assert {trial.state for trial in Result.open(tmp_path).trials} <= {"failed", "rejected"}
