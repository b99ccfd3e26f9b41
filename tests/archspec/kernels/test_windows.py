"""Windows that learn their width: the cost follows, cropping changes little, and nothing gets stuck."""

from __future__ import annotations

import math

import pytest
import torch

from archspec import (
    Architecture,
    Conv,
    Exponential,
    Fourier,
    Gaussian,
    GroupPool,
    Image,
    Lift,
    Magnet,
    Network,
    Norm,
    Series,
    SignalError,
    Siren,
    freeze,
    lower,
    price,
)
from archspec.geometry.cropping import cropped_taps, gaussian_reach
from archspec.layers.conv import GroupConv
from tests.examples import SEPARABLE, built, network, noise
from tests.laws.counting import counted

LONG = Series(channels=2, length=65)


def windowed(**window: object) -> Architecture:
    magnet = Magnet(hidden=6)
    conv = Conv(channels=3, kernel_size=65, kernel=magnet, window=Gaussian(**window), algorithm="direct")
    return network(LONG, conv, Norm())


def conv_of(model: Network, name: str = "body_0_conv") -> GroupConv:
    conv = model.get_submodule(name)
    assert isinstance(conv, GroupConv)
    return conv


def widened(model: Network, sigma: float, name: str = "body_0_conv") -> None:
    with torch.no_grad():
        model.get_parameter(f"{name}.window.log_width").fill_(math.log(sigma))


@pytest.mark.parametrize("architecture", [
    windowed(sigma=0.1),
    windowed(sigma=0.1, bucketed=False),
    network(LONG, Conv(channels=2, kernel_size=65, kernel=Siren(hidden=4), factorisation=SEPARABLE, window=Gaussian())),
    network(LONG, Conv(channels=2, kernel_size=64, kernel=Siren(hidden=4), causal=True, window=Exponential(decay=0.1))),
    network(
        Image(size=(17, 17)),
        Lift(group="C4", channels=2, kernel_size=17, kernel=Siren(hidden=4), window=Gaussian(sigma=(0.2, 0.3))),
        GroupPool(),
    ),
])  # fmt: skip
@pytest.mark.parametrize("sigma", [0.02, 0.15, 0.4, 2.0])
def test_the_price_follows_what_is_learned(architecture: Architecture, sigma: float) -> None:
    model = built(architecture).eval()
    assert model.cost() == price(architecture) == price(model)
    name = next(n for n, _ in model.named_parameters() if n.endswith("log_width")).removesuffix(".window.log_width")
    widened(model, sigma, name)
    model.fit()
    x, frozen = noise(architecture), freeze(model)
    with torch.no_grad():
        assert counted(frozen, x[:1]) == model.cost().flops
    assert counted(model, x) == len(x) * model.cost().flops + 2 * model.cost().kernel_macs


def test_a_narrow_window_costs_less_and_a_wide_one_more() -> None:
    model = built(windowed(sigma=0.2))
    begun = price(model).flops
    widened(model, 0.05)
    assert not any(conv_of(model).taps == taps for taps in ((1,), (65,)))
    assert price(model).flops == begun, "sizes stay as they are until asked to fit"
    assert model.fit()
    narrow = price(model).flops
    widened(model, 0.6)
    assert model.fit()
    whole = Conv(channels=3, kernel_size=65, kernel=Magnet(hidden=6), algorithm="direct")
    assert narrow < begun < price(model).flops == price(network(LONG, whole, Norm())).flops
    assert not model.fit(), "nothing has changed since"


def test_cropping_leaves_out_only_what_is_below_the_threshold() -> None:
    cropped, whole = built(windowed(sigma=0.2)), built(windowed(sigma=0.2, crop=False))
    whole.load_state_dict(cropped.state_dict())
    small, large = conv_of(cropped).sample(), conv_of(whole).sample()
    margin = (large.shape[-1] - small.shape[-1]) // 2
    assert margin > 0
    assert torch.allclose(large[..., margin:-margin], small, atol=1e-12)
    window = conv_of(whole).window
    assert window is not None
    assert window()[0, :margin].max() < 0.1


def test_loading_weights_sets_the_size_they_learned() -> None:
    model = built(windowed(sigma=0.2))
    widened(model, 0.5)
    model.fit()
    fresh = built(windowed(sigma=0.2), seed=2)
    assert conv_of(fresh).taps != conv_of(model).taps
    fresh.load_state_dict(model.state_dict())
    assert conv_of(fresh).taps == conv_of(model).taps
    x = noise(windowed())
    with torch.no_grad():
        assert torch.equal(fresh.eval()(x), model.eval()(x))


@pytest.mark.parametrize("window", [Gaussian(sigma=0.3), Exponential(decay=0.3)])
@pytest.mark.parametrize("beyond", [-20.0, 20.0])
def test_a_width_beyond_its_bounds_comes_back_and_has_a_gradient(window: Gaussian | Exponential, beyond: float) -> None:
    model = built(network(LONG, Conv(channels=2, kernel_size=33, kernel=Siren(hidden=4), window=window)))
    width = model.get_parameter("body_0_conv.window.log_width")
    with torch.no_grad():
        width.fill_(beyond)
    model.fit()
    assert conv_of(model).taps == ((3,) if beyond < 0 else (33,))
    model(noise(model.architecture)).square().sum().backward()
    assert width.grad is not None
    assert width.grad.abs().max() > 0
    assert torch.isfinite(width.grad).all()


def test_the_bounds_are_the_first_neighbour_and_the_whole_kernel() -> None:
    gaussian, radius = Gaussian(threshold=0.1), 16
    conv = Conv(channels=1, kernel_size=2 * radius + 1, window=gaussian)
    low, high = gaussian.bounds(conv.sampling(LONG.signal))
    assert math.isclose(math.exp(-0.5 * (1 / radius / low) ** 2), 0.1)
    assert math.isclose(math.exp(-0.5 * (1 / high) ** 2), 0.95)


def test_sizes_come_in_four_to_the_octave() -> None:
    sizes = {cropped_taps(2001, 1000, reach / 1000, causal=False, bucketed=True) for reach in range(1, 1001)}
    sides = sorted((size - 1) // 2 for size in sizes)
    assert sides[:12] == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16]
    assert len(sides) <= 8 + 4 * 7
    exact = [cropped_taps(2001, 1000, r / 1000, causal=False, bucketed=False) for r in range(2, 900)]
    coarse = [cropped_taps(2001, 1000, r / 1000, causal=False, bucketed=True) for r in range(2, 900)]
    assert all(a <= b <= 1.3 * a for a, b in zip(exact, coarse, strict=True))


def test_a_step_reads_no_width() -> None:
    """Between two fits, shapes are constants: the code of an exported training step has no symbols in it."""
    model = lower(windowed(sigma=0.2)).eval()
    program = torch.export.export(model, (torch.randn(2, 2, 65),))
    assert "sym_" not in program.graph_module.code
    assert ".item" not in program.graph_module.code


@pytest.mark.parametrize("per", ["layer", "channel"])
def test_windows_per_channel_begin_apart(per: str) -> None:
    model = built(windowed(sigma=0.3, per=per))
    width = model.get_parameter("body_0_conv.window.log_width").detach().exp()
    assert len(width) == (3 if per == "channel" else 1)
    assert math.isclose(float(width.max()), 0.3, rel_tol=1e-6)
    assert per == "layer" or float(width.max() / width.min()) > 3.9


def test_what_a_window_cannot_be() -> None:
    for conv, message in (
        (Conv(channels=2, kernel_size=3, padding="valid", window=Gaussian()), "padding .*crop=False"),
        (Conv(channels=2, kernel_size=3, window=Gaussian(sigma=(0.1, 0.2))), "window .*2 numbers for a grid of 1"),
        (Conv(channels=2, kernel_size=3, kernel=Siren(), band_limit="mask"), "band_limit .*Magnet or Fourier"),
    ):
        with pytest.raises(SignalError, match=r"body\[0\]\." + message.replace(" ", r" \(conv\): ", 1)):
            _ = network(LONG, conv).graph


def test_the_reach_is_where_the_threshold_is() -> None:
    assert math.isclose(math.exp(-0.5 * gaussian_reach(0.1) ** 2), 0.1)


def a_width_that_begins_at_its_bound_is_learned() -> None:
    """At the lower or the upper bound, in each precision, also where it was rounded in another one."""
    windows = [Gaussian(sigma=0.01), Gaussian(sigma=0.01, per="channel"), Gaussian(sigma=5.0), Exponential(decay=0.01)]
    for window in windows:
        for size in range(3, 40, 4):
            conv = Conv(channels=2, kernel_size=size, kernel=Fourier(features=4), window=window, algorithm="direct")
            for dtype in (torch.float32, torch.float64, torch.bfloat16):
                model = lower(network(LONG, conv)).to(dtype)
                model(noise(model.architecture).to(dtype)).square().sum().backward()
                gradient = model.get_parameter("body_0_conv.window.log_width").grad
                assert gradient is not None
                assert bool((gradient != 0).all()), (window, size, dtype)


def test_a_width_that_begins_at_its_bound_is_learned() -> None:
    a_width_that_begins_at_its_bound_is_learned()


def test_bounds_without_slack_fail_that_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archspec.layers.windows.SLACK", 0.0)
    with pytest.raises(AssertionError, match="sigma"):
        a_width_that_begins_at_its_bound_is_learned()
