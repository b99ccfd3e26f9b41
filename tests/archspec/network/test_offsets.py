"""Group order, like kernel size, is only where a continuous kernel is sampled."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from archspec import (
    Activation,
    Architecture,
    Conv,
    Disc,
    Graph,
    GraphNode,
    Image,
    Norm,
    Pointwise,
    Pool,
    Residual,
    SignalError,
    Siren,
    Spline,
    Table,
    carry,
)
from archspec.geometry.groups import Group
from archspec.layers.bank import Bank
from archspec.layers.norm import BatchNorm
from archspec.network.offsets import turn
from archspec.network.statistics import reestimate
from archspec.symmetry.signals import Waves
from tests.examples import built, noise, on

SMOOTH = Siren(hidden=8, bandwidth=0.3, omega_group=0.5)
CONV = {"channels": 3, "kernel_size": 7, "kernel": SMOOTH, "window": Disc()}
FACTORISATIONS = ["full", "kernel_separable", "group_separable", "group_depthwise"]


def network_on(group: str, factorisation: str = "full") -> Architecture:
    conv = Conv(**CONV, factorisation=factorisation)
    body = [Norm(), Activation(), conv, Residual(body=[Norm(), conv]), Pool(size=3, stride=2)]
    return on(group, *body, input=Image(channels=2, size=(17, 17)), **CONV)


@pytest.mark.parametrize("factorisation", FACTORISATIONS)
def test_weights_carry_between_orders_both_ways(factorisation: str) -> None:
    model = built(network_on("C4", factorisation)).eval()
    finer = carry(model, network_on("C8", factorisation))
    back = carry(finer, network_on("C4", factorisation))
    x = noise(model.architecture)
    assert torch.equal(back(x), model(x))
    assert {k: v.shape for k, v in finer.state_dict().items()} == {k: v.shape for k, v in model.state_dict().items()}
    lifted = model.get_submodule("body_0_lift")(x)
    assert torch.allclose(finer.get_submodule("body_0_lift")(x)[:, :, ::2], lifted, atol=1e-12)


@pytest.mark.parametrize("factorisation", FACTORISATIONS)
def test_a_mean_over_elements_keeps_the_scale_of_the_answers(factorisation: str) -> None:
    """Of smooth functions of the angle the mean over 8 and over 16 elements is nearly the same integral."""
    answers = []
    for group in ("C8", "C16"):
        model = carry(built(network_on("C8", factorisation)).eval(), network_on(group, factorisation))
        conv, lift = model.get_submodule("body_3_conv"), model.get_submodule("body_0_lift")
        x = Waves((2, 2, 17, 17), Group("C8"), 0.2, 0).moved([0, 1])
        answers.append(conv(lift(x))[:, :, :: Group(group).order // 8].detach())
    coarse, fine = answers
    assert float((coarse - fine).norm() / fine.norm()) < 0.02


def test_a_spline_around_the_circle_carries_too() -> None:
    conv = {**CONV, "kernel": Spline(around=6)}
    c4, c8 = (on(g, Conv(**conv), input=Image(channels=2, size=(9, 9)), **conv) for g in ("C4", "C8"))
    model = built(c4).eval()
    finer = carry(model, c8)
    bank, fine = (m.get_submodule("body_1_conv").sample() for m in (model, finer))
    shape = (3, 4, 3, 4, -1)
    assert torch.allclose(fine.view(3, 8, 3, 8, -1)[:, ::2, :, ::2] * 2, bank.view(shape), atol=1e-12)


def test_tables_over_the_elements_cannot_be_carried_and_say_so() -> None:
    table = {"kernel_size": 7, "window": Disc(), "kernel": Table()}
    c4, c8 = (on(g, Conv(channels=2, **table), input=Image(channels=2, size=(9, 9)), **table) for g in ("C4", "C8"))
    with pytest.raises(SignalError, match="group orders"):
        carry(built(c4), c8)


@pytest.mark.parametrize("factorisation", FACTORISATIONS)
def test_offset_elements_are_the_same_function_of_a_turned_image(factorisation: str) -> None:
    """A whole step further on, every element is the next one; the pooled answer is the same."""
    model = built(network_on("C4", factorisation)).eval()
    x = noise(model.architecture)
    wanted = model(x)

    class Whole(np.random.Generator):
        def uniform(self, *bounds: object) -> float:
            return 1.0

    turn(model, Whole(np.random.PCG64(0)))
    assert (model(x) - wanted).abs().max() < 1e-10 * wanted.abs().max()
    turn(model, None)
    assert torch.equal(model(x), wanted)


def test_offsets_differ_between_stretches_and_agree_within_one() -> None:
    model = built(network_on("C4"))
    turn(model, np.random.default_rng(0))
    lift = model.get_submodule("body_0_lift").where
    first, second = model.get_submodule("body_3_conv").where, model.get_submodule("body_4_body_1_conv").where
    assert first.read == lift.out
    assert first.out == second.read == second.out  # the sum of a residual joins them
    assert lift.out != first.out
    assert all(0 <= t < np.pi / 2 for t in (lift.out[0], first.out[0]))


def test_what_a_convolution_reads_as_a_sum_is_one_stretch() -> None:
    """Inputs merged at the convolution itself, and not before it."""
    nodes = {
        "a": GraphNode(block=Conv(**CONV), inputs=("input",)),
        "b": GraphNode(block=Conv(**CONV), inputs=("input",)),
        "c": GraphNode(block=Conv(**CONV), inputs=("a", "b"), merge="add"),
    }
    architecture = on("C4", Graph(nodes=nodes, output="c"), input=Image(channels=2, size=(9, 9)), **CONV)
    model = built(architecture)
    turn(model, np.random.default_rng(0))
    a, b, c = (module.where for name, module in model.named_modules() if isinstance(module, Bank) and "_conv" in name)
    assert a.out == b.out == c.read
    assert c.out != c.read


def test_offsets_that_do_not_agree_change_the_answer() -> None:
    """The broken form: every layer draws its own, whatever the layer before gave."""
    model = built(network_on("C4")).eval()
    x = noise(model.architecture)
    turn(model, np.random.default_rng(0))
    wanted = model(x).detach()
    conv = model.get_submodule("body_3_conv")
    assert isinstance(conv, Bank)
    conv.where = conv.where._replace(read=tuple(t + 0.7 for t in conv.where.read))
    conv.place(conv.cropped)
    assert (model(x) - wanted).abs().max() > 1e-4 * wanted.abs().max()


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        (on("C4", Conv(channels=2)), "at the elements only"),
        (on("D4", Conv(**CONV), **CONV, input=Image(channels=2, size=(9, 9))), "on D4"),
        (on("C4", Conv(**CONV, factorisation="depthwise_separable"), **CONV), "group_separable"),
    ],
)
def test_what_has_no_place_between_elements_says_so(architecture: Architecture, words: str) -> None:
    with pytest.raises(SignalError, match=words):
        turn(built(architecture), np.random.default_rng(0))


def test_statistics_are_estimated_over_all_batches_and_nothing_else_changes() -> None:
    model = built(on("C4", Norm(), Pointwise(channels=3), Norm())).train()
    before = {name: value.clone() for name, value in model.named_parameters()}
    batches = [noise(model.architecture, 6, seed) for seed in range(3)]
    reestimate(model, batches)
    norm = model.get_submodule("body_1_norm")
    assert isinstance(norm, BatchNorm)
    assert norm.training
    lift = model.get_submodule("body_0_lift")
    means = torch.stack([lift(x).transpose(0, 1).flatten(1).mean(1) for x in batches]).mean(0)
    assert norm.running_mean is not None
    assert torch.allclose(norm.running_mean, means)
    assert all(torch.equal(value, before[name]) for name, value in model.named_parameters())
    assert norm.momentum == 0.1


def test_a_network_that_is_turned_between_the_elements_is_carried_from_its_weights() -> None:
    before, after = (on(group, kernel=Siren(hidden=4), kernel_size=5, window=Disc()) for group in ("C4", "C8"))
    model = built(before)
    wanted = carry(model, after).state_dict()
    turn(model, np.random.default_rng(0))
    found = carry(model, after).state_dict()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)
