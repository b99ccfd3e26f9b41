"""Small inputs that once gave the wrong answer without a word, of training and of searches."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    GroupPool,
    Image,
    Lift,
    Network,
    Norm,
    freeze,
    lower,
)
from search import Task
from search.training.evaluation import evaluate


def seeded_network(architecture: Architecture, seed: int = 0) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return lower(architecture)


def stripes(count: int = 256) -> tuple[torch.Tensor, torch.Tensor]:
    """Fine or coarse stripes in noise."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(count) % 2
    rows = torch.arange(8).view(1, 8, 1)
    x = torch.sin(rows * (1.0 + 1.5 * y.view(-1, 1, 1))).expand(-1, 8, 8)
    return (x + 0.2 * torch.randn(x.shape, generator=generator))[:, None], y


@pytest.mark.thorough
@pytest.mark.parametrize("fused", [True, False])
def test_validation_between_fused_steps_is_that_of_the_frozen_network(fused: bool) -> None:
    architecture = Architecture(
        input=Image(channels=1, size=(8, 8)),
        body=[Lift(group="C4", channels=4), Norm(), Activation(), Conv(channels=4), Norm(), Activation(), GroupPool()],
        head=Classifier(classes=2),
    )
    model = seeded_network(architecture)
    x, y = stripes()
    task = Task("stripes", "classification", (x, y), (x, y))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=fused)
    for _ in range(4):
        for part in torch.arange(len(x)).split(32):
            optimiser.zero_grad()
            F.cross_entropy(model.train()(x[part]), y[part]).backward()
            optimiser.step()
        found = evaluate(model, task, task.validation)
        assert found["accuracy"] == evaluate(freeze(model), task, task.validation)["accuracy"]
    assert found["accuracy"] > 0.95


@pytest.mark.thorough
def test_the_file_keeps_the_constraint_of_a_search_for_onnx(tmp_path: Path) -> None:
    from tests.laws.onnx_counting import counted_in_file
    from tests.search.test_search_target import continuous

    result = continuous(target="onnx", constraints=["flops <= 60k"], trials=2).run(tmp_path / "run", workers=1)
    trial = result.best("accuracy")
    directory = trial.export(tmp_path / "best")
    assert counted_in_file(directory / "model.onnx") == trial.cost.flops <= 60_000
