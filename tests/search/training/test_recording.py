"""A training whose steps are recorded and replayed, as on a GPU, is the training whose steps run one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Dropout,
    Gaussian,
    GroupPool,
    Lift,
    Magnet,
    Norm,
    Series,
    Siren,
    lower,
)
from search import Outcome, Scored, Task, Training
from search.outcome import from_record, to_record
from search.training import loop, recording
from search.training.rates import Rate, parameter_groups
from search.training.recording import Recorded, Run, hindrance
from search.training.steps import as_ours
from search.training.trainer import train
from tests.laws.process import run
from tests.laws.tape import Tapes
from tests.search.training.watched import ACCURACY, LOSS, PLAIN, SMALL, noise

HEAD = Classifier(classes=2)
LEARNED = Conv(channels=2, kernel_size=9, kernel=Magnet(hidden=4), window=Gaussian(sigma=0.3), band_limit="regularise")
WINDOWED = Architecture(input=Series(channels=1, length=16), body=[LEARNED, Norm(), Activation()], head=HEAD)
DROPPED = Architecture(input=SMALL, body=[Conv(channels=2), Dropout(rate=0.3), Activation()], head=HEAD)
WAVELETS = Architecture(
    input=Series(channels=1, length=32), body=[Lift(group="S2", channels=2, kernel_size=3), GroupPool()], head=HEAD
)
TURNED = Architecture(
    input=SMALL, body=[Lift(group="C4", channels=2, kernel_size=3, kernel=Siren()), GroupPool()], head=HEAD
)
# Of 44 examples in batches of 8 the last is of 4: two shapes, each recorded after three steps.
TRAINING = Training(epochs=6, batch_size=8, learning_rate=0.05, patience=None)


def fused(model: nn.Module, training: Training, device: torch.device) -> torch.optim.Optimizer:
    """In place of `optimizer_of`: what it makes for a GPU, as far as a CPU has it."""
    groups = parameter_groups(model, training.learning_rate, training.weight_decay)
    for group in groups:
        group["lr"] = torch.tensor(group["lr"], dtype=torch.float64)
    return torch.optim.AdamW(groups, fused=True)


def trained(tapes: Tapes | None, architecture: Architecture, training: Training, **options: Any) -> Outcome:
    """A training on noise, with its seconds left out."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "recorder_of", lambda device: tapes)
        patched.setattr(loop, "optimizer_of", fused)
        task = noise(*architecture.signal.shape, count=44)
        return replace(train(architecture, task, training, 3, LOSS, **options), seconds=0.0)


def same(recorded: Outcome, plain: Outcome) -> bool:
    """Whether they are the same but for how they ran."""
    assert isinstance(recorded, Scored)
    return replace(recorded, ran="") == plain


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        (PLAIN, {}),
        (PLAIN, {"clip": 0.01, "augment": "C4", "precision": "bf16"}),
        (DROPPED, {}),
        (WAVELETS, {"admissibility": 1.0}),
    ],
)
def test_steps_that_are_replayed_are_those_that_run_one_by_one(
    architecture: Architecture, options: dict[str, Any]
) -> None:
    training, tapes = replace(TRAINING, **options), Tapes()
    assert same(trained(tapes, architecture, training), trained(None, architecture, training))
    assert (tapes.ran, tapes.recorded, tapes.replayed) == (2 * recording.BEFORE, 2, 6 * 6 - 2 * recording.BEFORE)


def test_steps_are_recorded_anew_when_a_window_has_changed_its_size() -> None:
    tapes = Tapes()
    training = replace(TRAINING, rates={"window": Rate(factor=30.0, decay=0.0)}, epochs=4)
    found = trained(tapes, WINDOWED, training)
    assert same(found, trained(None, WINDOWED, training))
    assert isinstance(found, Scored)
    assert found.cost is not None
    assert tapes.recorded > 1


def test_a_network_on_another_grid_is_recorded_anew() -> None:
    tapes, training = Tapes(), replace(TRAINING, coarse={2: 0.5})
    assert same(trained(tapes, WINDOWED, training), trained(None, WINDOWED, training))
    assert tapes.recorded >= 2


def test_what_cannot_be_recorded_runs_one_by_one_and_says_why() -> None:
    class Refusing(Tapes):
        def record(self, step: Run) -> Run:
            raise RuntimeError("operation not permitted when stream is capturing\nand much more")

    shown: list[float] = []
    step = Recorded(lambda x, y: shown.append(float(x)), Refusing())
    for number in range(6):
        step(torch.tensor(float(number)), torch.zeros(()))
    assert shown == [0, 1, 2, 3, 4, 5]
    assert step.hindrance == "operation not permitted when stream is capturing"
    tapes = Refusing()
    assert same(trained(tapes, PLAIN, TRAINING), trained(None, PLAIN, TRAINING))
    assert (tapes.ran, tapes.replayed) == (36, 0)


def test_an_outcome_says_how_its_steps_ran_where_that_is_not_simply_one_by_one() -> None:
    for tapes, training, said in (
        (None, TRAINING, ""),
        (Tapes(), TRAINING, "recorded"),
        (Tapes(), replace(TRAINING, precision="fp16"), "in float16 a step whose gradients overflow is skipped"),
    ):
        outcome = trained(tapes, PLAIN, replace(training, epochs=1))
        assert isinstance(outcome, Scored)
        assert outcome.ran == said
        assert from_record(to_record(outcome)) == outcome
        assert ("ran" in to_record(outcome)) == bool(said)


def test_no_more_shapes_are_recorded_than_a_few() -> None:
    tapes = Tapes()
    step = Recorded(lambda x, y: None, tapes)
    for length in range(1, 9):
        for _ in range(5):
            step(torch.zeros(length), torch.zeros(length))
    assert (tapes.recorded, tapes.replayed) == (recording.MOST, 2 * recording.MOST)
    assert step.hindrance == ""


class Own(Task):
    """A task with a loss that Python decides anew."""

    def loss(self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        return outputs.square().mean()


class Told(Own):
    recordable = True


class Mine(nn.Module):
    """A module that may do anything."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def test_nothing_is_recorded_that_python_may_decide_anew_at_each_step() -> None:
    model, task = lower(PLAIN), noise()
    assert hindrance(model, task, TRAINING, turning=False) == ""
    parts = task.name, task.kind, task.train, task.validation
    assert hindrance(model, Own(*parts), TRAINING, turning=False).startswith("the loss is not one of this package")
    assert hindrance(model, Told(*parts), TRAINING, turning=False) == ""
    assert hindrance(model, Task(*parts, criterion=nn.CrossEntropyLoss()), TRAINING, turning=False) == ""
    own = Task(*parts, criterion=lambda outputs, targets: outputs.sum())
    assert hindrance(model, own, TRAINING, turning=False).startswith("the loss is not one of this package")
    assert "overflow" in hindrance(model, task, replace(TRAINING, precision="fp16"), turning=False)
    assert "offsets" in hindrance(model, task, TRAINING, turning=True)
    with_mine = nn.Sequential(model, Mine())
    assert hindrance(with_mine, task, TRAINING, turning=False).startswith("Mine is not a module of this package")
    with_mine[1].recordable = True
    assert hindrance(with_mine, task, TRAINING, turning=False) == ""


def test_a_training_with_random_offsets_is_never_recorded() -> None:
    tapes = Tapes()
    trained(tapes, TURNED, replace(TRAINING, offsets=0.5))
    assert tapes.recorded == tapes.replayed == 0


@pytest.mark.parametrize("first", [True, False])
def test_a_checkpoint_of_another_device_is_gone_on_from(first: bool, tmp_path: Path) -> None:
    """Its optimizer has another form there; the moments and the number of steps are the same."""

    def run(gpu: bool, epochs: int) -> Outcome:
        with pytest.MonkeyPatch.context() as patched:
            if gpu:
                patched.setattr(loop, "optimizer_of", fused)
            return train(PLAIN, noise(), TRAINING, 3, ACCURACY, trunk=tmp_path / f"{first}", epochs=epochs)

    run(first, 3)
    alone = train(PLAIN, noise(), TRAINING, 3, ACCURACY)
    longer = run(not first, 6)
    assert isinstance(longer, Scored)
    assert isinstance(alone, Scored)
    assert longer.scores == pytest.approx(alone.scores, rel=1e-4)
    assert longer.curve == alone.curve


def test_the_state_of_an_optimizer_takes_the_form_of_the_one_that_goes_on_from_it() -> None:
    forms: tuple[dict[str, Any], ...] = ({"lr": 0.1}, {"lr": torch.tensor(0.1), "fused": True})
    cpu, gpu = (
        torch.optim.AdamW(lower(PLAIN).parameters(), weight_decay=decay, **form) for decay, form in enumerate(forms)
    )
    for one, other in ((cpu, gpu), (gpu, cpu)):
        (group,) = as_ours(other.state_dict(), one)["param_groups"]
        for key in ("lr", "fused", "capturable", "foreach"):
            assert group[key] is one.param_groups[0][key]
        assert group["weight_decay"] == other.param_groups[0]["weight_decay"]


@pytest.mark.slow
def test_the_script_that_measures_a_gpu_runs_dry_on_a_cpu(tmp_path: Path) -> None:
    said = run("-m", "tests.benchmarks.gpu.check", str(tmp_path), "--dry", "one", "memory", "scores")
    assert said.startswith("the CPU, torch")
    assert "points on average" in said
    assert "streams" in run("-m", "tests.benchmarks.gpu.population", "--dry")
