"""The receptive field is where the gradient of an output in the middle is not zero."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from archspec import (
    Activation,
    Architecture,
    Attention,
    Branch,
    Conv,
    Dense,
    FrameAverage,
    Gaussian,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pool,
    Repeat,
    Residual,
    SelfAttention,
    Series,
    Siren,
    lower,
)
from archspec.graph.block import Block
from archspec.graph.graph import Graph
from archspec.graph.receptive_field import receptive_field

LINE, SQUARE = Series(channels=2, length=48), Image(channels=2, size=(24, 24))
BODIES: dict[str, tuple[Series | Image, list[Block]]] = {
    "one point": (LINE, [Norm(), Activation()]),
    "a convolution": (LINE, [Conv(channels=2, kernel_size=7)]),
    "one after another": (LINE, [Conv(channels=2, kernel_size=5), Norm(), Conv(channels=2, kernel_size=3)]),
    "repeated": (LINE, [Repeat(times=3, body=[Residual(body=[Conv(channels=2, kernel_size=5)])])]),
    "branches": (LINE, [Branch(branches=[[Conv(channels=2, kernel_size=9)], [Conv(channels=2, kernel_size=3)]])]),
    "after pooling": (LINE, [Conv(channels=2), Pool(size=2, reduce="average"), Conv(channels=2, kernel_size=5)]),
    "after a stride": (LINE, [Conv(channels=2, kernel_size=3, stride=2), Conv(channels=2, kernel_size=3)]),
    "cropped by a window": (
        LINE,
        [Conv(channels=2, kernel_size=31, kernel=Siren(hidden=4), window=Gaussian(sigma=0.1))],
    ),
    "separable": (SQUARE, [Conv(channels=2, kernel_size=5, factorisation="depthwise_separable")]),
    "on a group": (SQUARE, [Lift(group="C4", channels=2, kernel_size=5), Conv(channels=2), GroupPool()]),
    "self-attention": (LINE, [SelfAttention(channels=4, window=7)]),
    "around a network": (SQUARE, [FrameAverage(group="C4", body=[Conv(channels=2, kernel_size=5)])]),
}


def measured(input: Series | Image, body: list[Block]) -> tuple[int, float]:
    """Over how many points the gradient is not zero, and over how many it may be."""
    architecture = Architecture(input=input, body=body, head=Dense(outputs=1))
    torch.manual_seed(0)
    model = lower(architecture).double().eval()
    x = torch.randn(1, *architecture.signal.shape, dtype=torch.float64, requires_grad=True)
    y = model(x)
    y[(0, 0, *(n // 2 for n in y.shape[2:]))].backward()
    assert x.grad is not None
    along = x.grad.abs().amax(dim=(0, 1)).flatten(1).amax(1) if len(x.shape) == 4 else x.grad.abs().amax(dim=(0, 1))
    where = torch.nonzero(along).flatten()
    return int(where[-1] - where[0]) + 1, receptive_field(architecture.graph) * x.shape[2] + 1


@pytest.mark.parametrize("name", BODIES)
def test_an_output_depends_on_the_points_of_its_receptive_field(name: str) -> None:
    found, told = measured(*BODIES[name])
    assert found == pytest.approx(told)


def test_attention_reads_as_far_as_its_convolution_beside_means_over_the_grid() -> None:
    graph = Architecture(input=SQUARE, body=[Attention(kernel_size=5)], head=Dense(outputs=1)).graph
    assert receptive_field(graph) == 4 / 24


def _of_the_largest(graph: Graph) -> float:
    return max(node.facts.receptive_field for node in graph.nodes.values())


FAULTS: dict[str, tuple[str, str, Callable[..., object]]] = {
    "only one block counts": ("one after another", f"{__name__}.receptive_field", _of_the_largest),
    "tiles of pooling do not count": ("after pooling", "archspec.blocks.pool.Pool.receptive_field", lambda *_: 0.0),
    "windows crop nothing": ("cropped by a window", "archspec.blocks.conv.conv.Convolution.cropped", lambda *_: ()),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_mistake_fails_that_law(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, where, instead = FAULTS[fault]
    monkeypatch.setattr(where, instead)
    monkeypatch.setattr("archspec.graph.node._FACTS", {})
    with pytest.raises(AssertionError):
        test_an_output_depends_on_the_points_of_its_receptive_field(name)
