"""What holds on the stand-in holds on a GPU, in float32 and under autocast: `pytest -m gpu`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from archspec import Architecture, Image, Series, published
from search import Task, Training
from search.objectives import Score
from search.outcome import Scored
from search.training import loop
from search.training.trainer import train
from tests.examples import EXAMPLES
from tests.laws.devices import STEPS, case, steps_of

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here"),
    # Of the thread that goes backward, the first time that it multiplies matrices.
    pytest.mark.filterwarnings("ignore:Attempting to run cuBLAS"),
]
GPU = torch.device("cuda", 0)
TOLERANCE = 1e-3
PUBLISHED: dict[str, Architecture] = {
    "ccnn_4_140": published.ccnn_4_140(Series(channels=1, length=64), 3, channels=16),
    "flexnet": published.flexnet(Image(channels=1, size=(16, 16)), 3, blocks=3, channels=8, kernel_size=17),
    "p4cnn": published.p4cnn(Image(channels=1, size=(28, 28)), 3, channels=4),
}


@pytest.fixture(autouse=True)
def whole_float32() -> Iterator[None]:
    """TF32 rounds factors to ten bits."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_network_runs_on_it_as_on_the_cpu_and_a_step_under_autocast_is_finite(name: str) -> None:
    at = case(EXAMPLES[name], GPU, torch.float32, TOLERANCE)
    for step in steps_of(EXAMPLES[name]):
        STEPS[step](at)
    model, x, _ = at
    model.zero_grad()
    with torch.autocast(GPU.type, torch.bfloat16):
        loss = model.train()(x).float().square().mean()
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_network_is_trained_in_half_precision(name: str) -> None:
    architecture, rng = PUBLISHED[name], np.random.default_rng(0)
    x = rng.standard_normal((80, *architecture.signal.shape)).astype(np.float32)
    task = Task.from_arrays(x, rng.integers(0, 3, 80), name="noise", seed=0)
    training = Training(epochs=2, batch_size=16, device=GPU.type, precision="bf16")
    assert isinstance(train(architecture, task, training, 0, Score("accuracy", True)), Scored)


@pytest.mark.parametrize("name", ["flexnet", "p4cnn"])
def test_a_training_there_is_recorded_and_is_that_of_steps_one_by_one(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    architecture, rng = PUBLISHED[name], np.random.default_rng(0)
    x = rng.standard_normal((100, *architecture.signal.shape)).astype(np.float32)
    task = Task.from_arrays(x, rng.integers(0, 3, 100), name="noise", seed=0)
    training = Training(epochs=5, batch_size=8, device=GPU.type, learning_rate=1e-3)
    recorded = train(architecture, task, training, 0, Score("loss", False))
    monkeypatch.setattr(loop, "recorder_of", lambda device: None)
    plain = train(architecture, task, training, 0, Score("loss", False))
    assert isinstance(recorded, Scored)
    assert isinstance(plain, Scored)
    assert recorded.ran == "recorded"
    assert recorded.curve == pytest.approx(plain.curve, rel=1e-2)
