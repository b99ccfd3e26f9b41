"""Kernels are made once per step, kept while evaluating, and pass on their gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, fx

from archspec import Architecture, Conv, Disc, Norm, Pointwise, Siren, kept_kernels
from archspec.geometry.tap_grid import TapGrid, disc
from archspec.layers.conv import GroupConv
from tests.examples import EXAMPLES, SIREN, SQUARE, built, network, noise, on

CONTINUOUS = network(SQUARE, Conv(channels=2, kernel_size=5, kernel=SIREN), Norm())


SAMPLES = {
    "siren": Conv(channels=2, kernel_size=3, kernel=Siren(hidden=3)),
    "table on a group": Conv(channels=2, kernel_size=3),
    "siren on a group": Conv(channels=1, kernel_size=3, kernel=Siren(hidden=3)),
    "pointwise on a group": Pointwise(channels=2),
    "norm on a group": Norm(type="layer"),
}


def counting(model: fx.GraphModule) -> list[int]:
    """Counts, from now on, every time the first convolution makes its kernels."""
    conv = model.get_submodule("body_0_conv")
    assert isinstance(conv, GroupConv)
    made: list[int] = []
    conv.kernel.register_forward_hook(lambda *_: made.append(1))
    return made


def test_evaluating_makes_the_kernel_once_while_kernels_are_kept() -> None:
    model, x = built(CONTINUOUS).eval(), noise(CONTINUOUS)
    made = counting(model)
    with torch.no_grad():
        with kept_kernels(model), kept_kernels(model):
            for _ in range(4):
                model(x)
        assert len(made) == 1
        model(x)
        model(x)
    assert len(made) == 3


def test_training_makes_the_kernel_once_per_step() -> None:
    model, x = built(CONTINUOUS).train(), noise(CONTINUOUS)
    made = counting(model)
    for _ in range(3):
        model(x)
    assert len(made) == 3


@pytest.mark.parametrize("training", [True, False])
def test_every_weight_gets_a_gradient(training: bool) -> None:
    for architecture in (CONTINUOUS, EXAMPLES["D4 table"], EXAMPLES["C8 siren"], EXAMPLES["O"]):
        model = built(architecture).train(training)
        with torch.no_grad():
            model(noise(architecture))
        model(noise(architecture)).square().sum().backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("name", SAMPLES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    signal = (
        (on("C4") if "group" in name else network(SQUARE)).graph.nodes["body.0" if "group" in name else "input"].signal
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layer = SAMPLES[name].lower(signal).double()
        x = torch.randn(1, *signal.shape[:-2], 4, 4, dtype=torch.float64, requires_grad=True)
    names = [key for key, _ in layer.named_parameters()]

    def call(x: Tensor, *weights: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), x)
        return result

    assert torch.autograd.gradcheck(call, (x, *layer.parameters()), fast_mode=True)


def test_a_wide_window_is_the_kernel_without_one() -> None:
    plain = network(SQUARE, Conv(channels=2, kernel_size=3))
    windowed = network(SQUARE, Conv(channels=2, kernel_size=3, window=Disc(softness=4.0)))
    factors = disc(TapGrid((3, 3)), softness=4.0).reshape(3, 3)
    assert factors[1, 1] == factors[0, 1] == 1
    assert 0 < factors[0, 0] < 1
    model, other = built(plain), built(windowed)
    other.load_state_dict(model.state_dict())
    weight, masked = (m.get_submodule("body_0_conv").sample() for m in (model, other))
    assert torch.allclose(masked, weight * torch.from_numpy(factors))


def test_the_same_seed_draws_the_same_weights() -> None:
    one, other = (dict(built(CONTINUOUS, seed=3).state_dict()) for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert isinstance(CONTINUOUS, Architecture)
