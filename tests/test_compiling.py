"""Networks under torch.compile: one graph, compiled once, until a window is asked to fit."""

from __future__ import annotations

import math

import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend

from archspec import Architecture, Conv, Disc, Fourier, Gaussian, Image, Magnet, Norm, Partial, Series, Siren
from tests.examples import SEPARABLE, built, network, noise, on

NETWORKS: dict[str, Architecture] = {
    "windowed": network(
        Series(channels=2, length=65),
        Conv(channels=3, kernel_size=65, kernel=Magnet(hidden=4), window=Gaussian(sigma=0.2), algorithm="direct"),
        Norm(),
    ),
    "separable": network(
        Image(channels=2, size=(9, 9)),
        Conv(channels=3, kernel_size=5, kernel=Siren(hidden=4), window=Gaussian(sigma=0.5), factorisation=SEPARABLE),
    ),
    "at given turns": on(
        "C4",
        Partial(learn="sector", sampling="continuous", learned=False, turns=3, reach=0.5),
        Conv(channels=2, kernel_size=5, kernel=Siren(hidden=4), window=Disc()),
    ),
    "by transforms": network(
        Series(channels=4, length=33), Conv(channels=4, kernel_size=33, kernel=Fourier(features=2), algorithm="fft")
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.filterwarnings("ignore")
def test_a_training_step_is_one_graph_compiled_once(name: str) -> None:
    torch._dynamo.reset()
    model, counter = built(NETWORKS[name]), CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(model, fullgraph=True, backend=counter)
    x = noise(NETWORKS[name], batch=3)
    for step in range(3):
        for run in (model, compiled):
            model.zero_grad()
            run(x * (1 + step)).square().sum().backward()
            gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
            if run is model:
                wanted = gradient.clone()
        assert torch.allclose(gradient, wanted, rtol=1e-8, atol=1e-8)
    assert counter.frame_count == 1
    if name == "windowed":
        with torch.no_grad():
            model.get_parameter("body_0_conv.window.log_width").fill_(math.log(0.6))
        compiled(x)
        assert counter.frame_count == 1, "a width alone changes no shape"
        assert model.fit()
        compiled(x)
        assert counter.frame_count == 2
