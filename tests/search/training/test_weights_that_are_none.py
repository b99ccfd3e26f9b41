"""A network whose weights are NaN has diverged, even in the last step: it is no result, and breaks no record."""

from pathlib import Path

import numpy as np
import pytest
import torch.nn.functional as F
from torch import Tensor

from search import Failed, Search, Task, Training
from search.objectives import Score
from search.result import Result
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
    "settings", [{"clip": -1}, {"warmup": 2}, {"label_smoothing": -1}, {"weight_decay": -1}, {"clip": True}]
)
def test_settings_out_of_their_range_are_one_sentence(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(settings))} is a number from"):
        Training(**settings)


@pytest.mark.thorough
def test_a_run_of_such_networks_can_be_read(tmp_path: Path) -> None:
    search = Search(small_space(), task(), trials=2, training=Training(epochs=1, batch_size=64))
    search.run(tmp_path, workers=1, watch=None)
    assert {trial.state for trial in Result.open(tmp_path).trials} <= {"failed", "rejected"}
