"""The spaces of the published families: the published network is one of them."""

from __future__ import annotations

import random

import pytest

import spaces
from archspec import (
    Classifier,
    Conv,
    Disc,
    Image,
    Lift,
    Series,
    price,
    published,
)

SPACES = {
    "ckcnn": spaces.ckcnn(Series(channels=1, length=784), Classifier(classes=10, pool="last"), omega_0=31.09),
    "flextcn": spaces.flextcn(Series(channels=1, length=784), Classifier(classes=10, pool="last")),
    "flexnet": spaces.flexnet(Image(channels=3, size=(32, 32)), 10),
    "ccnn": spaces.ccnn(Series(channels=1, length=784), 10),
    "p4cnn": spaces.p4cnn(),
    "p4mcnn": spaces.p4mcnn(),
    "attentive_gcnn": spaces.attentive_gcnn(),
    "gsa_net": spaces.gsa_net(),
    "partial_gcnn": spaces.partial_gcnn(),
    "separable_gcnn": spaces.separable_gcnn(),
    "wavelet_net": spaces.wavelet_net(),
    "octahedral_cnn": spaces.octahedral_cnn(),
}


PUBLISHED = {
    "ckcnn": published.ckcnn_smnist(dropout=0.0),
    "flextcn": published.flextcn(Series(channels=1, length=784), Classifier(classes=10, pool="last")),
    "flexnet": published.flexnet_7(),
    "ccnn": published.ccnn_4_140(),
    "p4cnn": published.p4cnn(),
    "p4mcnn": published.p4mcnn(),
    "attentive_gcnn": published.attentive_gcnn(),
    "gsa_net": published.gsa_net(),
    "partial_gcnn": published.partial_gcnn(),
    "separable_gcnn": published.separable_gcnn(),
    "wavelet_net": published.wavelet_net(),
    "octahedral_cnn": published.octahedral_cnn(),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_default_point_of_its_space_is_the_published_network(name: str) -> None:
    space = SPACES[name]
    assert space.default.hash == PUBLISHED[name].hash
    assert space.fill(space.values_of(space.default)).hash == space.default.hash
    assert space.size() > 20
    rng = random.Random(0)
    drawn = [space.sample(rng) for _ in range(30)]
    assert len({architecture.hash for architecture in drawn}) > 3
    assert all(price(architecture).flops > 0 for architecture in drawn)


def test_eighth_turns_are_only_drawn_with_kernels_that_carry_them() -> None:
    space, rng = spaces.rotated_images(1, (28, 28), 10), random.Random(0)
    assert str(space.values_of(space.default)["group"]) == "C4"
    drawn = [space.sample(rng) for _ in range(100)]
    assert all(price(architecture).flops > 0 for architecture in drawn)
    eighths = [a for a in drawn if a.graph.nodes["body.0"].signal.group.name == "C8"]
    assert len(eighths) > 5
    for architecture in eighths:
        assert not any("aliases" in warning for warning in architecture.warnings)
        for node in architecture.graph.nodes.values():
            if isinstance(node.block, Conv | Lift):
                assert node.block.kernel_size in (5, 7)
                assert node.block.window == Disc()
