"""Networks that go by Fourier transforms, exported: onnxruntime answers alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from archspec import Architecture, Conv, Fourier, Gaussian, Image, Series, Siren, export, load, lower
from tests.examples import SEPARABLE, network, seeded

pytestmark = pytest.mark.thorough
LONG = {
    "dense, by transforms there too": network(
        Series(channels=2, length=300), Conv(channels=3, kernel_size=257, kernel=Siren(), causal=True)
    ),
    "separable, by sums there": network(
        Series(channels=2, length=300), Conv(channels=3, kernel_size=201, kernel=Siren(), factorisation=SEPARABLE)
    ),
    "image": network(
        Image(size=(32, 32)), Conv(channels=2, kernel_size=33, kernel=Fourier(), window=Gaussian(sigma=2))
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_an_exported_network_answers_alike_in_onnxruntime(name: str, tmp_path: Path) -> None:
    architecture: Architecture = LONG[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = lower(architecture).eval()
    directory = export(model, tmp_path)  # raises if onnxruntime differs by more than 1e-4
    x = torch.randn(2, architecture.input.channels, *architecture.input.grid, generator=seeded(0))
    with torch.no_grad():
        assert torch.equal(load(directory)(x), model(x))
