"""Retraining: every architecture under every seed, chosen by validation data and measured on test data."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from archspec import Architecture, Classifier, Pointwise, lower
from search import Task, Training
from search.training import retraining
from search.training.evaluation import evaluate
from search.training.randomness import seed_epoch
from search.training.trainer import train
from tests.search.training.watched import ACCURACY, PLAIN, SMALL, noise

OTHER = Architecture(input=SMALL, body=[Pointwise(channels=1)], head=Classifier(classes=2))
TRAINING = Training(epochs=3, batch_size=8)


class Here:
    """In place of a pool of processes."""

    def __init__(self, workers: int, **options: Any) -> None: ...

    def __enter__(self) -> Here:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def map(self, call: Callable[..., Any], *each: Iterable[Any]) -> Iterator[Any]:
        return map(call, *each)


def test_scores_are_those_of_each_architecture_under_each_seed_on_test_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, seen = noise(), []

    def watched(architecture: Architecture, given: Task, *rest: Any, **options: Any) -> Any:
        seen.append(given.test)
        return train(architecture, given, *rest, **options)

    def by_hand(architecture: Architecture, seed: int) -> dict[str, float]:
        train(architecture, replace(task, test=None), TRAINING, seed, ACCURACY, weights=tmp_path / "w")
        model = lower(architecture)
        model.load_state_dict(load_file(tmp_path / "w"))
        assert task.test is not None
        return evaluate(model, task, task.test)

    monkeypatch.setattr(retraining, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(retraining, "train", watched)
    found = retraining.retrain([PLAIN, OTHER], task, TRAINING, (5, 6))
    assert found == [[by_hand(architecture, seed) for seed in (5, 6)] for architecture in (PLAIN, OTHER)]
    assert seen == [None] * 4


def test_who_trains_again_draws_what_would_have_been_drawn_without() -> None:
    def drawn() -> tuple[float, ...]:
        return float(torch.rand(())), float(np.random.rand()), random.random()

    seed_epoch(3, 0)
    wanted = drawn()
    seed_epoch(3, 0)
    retraining.retrained(PLAIN, noise(), TRAINING, 5)
    assert drawn() == wanted
