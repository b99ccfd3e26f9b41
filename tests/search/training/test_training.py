"""Training one candidate: exact under its seed, resumable, honest about failure."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.utils.data import Dataset, TensorDataset

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Dense,
    Disc,
    Dropout,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pool,
    Regressor,
    Series,
    Siren,
    admissibility_penalty,
    lower,
)
from search import Failed, Scored, Task, Training, digits
from search.objectives import Score
from search.training.evaluation import evaluate
from search.training.trainer import train
from tests.search.tiny import bars

ARCHITECTURE = Architecture(
    input=Image(channels=1, size=(6, 6)),
    body=[Conv(channels=4), Norm(), Activation(), Dropout(rate=0.2), Conv(channels=4), Activation()],
    head=Classifier(classes=2),
)
GOAL = Score("accuracy", True)


def test_same_seed_same_scores_and_weights(tmp_path: Path) -> None:
    outcomes = [
        train(ARCHITECTURE, bars(), Training(epochs=3), seed, GOAL, weights=tmp_path / f"{i}.safetensors")
        for i, seed in enumerate((1, 1, 2))
    ]
    assert all(isinstance(o, Scored) for o in outcomes)
    assert outcomes[0].scores == outcomes[1].scores != outcomes[2].scores
    assert (tmp_path / "0.safetensors").read_bytes() == (tmp_path / "1.safetensors").read_bytes()


SOURCES: dict[str, Callable[[], float]] = {
    "torch": lambda: float(torch.rand(())),
    "numpy": lambda: float(np.random.rand()),
    "random": random.random,
}


@pytest.mark.parametrize("source", SOURCES)
def test_what_a_dataset_draws_at_random_follows_from_the_seed(source: str) -> None:
    x, y = bars().validation

    class Dimmed(Dataset[Any]):
        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
            return x[index] * SOURCES[source](), y[index]

    task = Task.from_datasets(Dimmed(), TensorDataset(x, y))
    found = [train(ARCHITECTURE, task, Training(epochs=2), 1, GOAL) for _ in range(2)]
    assert all(isinstance(one, Scored) for one in found)
    assert found[0].scores == found[1].scores


def test_it_learns() -> None:
    outcome = train(ARCHITECTURE, bars(), Training(epochs=15), 0, GOAL)
    assert isinstance(outcome, Scored)
    assert outcome.scores["accuracy"] > 0.9


class Killed(BaseException):
    """Stands for a signal that ends the process."""


@pytest.mark.parametrize("at", [1, 3])
def test_training_killed_after_an_epoch_goes_on_to_the_same_end(tmp_path: Path, at: int) -> None:
    whole = train(ARCHITECTURE, bars(), Training(epochs=5), 7, GOAL)

    def kill(epoch: int, score: float) -> None:
        if epoch == at:
            raise Killed

    checkpoint, weights = tmp_path / "1.pt", tmp_path / "1.safetensors"
    with pytest.raises(Killed):
        train(ARCHITECTURE, bars(), Training(epochs=5), 7, GOAL, weights, checkpoint, kill)
    assert checkpoint.exists()
    epochs: list[int] = []
    resumed = train(
        ARCHITECTURE, bars(), Training(epochs=5), 7, GOAL, weights, checkpoint, lambda e, _: epochs.append(e)
    )
    assert epochs == list(range(at + 1, 6))
    assert isinstance(whole, Scored)
    assert isinstance(resumed, Scored)
    assert resumed.scores == whole.scores
    # Until the outcome is on the disk, it can be had again at once.
    assert checkpoint.exists()
    epochs.clear()
    again = train(ARCHITECTURE, bars(), Training(epochs=5), 7, GOAL, weights, checkpoint, lambda e, _: epochs.append(e))
    assert isinstance(again, Scored)
    assert (epochs, again.scores, again.curve) == ([], whole.scores, whole.curve)


def test_a_broken_checkpoint_is_left_aside(tmp_path: Path) -> None:
    checkpoint = tmp_path / "1.pt"
    checkpoint.write_bytes(b"not a checkpoint")
    assert isinstance(train(ARCHITECTURE, bars(), Training(epochs=1), 0, GOAL, checkpoint=checkpoint), Scored)


def test_the_best_weights_are_kept_not_the_last(tmp_path: Path) -> None:
    scores: list[float] = []
    outcome = train(
        ARCHITECTURE,
        bars(),
        Training(epochs=8, learning_rate=0.2, patience=None),
        0,
        GOAL,
        weights=tmp_path / "w",
        each_epoch=lambda _, score: scores.append(score),
    )
    assert isinstance(outcome, Scored)
    assert outcome.scores["accuracy"] == max(scores)


def test_patience_stops_a_training_that_gets_no_better() -> None:
    outcome = train(ARCHITECTURE, bars(), Training(epochs=60, patience=2), 0, GOAL)
    assert isinstance(outcome, Scored)
    assert outcome.epochs < 60


def test_divergence_is_a_failure_with_its_reason() -> None:
    task = bars()
    x, y = task.train
    broken = Task("broken", "classification", (x * float("inf"), y), task.validation)
    outcome = train(ARCHITECTURE, broken, Training(epochs=2), 0, GOAL)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "diverged: the loss is nan in epoch 1"


def test_running_out_of_memory_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Task, "loss", no_memory)
    assert train(ARCHITECTURE, bars(), Training(epochs=1), 0, GOAL) == Failed(
        reason="ran out of GPU memory", seconds=pytest.approx(0, abs=60)
    )


def test_regression_and_dense_targets_train() -> None:
    x = torch.randn(300, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    regression = Task.from_arrays(x, 6 * x.mean((2, 3)), kind="regression")
    architecture = Architecture(
        input=Image(channels=1, size=(6, 6)), body=[Conv(channels=8), Activation()], head=Regressor()
    )
    outcome = train(architecture, regression, Training(epochs=30, batch_size=32), 0, Score("loss", False))
    assert isinstance(outcome, Scored)
    assert outcome.scores["r2"] > 0.5
    dense = Task.from_arrays(x, (x[:, 0] > 0).long())
    architecture = Architecture(input=Image(channels=1, size=(6, 6)), body=[Conv(channels=4)], head=Dense(outputs=2))
    outcome = train(architecture, dense, Training(epochs=10, batch_size=32), 0, GOAL)
    assert isinstance(outcome, Scored)
    assert outcome.scores["accuracy"] > 0.8


def test_evaluation_leaves_the_batch_out_of_it() -> None:
    torch.manual_seed(0)
    model, task = lower(ARCHITECTURE).double(), bars()
    x, y = task.validation
    one = evaluate(model, task, (x.double(), y), batch_size=1)
    assert one == pytest.approx(evaluate(model, task, (x.double(), y), batch_size=1000))


def test_pooling_to_one_example_left_over_does_not_stop_training() -> None:
    x = torch.randn(65, 1, 4, 4)
    task = Task("odd", "classification", (x, torch.arange(65) % 2), (x, torch.arange(65) % 2))
    architecture = Architecture(
        input=Image(channels=1, size=(4, 4)), body=[Conv(channels=2), Pool(size=4), Norm()], head=Classifier(classes=2)
    )
    assert isinstance(train(architecture, task, Training(epochs=1, batch_size=64), 0, GOAL), Scored)


def test_offsets_between_elements_are_trained_and_taken_back(tmp_path: Path) -> None:
    """A network on C4 is moved in the last half, one on C1 is trained as ever, and a resumed training is the same."""
    conv = {"channels": 2, "kernel_size": 5, "kernel": Siren(hidden=4), "window": Disc()}
    body = [Lift(group="C4", **conv), Norm(), Conv(**conv), Norm(), GroupPool()]
    turning = Architecture(input=Image(size=(8, 8)), body=body, head=Classifier(classes=10))
    task = digits().without_test()
    goal = GOAL
    settings = Training(epochs=4, offsets=0.5, patience=None)
    whole = train(turning, task, settings, 0, goal)
    assert isinstance(whole, Scored)
    assert whole.scores != train(turning, task, replace(settings, offsets=0.0), 0, goal).scores

    def stop(epoch: int, score: float) -> None:
        if epoch == 3:
            raise Killed

    with pytest.raises(Killed):
        train(turning, task, settings, 0, goal, checkpoint=tmp_path / "c", each_epoch=stop)
    assert train(turning, task, settings, 0, goal, checkpoint=tmp_path / "c").scores == whole.scores
    plain = Architecture(input=Image(size=(8, 8)), body=[Conv(channels=2)], head=Classifier(classes=10))
    outcomes = [train(plain, task, replace(settings, offsets=o), 0, goal).scores for o in (0.0, 1.0)]
    assert outcomes[0] == outcomes[1]


def test_the_admissibility_penalty_makes_wavelets_of_kernels_on_scales(tmp_path: Path) -> None:
    line = Series(channels=1, length=64)
    fields = {"channels": 3, "kernel_size": 5}
    body = [Lift(group="S3", **fields), Activation(), Conv(**fields), GroupPool()]
    architecture = Architecture(input=line, body=body, head=Classifier(classes=2))
    x = np.random.default_rng(0).standard_normal((60, 1, 64)).astype(np.float32)
    labels = np.arange(60) % 2
    task = Task.from_arrays(x * (1 + 2 * labels[:, None, None]).astype(np.float32), labels)
    left = []
    for factor in (0.0, 1.0):
        weights = tmp_path / f"{factor}.safetensors"
        training = Training(epochs=20, batch_size=6, admissibility=factor, patience=None)
        train(architecture, task, training, 0, Score("loss", False), weights=weights)
        model = lower(architecture)
        model.load_state_dict(load_file(weights))
        left.append(admissibility_penalty(model).item())
    assert left[1] < 0.3 * left[0]


def test_what_is_as_by_default_is_not_recorded_so_new_settings_keep_old_runs() -> None:
    assert Training().record() == {}
    assert Training(epochs=3, offsets=0.5, device="cpu").record() == {"epochs": 3, "offsets": 0.5}


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_training_in_half_precision_learns_as_in_float32(precision: str, tmp_path: Path) -> None:
    settings = Training(epochs=15, precision=precision)
    outcome = train(ARCHITECTURE, bars(), settings, 0, GOAL, weights=tmp_path / "best.safetensors")
    assert isinstance(outcome, Scored)
    assert outcome.scores["accuracy"] > 0.9
    weights = load_file(tmp_path / "best.safetensors")
    assert all(w.dtype != torch.float16 and w.dtype != torch.bfloat16 for w in weights.values())
    again = lower(ARCHITECTURE)
    again.load_state_dict(weights)
    task = bars()
    assert evaluate(again, task, task.validation) == outcome.scores


def test_a_training_in_float16_goes_on_with_its_scale(tmp_path: Path) -> None:
    settings = Training(epochs=4, precision="fp16")

    def stop(epoch: int, score: float) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    whole = train(ARCHITECTURE, bars(), settings, 7, GOAL)
    with pytest.raises(KeyboardInterrupt):
        train(ARCHITECTURE, bars(), settings, 7, GOAL, checkpoint=tmp_path / "c", each_epoch=stop)
    resumed = train(ARCHITECTURE, bars(), settings, 7, GOAL, checkpoint=tmp_path / "c")
    assert isinstance(whole, Scored)
    assert isinstance(resumed, Scored)
    assert resumed.scores == whole.scores


def test_no_other_precision() -> None:
    with pytest.raises(ValueError, match="no precision 'float64'; use 'float32', 'bf16' or 'fp16'"):
        Training(precision="float64")


def test_a_precision_is_part_of_the_record_only_where_it_is_another() -> None:
    assert "precision" not in Training().record()
    assert Training(precision="bf16").record() == {"precision": "bf16"}
