"""Every kernel under every window, in every dimension and either way of working, is what the equations say."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from archspec import S4D, Conv, Disc, Exponential, Fourier, Gaussian, Hyena, Magnet, Mlp, Siren, Spline, Table
from archspec.geometry.tap_grid import TapGrid
from archspec.graph.block import Block
from archspec.inputs import Image, Input, Series, Volume
from archspec.kernels import Kernel
from archspec.kernels.windows import Window
from archspec.layers.conv import GroupConv
from tests.examples import SEPARABLE, built, network, seeded
from tests.laws.numbers import double
from tests.laws.reference import coordinates, correlated, kernels, windows

KERNELS: tuple[Kernel, ...] = (
    Table(), Siren(hidden=4), Siren(hidden=3, weight_norm=True, omega_0=5.0),
    Siren(hidden=4, first_omega_0=7.0), Magnet(hidden=4, layers=2),
    Fourier(features=3), Spline(), Spline(degree=1, knots=3), Spline(degree=2, knots=4), Mlp(hidden=4), S4D(states=3),
    Hyena(hidden=4, bands=2),
)  # fmt: skip
WINDOWS: tuple[Window | None, ...] = (
    None,
    Disc(),
    Gaussian(sigma=0.3, bucketed=False),
    Gaussian(sigma=0.3, crop=False, threshold=1e-9),
    Exponential(decay=0.2, bucketed=False),
)
PLACES: tuple[tuple[Input, tuple[int, ...], bool], ...] = (
    (Series(channels=2, length=11), (9,), False),
    (Series(channels=2, length=10), (8,), True),
    (Image(channels=2, size=(6, 7)), (5, 7), False),
    (Volume(channels=2, size=(4, 5, 3)), (3, 5, 3), False),
    (Series(channels=2, length=5), (2,), True),
    (Image(channels=2, size=(4, 5)), (1, 2), False),
)
EACH = pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: f"{k.kind}-{k.model_dump_json()[-40:]}")


def layer_of(input_: Input, conv: Conv) -> tuple[nn.Module, GroupConv]:
    """The layer, its biases not zero, and the part of it that convolves over space."""
    with double():
        model = built(network(input_, conv))
    module = model.get_submodule("body_0_conv")
    bank = module if isinstance(module, GroupConv) else module.get_submodule("spatial")
    assert isinstance(bank, GroupConv)
    return module, bank


def fits(kernel: Kernel, window: Window | None, sizes: tuple[int, ...], causal: bool) -> bool:
    return not (kernel.kind == "s4d" and len(sizes) > 1) and not (isinstance(window, Disc) and causal)


def is_what_the_equations_say(input_: Input, conv: Conv) -> None:
    module, bank = layer_of(input_, conv)
    sizes, depthwise = conv.kernel_size, conv.factorisation == SEPARABLE
    assert isinstance(sizes, tuple)
    x = torch.randn(2, 2, *input_.grid, generator=seeded(3), dtype=torch.float64)
    with double(), torch.no_grad():
        sampled = kernels(conv, bank, 2 if depthwise else 6, sizes) * windows(conv, bank, sizes)
        shape = (2, 1) if depthwise else (3, 2)
        wanted = correlated(x, sampled.view(*shape, *sizes), conv.causal, depthwise) + column(bank.bias, len(sizes))
        if depthwise:
            mixing = module.get_submodule("mixing")
            assert isinstance(mixing, GroupConv)
            wanted = torch.einsum("oi,bi...->bo...", mixing.sample().flatten(1), wanted)
            wanted = wanted + column(mixing.bias, len(sizes))
        found = module(x)
    assert (found - wanted).abs().max() < 1e-9 * max(1.0, float(wanted.abs().max())), repr(conv)


WAYS = tuple(product(("full", SEPARABLE), ("direct", "fft")))


@EACH
def test_the_layer_is_what_the_equations_say(kernel: Kernel) -> None:
    """Under every window in every place; each window, and each place, in each way of working."""
    for (i, window), (j, (input_, sizes, causal)) in product(enumerate(WINDOWS), enumerate(PLACES)):
        if fits(kernel, window, sizes, causal):
            is_what_the_equations_say(input_, convolution(kernel, window, sizes, causal, *WAYS[(i + j) % 4]))


@pytest.mark.slow
@EACH
def test_it_is_under_every_window_in_every_place_in_each_way(kernel: Kernel) -> None:
    for window, (input_, sizes, causal), way in product(WINDOWS, PLACES, WAYS):
        if fits(kernel, window, sizes, causal):
            is_what_the_equations_say(input_, convolution(kernel, window, sizes, causal, *way))


def convolution(
    kernel: Kernel, window: Window | None, sizes: tuple[int, ...], causal: bool, factorisation: str, algorithm: str
) -> Conv:
    return Conv(
        channels=3,
        kernel_size=sizes,
        kernel=kernel,
        window=window,
        factorisation=factorisation,
        causal=causal,
        allow_even=True,
        algorithm=algorithm,
    )


def spans(sizes: tuple[int, ...], causal: bool) -> bool:
    """Whether every axis of the longest taps is `linspace(-1, 1, k)`, the others with its steps."""
    taps = TapGrid(sizes, causal=causal)
    found = torch.from_numpy(taps.coordinates(taps.offsets()))
    return bool(torch.allclose(found, torch.tensor(coordinates(sizes, causal)).double(), rtol=0, atol=1e-6))


EXTENTS = [((k,), causal) for k in (1, 2, 3, 4, 9, 32) for causal in (False, True)]
EXTENTS += [((1, 2), False), ((2, 2), False), ((3, 2), False), ((5, 1, 2), False), ((1, 1), False)]


@pytest.mark.parametrize(("sizes", "causal"), EXTENTS)
def test_the_outermost_taps_lie_at_one(sizes: tuple[int, ...], causal: bool) -> None:
    assert spans(sizes, causal)


def test_two_taps_half_a_unit_apart_would_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archspec.geometry.tap_grid.unit", lambda sizes: max(1.0, (max(sizes) - 1) / 2))
    assert [sizes for sizes, causal in EXTENTS if not spans(sizes, causal)] == [(2,), (2,), (1, 2), (2, 2)]


def test_frequencies_are_those_that_two_taps_can_hold() -> None:
    """At the Nyquist frequency neighbouring taps have opposite signs."""
    for size in (2, 3, 8):
        conv = Conv(channels=1, kernel_size=size, causal=True, kernel=Siren(bandwidth=1.0))
        wanted = conv.sampling(Series(length=9).signal)
        phases = wanted.nyquist * torch.linspace(-1, 1, size, dtype=torch.float64)
        assert torch.allclose(torch.diff(phases), torch.tensor(torch.pi).double())
        assert conv.kernel.frequency(wanted) == wanted.nyquist


def column(bias: Tensor | None, dims: int) -> Tensor:
    assert bias is not None
    return bias.detach().view(-1, *(1,) * dims)


@EACH
def test_gradients_are_those_of_finite_differences(kernel: Kernel) -> None:
    learned = (None, Gaussian(sigma=0.4, mean="learned"), Exponential(decay=0.4, per="channel"))
    for (i, window), (j, (input_, sizes, causal)) in product(enumerate(learned), enumerate(PLACES)):
        if not fits(kernel, window, sizes, causal):
            continue
        conv = convolution(kernel, window, sizes, causal, "full", ("direct", "fft")[(i + j) % 2])
        module, bank = layer_of(input_, conv)
        if bank.window is not None:  # at a bound, a difference to both sides is no derivative
            with torch.no_grad():
                bank.window.log_width.clamp_(bank.window.low + 0.1, bank.window.high - 0.1)
        names = [name for name, _ in module.named_parameters()]
        x = torch.randn(1, 2, *input_.grid, generator=seeded(4), dtype=torch.float64, requires_grad=True)

        def call(x: Tensor, *weights: Tensor, module: nn.Module = module, names: list[str] = names) -> Tensor:
            answer: Tensor = torch.func.functional_call(module, dict(zip(names, weights, strict=True)), x)
            return answer

        assert torch.autograd.gradcheck(call, (x, *module.parameters()), fast_mode=True)


@EACH
@pytest.mark.parametrize("length", [pytest.param(64, marks=pytest.mark.slow), 1000])
def test_in_single_precision_both_ways_agree(kernel: Kernel, length: int) -> None:
    size = length // 2 + 1
    body: list[Block] = [
        Conv(channels=3, kernel_size=size | 1, kernel=kernel, algorithm=way) for way in ("direct", "fft")
    ]
    input_ = Series(channels=2, length=length)
    direct, transformed = (built(network(input_, conv)).float().eval() for conv in body)
    transformed.load_state_dict(direct.state_dict())
    x = torch.randn(2, 2, length, generator=seeded(1))
    with torch.no_grad():
        one, other = direct.body_0_conv(x), transformed.body_0_conv(x)
    assert (one - other).abs().max() < 1e-5 * one.abs().max()
