"""Published networks: their parameters, and what their constructors take."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from archspec import (
    Architecture,
    Image,
    Series,
    SignalError,
    Volume,
    lower,
    price,
    published,
)
from archspec.inputs import Input

EXACT = {
    "CKCNN, copy memory": (published.ckcnn_copy_memory(), 15_526),
    "CKCNN, adding problem": (published.ckcnn_adding(), 70_587),
    "CCNN-4,140": (published.ccnn_4_140(), 198_769),
    "CCNN-6,380": (published.ccnn_6_380(), 1_993_091),
    # Ours besides those that the authors' code counts: see the docstring of each.
    "P4CNN": (published.p4cnn(), 24_610 + 110),
    "αF-P4CNN": (published.attentive_gcnn(), 29_462 - 192 - 320 + 110),
    "GSA-Net on C4": (published.gsa_net(), 44_428 - 580 + 110),
    "GSA-Net on C16": (published.gsa_net(group="C16"), 44_668 - 580 + 110),
    "partial CKResNet": (published.partial_gcnn(), 467_791 + 384 + 64 - 2),
    "separable SE(2)-CNN": (published.separable_gcnn(), 755_370),
    "the same, not separable": (published.separable_gcnn(factorisation="full"), 716_490),
    "wavelet network": (published.wavelet_net(), 458_614),
    "CubeNet on O": (published.octahedral_cnn(), 345_211),
}


ROUNDED = {
    "CKCNN, sequential MNIST": (published.ckcnn_smnist(), 98_290, 10),
    "CKCNN, sequential MNIST, wide": (published.ckcnn_smnist(100, 30.5, 0.2), 1_030_000, 10_000),
    "FlexNet-7": (published.flexnet_7(), 670_000, 10_000),
    "FlexTCN-6": (published.flextcn_6(), 375_000, 10_000),
    "P4CNN, the paper's figure": (published.p4cnn(), 25_000, 500),
    "P4MCNN, by its rule": (published.p4mcnn(), 25_000, 2_000),
    "GSA-Net, the paper's figure": (published.gsa_net(group="C16"), 44_670, 500),
}


@pytest.mark.parametrize("name", EXACT)
def test_a_published_network_has_its_published_parameters(name: str) -> None:
    architecture, parameters = EXACT[name]
    assert price(architecture).params == parameters


@pytest.mark.parametrize("name", ROUNDED)
def test_and_those_published_rounded_round_to_them(name: str) -> None:
    architecture, parameters, to = ROUNDED[name]
    assert abs(price(architecture).params - parameters) < to


@pytest.mark.parametrize("grid", [(20,), (9, 9), (5, 5, 5)])
def test_one_constructor_makes_networks_of_every_dimension(grid: tuple[int, ...]) -> None:
    inputs: dict[int, Input] = {
        1: Series(channels=2, length=grid[0]),
        2: Image(channels=2, size=(9, 9)),
        3: Volume(channels=2, size=(5, 5, 5)),
    }
    architecture = published.ccnn(inputs[len(grid)], classes=3, blocks=2, channels=4, hidden=4)
    x = torch.randn(2, 2, *grid)
    model = lower(architecture).eval()
    with torch.no_grad():
        assert model(x).shape == (2, 3)
    assert price(architecture).params == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(("length", "scales"), [(16, 3), (64, 4), (128, 5), (2_000, 7), (10_000, 9)])
def test_a_wavelet_network_takes_as_many_scales_as_its_series_can_hold(length: int, scales: int) -> None:
    architecture = published.wavelet_net(Series(channels=1, length=length), 3, channels=2)
    assert architecture.graph.nodes["body.0"].signal.group.name == f"S{scales}"
    with pytest.raises(SignalError, match="use fewer scales or taps"):
        _ = published.wavelet_net(Series(channels=1, length=length), 3, channels=2, scales=scales + 2).graph


def test_the_last_pooling_of_gsa_net_is_before_its_turns() -> None:
    """The maximum over turns of the mean over positions: not the same as the other way round."""
    body = published.gsa_net().body
    assert [block.kind for block in body[-3:]] == ["pointwise", "pool", "group_pool"]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            lambda: published.partial_gcnn(channels=2),
            r"channels are several numbers in order, such as \(32, 32, 64\), not 2",
        ),
        (lambda: published.separable_gcnn(channels=()), r"channels are several numbers in order"),
        (lambda: published.gsa_net(blocks=3), r"blocks are several numbers in order, such as \(2, 3\), not 3"),
        (lambda: published.partial_gcnn(pools=1), r"pools are the numbers of stages, 0 … 2, such as \(0, 1\), not 1"),
        (lambda: published.partial_gcnn(pools=(0, 9)), r"not \(0, 9\)"),
    ],
)
def test_a_mistake_in_what_has_several_values_is_one_sentence(made: Callable[[], Architecture], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        made()
