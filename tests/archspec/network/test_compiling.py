"""Networks under torch.compile, the papers' too: one graph, compiled once, until a window is asked to fit."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch._dynamo.testing import CompileCounterWithBackend

from archspec import (
    Architecture,
    Classifier,
    Conv,
    Disc,
    Fourier,
    Gaussian,
    Image,
    Magnet,
    Norm,
    Partial,
    Series,
    Siren,
    published,
)
from archspec.layers.conv import GroupConv
from tests.examples import NAMED, NAMED_APPROXIMATE, SEPARABLE, built, network, noise, on
from tests.examples.selection import the_rest_slow

pytestmark = pytest.mark.thorough

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


SERIES, IMAGE = Series(channels=2, length=24), Image(channels=2, size=(10, 10))
LAST = Classifier(classes=3, pool="last")
CONTINUOUS: dict[str, Architecture] = {
    "ckcnn": published.ckcnn(SERIES, LAST, channels=4, dropout=0.1),
    "flextcn": published.flextcn(SERIES, LAST, channels=4, sigma=0.3),
    "flexnet": published.flexnet(IMAGE, 3, blocks=1, channels=4, kernel_size=9, sigma=0.3),
    "ccnn": published.ccnn(SERIES, 3, blocks=2, channels=4, hidden=4),
}
SLOW: dict[str, Architecture] = {
    "flexnet of three widths": published.flexnet(IMAGE, 3, blocks=6, channels=4, kernel_size=9, sigma=0.3),
    "ccnn of images": published.ccnn(IMAGE, 3, blocks=2, channels=4, hidden=4),
}
PUBLISHED = CONTINUOUS | SLOW | NAMED | NAMED_APPROXIMATE
# Of each family that compiles something of its own.
ONCE = {"flexnet", "gsa_net", "wavelet_net", "partial_gcnn anywhere", "attentive_gcnn on D4"}


def stepped(architecture: Architecture) -> int:
    """How often a training step was compiled in three, of other weights and examples each time; gradients as eager."""
    torch._dynamo.reset()
    model, counter = built(architecture).train(), CompileCounterWithBackend("aot_eager")
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    labels = torch.arange(4) % 3

    def loss(x: Tensor) -> Tensor:
        return F.cross_entropy(model(x), labels)

    def gradient(way: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        optimizer.zero_grad()
        torch.manual_seed(0)
        way(x).backward()
        return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])

    compiled = torch.compile(loss, fullgraph=True, backend=counter)
    for step in range(3):
        x = noise(architecture, batch=4, seed=step)
        wanted = gradient(loss, x)
        assert torch.allclose(gradient(compiled, x), wanted, rtol=1e-7, atol=1e-9)
        optimizer.step()
    return counter.frame_count


@pytest.mark.parametrize("name", the_rest_slow(ONCE, PUBLISHED))
@pytest.mark.filterwarnings("ignore")
def test_a_training_step_of_a_named_network_is_one_graph_compiled_once(name: str) -> None:
    assert stepped(PUBLISHED[name]) == 1


@pytest.mark.filterwarnings("ignore")
def test_a_layer_that_counts_or_reads_a_value_fails_that_law(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = GroupConv.forward

    def counts(self: GroupConv, x: Tensor) -> Tensor:
        self.calls = getattr(self, "calls", 0) + 1
        return forward(self, x) + 0 * self.calls

    def reads(self: GroupConv, x: Tensor) -> Tensor:
        return forward(self, x) * (1 if x.sum().item() > 0 else 2)

    with monkeypatch.context() as patch:
        patch.setattr(GroupConv, "forward", counts)
        assert stepped(PUBLISHED["p4cnn"]) > 1
    with monkeypatch.context() as patch:
        patch.setattr(GroupConv, "forward", reads)
        with pytest.raises(torch._dynamo.exc.TorchDynamoException):
            stepped(PUBLISHED["p4cnn"])
