"""Weights carried between kernel sizes: the same function of the offset."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from archspec import (
    S4D,
    Architecture,
    Conv,
    Exponential,
    Fourier,
    Gaussian,
    Hyena,
    Image,
    Magnet,
    Mlp,
    Norm,
    Series,
    SignalError,
    Siren,
    Table,
    carry,
)
from archspec.kernels import Kernel
from archspec.kernels.windows import Window
from archspec.layers.conv import GroupConv
from tests.examples import built, network
from tests.laws.numbers import double

KERNELS: tuple[Kernel, ...] = (
    Table(),
    Siren(hidden=4),
    Siren(hidden=4, layers=4, weight_norm=True),
    Siren(hidden=4, omega_0=3.0),
    Siren(hidden=4, weight_norm=True, omega_0=3.0),
    Siren(hidden=4, omega_0=3.0, first_omega_0=7.0, learn_omega=True),
    Magnet(hidden=4),
    Mlp(hidden=4),
    Fourier(features=4),
    S4D(states=3),
)
WINDOWS: tuple[Window | None, ...] = (None, Gaussian(sigma=0.5, crop=False), Exponential(decay=0.5, crop=False))


def sized(size: int, kernel: Kernel, window: Window | None, causal: bool, dims: int = 1) -> Architecture:
    conv = Conv(channels=2, kernel_size=size, kernel=kernel, window=window, causal=causal, allow_even=True)
    return network(Series(length=40) if dims == 1 else Image(size=(20, 20)), conv, Norm())


def bank_of(model: torch.nn.Module) -> torch.Tensor:
    conv = model.get_submodule("body_0_conv")
    assert isinstance(conv, GroupConv)
    return conv.sample().detach()


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.kind)
@pytest.mark.parametrize(("before", "now"), [(9, 15), (15, 9), (2, 4), (4, 2)])
def test_the_taps_that_both_sizes_have_are_equal(kernel: Kernel, before: int, now: int) -> None:
    for window, causal in product(WINDOWS, (False, True)):
        with double():
            model = built(sized(before, kernel, window, causal))
            other = carry(model, sized(now, kernel, window, causal))
        small, large = sorted((bank_of(model), bank_of(other)), key=lambda bank: bank.shape[-1])
        margin = large.shape[-1] - small.shape[-1]
        part = large[..., margin:] if causal else large[..., margin // 2 : -(margin // 2)]
        assert torch.allclose(part, small, rtol=0, atol=1e-9), (window, causal)


def test_in_two_dimensions_and_back() -> None:
    with double():
        model = built(sized(5, Magnet(hidden=4), Gaussian(sigma=0.6), False, dims=2))
        there = carry(model, sized(9, Magnet(hidden=4), Gaussian(sigma=0.6), False, dims=2))
        back = carry(there, model.architecture)
    assert torch.allclose(bank_of(back), bank_of(model), rtol=0, atol=1e-9)
    assert all(torch.allclose(a, b) for a, b in zip(back.parameters(), model.parameters(), strict=True))


def test_what_cannot_be_carried_says_so() -> None:
    model = built(sized(9, Hyena(hidden=4), None, False))
    with pytest.raises(SignalError, match="bound to its size"):
        carry(model, sized(15, Hyena(hidden=4), None, False))
    with pytest.raises(SignalError, match="only kernel sizes and group orders may differ"):
        carry(model, sized(15, Table(), None, False))
