"""A training resumes from a checkpoint of its own that is whole, and from no other file."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from archspec import Activation, Architecture, Classifier, Conv, Image
from search import Scored, Training
from search.objectives import Score
from search.training.trainer import train
from tests.search.tiny import bars

GOAL = Score("accuracy", True)
SETTINGS = Training(epochs=3, batch_size=64)


def network(channels: int = 2, kind: str = "relu") -> Architecture:
    body = [Conv(channels=channels), Activation(function=kind)]
    return Architecture(input=Image(channels=1, size=(6, 6)), body=body, head=Classifier(classes=2))


def trained(checkpoint: Path, architecture: Architecture | None = None, **options: Any) -> tuple[Any, list[int]]:
    """The outcome of a training, and the epochs that it went through."""
    epochs: list[int] = []

    def note(epoch: int, score: float) -> None:
        epochs.append(epoch)
        if options.get("stop") == epoch:
            raise KeyboardInterrupt

    seed = options.get("seed", 0)
    try:
        outcome: Any = train(
            architecture or network(), bars(), SETTINGS, seed, GOAL, checkpoint=checkpoint, each_epoch=note
        )
    except KeyboardInterrupt:
        outcome = None
    return outcome, epochs


def of_another(**options: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.unlink()
        trained(path, stop=2, **options)

    return write


def changed(**entries: Any) -> Callable[[Path], None]:
    """A checkpoint with other entries; without an entry that is None."""

    def write(path: Path) -> None:
        state = torch.load(path, weights_only=True)
        whole = {**state, **entries}
        torch.save({name: value for name, value in whole.items() if value is not None}, path)

    return write


def misshapen(path: Path) -> None:
    state = torch.load(path, weights_only=True)
    moments = state["optimizer"]["state"][0]
    moments["exp_avg"] = moments["exp_avg"][:1]
    torch.save(state, path)


def directory(path: Path) -> None:
    path.unlink()
    (path / "precious").mkdir(parents=True)


BROKEN: dict[str, Callable[[Path], object]] = {
    "bytes": lambda path: path.write_bytes(np.random.default_rng(0).bytes(5000)),
    "nothing": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[:-700]),
    "a list": lambda path: torch.save([1, 2], path),
    "an empty mapping": lambda path: torch.save({}, path),
    "a tensor": lambda path: torch.save(torch.zeros(3), path),
    "a directory": directory,
    "a wider network": of_another(architecture=network(4)),
    "another activation": of_another(architecture=network(kind="tanh")),
    "another seed": of_another(seed=1),
    "a billion epochs": changed(done=10**9),
    "epochs that are not counted": changed(done=1),
    "a number of epochs that is none": changed(done="2"),
    "a score that is none": changed(history=[0.5, "0.5"]),
    "seconds without end": changed(seconds=math.inf),
    "no seconds": changed(seconds=None),
    "no optimizer": changed(optimizer=None),
    "an optimizer of nothing": changed(optimizer={}),
    "moments of other shapes": misshapen,
    "an entry too many": changed(more=1),
    "weights that are none": changed(model={"0.weight": 3}),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_checkpoint_that_is_broken_or_foreign_is_left_aside(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "1.pt"
    trained(path, stop=2)
    BROKEN[broken](path)
    outcome, epochs = trained(path)
    assert epochs == [1, 2, 3]
    assert isinstance(outcome, Scored)
    assert outcome.epochs == 3
    assert replace(outcome, seconds=0.0) == replace(trained(tmp_path / "2.pt")[0], seconds=0.0)
    assert trained(path)[1] == []  # what stands there is its own again
    if broken == "a directory":
        assert (tmp_path / "1.pt.aside" / "precious").exists()


def test_a_checkpoint_of_its_own_is_used(tmp_path: Path) -> None:
    path = tmp_path / "1.pt"
    trained(path, stop=2)
    assert trained(path)[1] == [3]
