"""The group action commutes with every network, node by node."""

from __future__ import annotations

import pytest
import torch

from archspec import (
    Activation,
    Conv,
    Disc,
    Group,
    Image,
    Lift,
    Network,
    Norm,
    Pool,
    SignalError,
    Volume,
)
from archspec.symmetry.certifying import certify
from archspec.symmetry.signals import transformed
from tests.examples import EXAMPLES, NAMED, RANDOM, SYMMETRIC, noise, on
from tests.examples.selection import the_rest_slow
from tests.laws.equivariance import BROKEN, EXACT, deviations, groups_of, settled

# What random networks keep; of eighth turns they keep the quarter turns among them exactly.
TURNED = {n: {Group("C4")} if Group("C8") in groups_of(a) else groups_of(a) for n, a in RANDOM.items() if groups_of(a)}


def test_many_random_networks_have_a_symmetry() -> None:
    assert len(TURNED) > 150
    kept = {group.name for groups in (*TURNED.values(), *map(groups_of, SYMMETRIC.values())) for group in groups}
    assert kept >= {"C2", "C4", "D1", "D4", "T", "O", "Oh"}


def turning_before_is_turning_after_at_every_node(model: Network, groups: set[Group]) -> None:
    for group in groups:
        errors = deviations(model, model.architecture, group)
        assert errors
        assert max(errors.values()) < EXACT, max(errors.items(), key=lambda item: item[1])


def the_certificate_says_so(model: Network) -> None:
    signals = [n.signal for n in model.architecture.graph.nodes.values() if n.block and n.signal.grid]
    for group in {signal.symmetry for signal in signals}:
        if all(signal.symmetry == group for signal in signals):
            certificate = certify(model, group)
            assert certificate.verdict == "exact"
            assert certificate.error < EXACT
            assert certificate.breaks is None
            assert len(certificate.features) == len(certificate.output) == group.order


@pytest.mark.parametrize("name", SYMMETRIC | NAMED)
def test_an_example_keeps_its_symmetry_and_is_certified(name: str) -> None:
    model = settled(EXAMPLES[name])
    turning_before_is_turning_after_at_every_node(model, groups_of(EXAMPLES[name]))
    if groups_of(EXAMPLES[name]):
        the_certificate_says_so(model)


@pytest.mark.thorough
@pytest.mark.parametrize("name", the_rest_slow(list(TURNED)[::3], TURNED))
def test_a_random_network_keeps_its_symmetry(name: str) -> None:
    turning_before_is_turning_after_at_every_node(settled(RANDOM[name]), TURNED[name])


@pytest.mark.parametrize(
    ("group", "size"), [("C4", (5, 5)), ("D4", (6, 6)), ("D2", (4, 6)), ("O", (3, 3, 3)), ("Oh", (3, 3, 3))]
)
def test_moving_a_signal_is_a_group_action(group: str, size: tuple[int, ...]) -> None:
    lifted = on(group, input=_input(size)).graph.nodes["body.0"].signal
    action = Group(group).action(len(size))
    for signal in (lifted, lifted._replace(group=Group("C1"))):
        x = torch.randn(2, *signal.shape, dtype=torch.float64)
        assert torch.equal(transformed(x, signal, Group(group), 0), x)
        for a in range(0, Group(group).order, 3):
            for b in range(Group(group).order):
                twice = transformed(transformed(x, signal, Group(group), b), signal, Group(group), a)
                assert torch.equal(twice, transformed(x, signal, Group(group), int(action.product[a, b])))


def test_the_turn_of_an_image_is_from_the_first_axis_to_the_second() -> None:
    x = torch.zeros(1, 1, 3, 3)
    x[0, 0, 2, 1] = 1
    down_to_right = transformed(x, Image(size=(3, 3)).signal, Group("C4"), 1)
    assert down_to_right[0, 0, 1, 2] == 1


@pytest.mark.parametrize(
    "block",
    [
        Conv(channels=2, stride=2),
        Conv(channels=2, stride=3),
        Conv(channels=2, stride=2, padding="valid"),
        Conv(channels=2, kernel_size=4, stride=2, padding="valid"),
        Conv(channels=2, kernel_size=2, padding="valid"),
        Pool(size=2),
        Pool(size=3),
        Pool(size=3, stride=2),
        Pool(size=3, stride=2, reduce="average"),
        Pool(size=2, stride=1),
        Pool(size=1, stride=2),
        Pool(size=4, stride=2, reduce="average"),
    ],
    ids=str,
)
def test_the_parity_rule_is_true_both_ways(block: Conv | Pool) -> None:
    """Where the rule allows, the network is exact; where it refuses, the layers forced onto that grid are broken."""
    for size in (8, 9, 10, 13):
        allowed = [n for n in range(size, size + 6) if _fits(n, block)]
        architecture = on("D4", block, input=Image(channels=1, size=(allowed[0],) * 2))
        errors = deviations(settled(architecture), architecture, Group("D4"), grid=(size, size))
        assert (max(errors.values()) < EXACT) == (allowed[0] == size), size
        assert max(errors.values()) < EXACT or max(errors.values()) > BROKEN, size


def test_an_activation_and_a_norm_keep_quarter_turns_of_a_disc_windowed_kernel() -> None:
    architecture = on("D4", Conv(channels=2, kernel_size=5, window=Disc()), Norm(), Activation(function="elu"))
    assert max(deviations(settled(architecture), architecture, Group("D4")).values()) < EXACT


def test_lifting_is_the_plain_convolution_with_every_turned_kernel() -> None:
    architecture = on("C4", bias=False)
    model = settled(architecture)
    x = noise(architecture)
    lifted = model.get_submodule("body_0_lift")
    weight = lifted.sample()[0::4]
    y = lifted(x)
    for r in range(4):
        turned = torch.rot90(weight, r, (2, 3))
        assert torch.allclose(y[:, :, r], torch.nn.functional.conv2d(x, turned, padding=1))
    assert isinstance(architecture.body[0], Lift)


def _fits(size: int, block: Conv | Pool) -> bool:
    try:
        _ = on("D4", block, input=Image(channels=1, size=(size, size))).graph
    except SignalError:
        return False
    return True


def _input(size: tuple[int, ...]) -> Image | Volume:
    return Image(size=size) if len(size) == 2 else Volume(size=size)
