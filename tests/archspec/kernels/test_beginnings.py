"""How kernels begin, and what holds their frequencies: variance kept, no aliasing."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import nn

from archspec import (
    S4D,
    Conv,
    Disc,
    Exponential,
    Fourier,
    Gaussian,
    GroupPool,
    Hyena,
    Image,
    Lift,
    Magnet,
    Mlp,
    Network,
    Series,
    Siren,
    Spline,
    Table,
    Volume,
    alias_penalty,
    lower,
)
from archspec.inputs import Input
from archspec.kernels import Kernel
from archspec.kernels.windows import Window
from archspec.layers.conv import GroupConv
from archspec.layers.kernels.linear import Fourier as FourierLayer
from tests.examples import SEPARABLE, built, network

KERNELS: tuple[Kernel, ...] = (
    Table(), Siren(), Siren(weight_norm=True, omega_0=30.0), Magnet(), Magnet(omega_0=2.0), Fourier(), Spline(),
    Spline(degree=1, knots=3), Mlp(), S4D(), Hyena(),
)  # fmt: skip


WINDOWS: tuple[Window | None, ...] = (None, Gaussian(sigma=0.3), Exponential(), Gaussian(per="channel"), Disc())


SHAPES: dict[str, tuple[Input, int, bool]] = {
    "series": (Series(channels=8, length=64), 31, False),
    "long": (Series(channels=8, length=256), 201, False),
    "causal": (Series(channels=8, length=64), 32, True),
    "image": (Image(channels=8, size=(16, 16)), 7, False),
    "volume": (Volume(channels=8, size=(8, 8, 8)), 5, False),
}


@pytest.mark.thorough
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.kind)
def test_a_convolution_keeps_the_variance_of_what_it_reads(kernel: Kernel) -> None:
    """Under every window in every shape; each window, and each shape, in either factorisation."""
    for (i, window), (j, shape) in product(enumerate(WINDOWS), enumerate(SHAPES)):
        keeps_the_variance(kernel, window, shape, ("full", SEPARABLE)[(i + j) % 2])


@pytest.mark.slow
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.kind)
def test_it_does_under_every_window_in_every_shape_and_factorisation(kernel: Kernel) -> None:
    for window, shape, factorisation in product(WINDOWS, SHAPES, ("full", SEPARABLE)):
        keeps_the_variance(kernel, window, shape, factorisation)


def keeps_the_variance(kernel: Kernel, window: Window | None, shape: str, factorisation: str) -> None:
    input_, size, causal = SHAPES[shape]
    if kernel.unsuited(len(input_.grid), Lift(channels=1, group="C1").group, True):
        return
    conv = Conv(
        channels=8,
        kernel_size=size,
        kernel=kernel,
        window=window,
        causal=causal,
        factorisation=factorisation,
        bias=False,
    )
    energies = []
    for seed in range(6):
        bank = built_bank(network(input_, conv), seed)
        energies.append(bank.sample().flatten(1).square().sum(1))
    # The variance of the answer to white noise is the sum of squares of a kernel, and the mean over kernels and draws.
    assert 0.7 < float(torch.stack(energies).mean()) < 1.4, (shape, factorisation, window)


@pytest.mark.parametrize("kernel", KERNELS[:9], ids=lambda k: k.kind)
def test_and_on_a_group(kernel: Kernel) -> None:
    body = [Lift(group="D4", channels=6, kernel_size=5, kernel=kernel), Conv(channels=6, kernel_size=5, kernel=kernel)]
    energies = []
    for seed in range(8):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = lower(network(Image(channels=4, size=(9, 9)), *body, GroupPool()))
        for name in ("body_0_lift", "body_1_conv"):
            bank = model.get_submodule(name)
            assert isinstance(bank, GroupConv)
            energies.append(bank.sample().detach().flatten(1).square().sum(1).mean())
    assert 0.7 < float(torch.stack(energies).mean()) < 1.4


def built_bank(architecture: object, seed: int) -> GroupConv:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = lower(architecture)
    conv = model.get_submodule("body_0_conv")
    bank = conv.get_submodule("spatial") if not isinstance(conv, GroupConv) else conv
    assert isinstance(bank, GroupConv)
    return bank.requires_grad_(False)


@pytest.mark.parametrize("weight_norm", [False, True])
def test_with_a_first_omega_a_sine_network_begins_as_sitzmann_et_al(weight_norm: bool) -> None:
    kernel = Siren(hidden=64, layers=4, omega_0=5.0, first_omega_0=30.0, weight_norm=weight_norm)
    first, *others = _hidden(kernel)
    assert 0.45 < float(first.weight.abs().max()) <= 0.5  # two coordinates
    assert all(0.9 < float(part.weight.abs().max()) * 5 / math.sqrt(6 / 64) < 1.001 for part in others)
    assert all(not part.bias.any() for part in (first, *others))
    assert float(_hidden(Siren(hidden=64))[0].weight.abs().max()) > 0.9


def _hidden(kernel: Siren) -> list[nn.Linear]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = lower(network(Image(size=(9, 9)), Conv(channels=2, kernel_size=5, kernel=kernel)))
    return list(model.requires_grad_(False).get_submodule("body_0_conv").kernel.hidden)


def test_the_alias_penalty_brings_frequencies_down() -> None:
    def made(limit: str) -> Network:
        conv = Conv(channels=2, kernel_size=9, kernel=Magnet(hidden=4, bandwidth=4), band_limit=limit)
        return built(network(Image(size=(12, 12)), conv))

    assert float(alias_penalty(made("none"))) == 0
    model = made("regularise")
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    begun = alias_penalty(model)
    assert float(begun.detach()) > 0
    for _ in range(300):
        optimizer.zero_grad()
        penalty = alias_penalty(model)
        penalty.backward()
        optimizer.step()
    assert float(alias_penalty(model).detach()) < 0.3 * float(begun.detach())


def test_a_masked_kernel_leaves_out_what_the_grid_cannot_hold() -> None:
    series = Series(channels=4, length=65)
    kept = {}
    for limit in ("none", "mask"):
        conv = Conv(channels=4, kernel_size=65, kernel=Fourier(bandwidth=4), band_limit=limit)
        bank = built_bank(network(series, conv), 0)
        assert isinstance(bank.kernel, FourierLayer)
        held = bank.kernel.features().abs().amax(0) > 0
        beyond = (bank.kernel.frequencies.abs().amax(1) > math.pi * 32).repeat(2)
        assert beyond.any()
        kept[limit] = bool((held & beyond).any())
    assert kept == {"none": True, "mask": False}
