"""A network at another resolution: the same parameters, the same function of the continuous signal."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from archspec import (
    S4D,
    Architecture,
    Conv,
    Dense,
    Fourier,
    Gaussian,
    Image,
    Magnet,
    Norm,
    Pool,
    Residual,
    Series,
    SignalError,
    Siren,
    Spline,
    Table,
    lower,
    price,
)
from archspec.geometry.tap_grid import TapGrid
from tests.examples import RESAMPLED, built, network, seeded
from tests.laws.numbers import double

SMOOTH = Gaussian(sigma=0.33, threshold=0.01)
KERNELS = {
    "magnet": Magnet(),
    "magnet masked": Magnet(),
    "fourier": Fourier(),
    "spline": Spline(knots=8),
}


def layer(name: str, **fields: object) -> Conv:
    return Conv(
        **{"channels": 3, "kernel_size": 15, "kernel": KERNELS[name], "window": SMOOTH, **fields},
        band_limit="mask" if "masked" in name else "none",
    )


def packet(grid: tuple[int, ...], seed: int = 0) -> Tensor:
    """A sum of waves of at most 12 periods, under a bump that is gone at the border, at the centres of the cells."""
    random, dims = seeded(seed), len(grid)
    waves = torch.randint(-12, 13, (6, dims), generator=random).double()
    phases = torch.rand(6, generator=random, dtype=torch.float64) * 2 * math.pi
    axes = [(torch.arange(n, dtype=torch.float64) + 0.5) / n for n in grid]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1)
    x = torch.cos(2 * math.pi * places @ waves.T + phases).sum(-1)
    return (x * torch.exp(-(((places - 0.5) / 0.12) ** 2).sum(-1) / 2))[None, None]


def at_common_points(y: Tensor, count: int = 40) -> Tensor:
    """A band-limited response interpolated to the same points of the field, whatever its grid."""
    for axis in range(2, y.dim()):
        size = y.shape[axis]
        waves = torch.fft.fftfreq(size, 1 / size, dtype=torch.float64)
        places = (torch.arange(count, dtype=torch.float64) + 0.5) / count
        phase = torch.exp(2j * math.pi * (places[:, None] - 0.5 / size) * waves) / size
        y = torch.tensordot(torch.fft.fft(y, dim=axis), phase, dims=([axis], [1])).movedim(-1, axis)
    return y.real


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("grid", [(96,), (128,), (256,)])
@pytest.mark.parametrize("factorisation", ["full", "depthwise_separable"])
def test_an_untrained_layer_answers_alike_at_every_resolution(
    name: str, grid: tuple[int, ...], factorisation: str
) -> None:
    native = Architecture(
        input=Series(length=64), body=[layer(name, factorisation=factorisation)], head=Dense(outputs=3)
    )
    with double(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = lower(native).eval()
        finer = model.at_resolution(*grid)
    with torch.no_grad():
        before, after = (at_common_points(m(packet(m.architecture.input.grid))) for m in (model, finer))
    assert (after - before).norm() < 1e-3 * before.norm()


@pytest.mark.parametrize("grid", [(48, 48), (64, 64), (32, 64)])
def test_an_untrained_layer_answers_alike_in_two_dimensions(grid: tuple[int, ...]) -> None:
    native = Architecture(input=Image(size=(32, 32)), body=[layer("magnet")], head=Dense(outputs=3))
    with double(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = lower(native).eval()
        finer = model.at_resolution(*grid)
    with torch.no_grad():
        before, after = (at_common_points(m(packet(m.architecture.input.grid))) for m in (model, finer))
    assert (after - before).norm() < 3e-3 * before.norm()


def test_without_the_weight_of_the_cells_the_answer_is_another() -> None:
    native = Architecture(input=Series(length=64), body=[layer("magnet")], head=Dense(outputs=3))
    with double():
        model = lower(native).eval()
        finer = model.at_resolution(128)
    conv = finer.get_submodule("body_0_conv")
    conv.register_buffer("factor", None)
    with torch.no_grad():
        before, after = (at_common_points(m(packet(m.architecture.input.grid))) for m in (model, finer))
    assert (after - before).norm() > 0.5 * before.norm()


@pytest.mark.parametrize("name", RESAMPLED)
def test_parameters_do_not_depend_on_the_resolution(name: str) -> None:
    there = RESAMPLED[name]
    assert there.reference is not None
    back = there.at_resolution(*there.reference)
    assert back.reference is None
    assert back.at_resolution(*there.input.grid).hash == there.hash
    assert back.hash != there.hash
    shapes = [{k: v.shape for k, v in built(a).state_dict().items()} for a in (there, back)]
    assert shapes[0] == shapes[1]
    assert price(there).params == price(back).params


def test_a_model_shares_its_parameters_with_itself_at_another_resolution() -> None:
    native = network(
        Image(size=(8, 8)), Conv(channels=2, kernel_size=5, kernel=Magnet(hidden=4), window=Gaussian()), Norm()
    )
    model = built(native).eval()
    other = model.at_resolution(12, 12)
    assert [id(p) for p in model.parameters()] == [id(p) for p in other.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True))
    assert other.architecture == native.at_resolution(12, 12)
    x = torch.randn(1, 1, 12, 12, dtype=torch.float64)
    fresh = built(other.architecture, seed=3).eval()
    fresh.load_state_dict(model.state_dict())
    with torch.no_grad():
        before = other(x)
        assert torch.allclose(before, fresh(x), atol=1e-6)
        model.get_parameter("body_0_conv.kernel.out.weight").mul_(2)
        assert not torch.equal(other(x), before)


def test_pooling_and_strides_are_physical() -> None:
    body = [
        Conv(channels=2, kernel=Spline(), stride=2),
        Pool(),
        Residual(body=[Conv(channels=4, kernel=Spline(), stride=2)]),
    ]
    native = network(Series(length=32), *body)
    for length, after in ((64, (16, 8, 4)), (96, (16, 8, 4)), (48, (16, 8, 4)), (40, (20, 10, 5)), (16, (16, 8, 4))):
        signals = [node.signal for node in native.at_resolution(length).graph.nodes.values()]
        grids = [s.grid for s in signals if s.grid]
        changes = [b[0] for a, b in pairwise(grids) if a != b]
        assert tuple(sorted({*changes, length}, reverse=True)[-3:]) == after, (length, changes)


@given(size=st.integers(1, 30), before=st.integers(8, 64), now=st.integers(8, 96), causal=st.booleans())
def test_the_shares_of_the_taps_add_up_to_the_kernel(size: int, before: int, now: int, causal: bool) -> None:
    lattice = TapGrid((size,), (Fraction(before, now),), causal)
    shares = lattice.shares()
    assert shares is not None
    extent = size - 0.5 if causal else size
    assert np.isclose(shares.sum() - (float(lattice.spacing[0]) / 2 if causal else 0), extent)
    assert (shares > 0).all()
    assert len(shares) == lattice.taps[0]
    assert causal or lattice.taps[0] % 2 == 1


def test_what_has_no_other_resolution_says_so() -> None:
    for conv, message in (
        (Conv(channels=2, kernel=Table()), "kernel .*Spline"),
        (Conv(channels=2, kernel=Siren(), padding="valid"), "padding .*'same'"),
        (Conv(channels=2, kernel=Siren(), kernel_size=4, allow_even=True), "kernel_size .*odd"),
    ):
        with pytest.raises(SignalError, match=r"body\[0\]\." + message.replace(" ", r" \(conv\): ")):
            _ = network(Series(length=16), conv).at_resolution(32).graph
    with pytest.raises(ValueError, match="2 sizes for 1 axes"):
        network(Series(length=16)).at_resolution(32, 32)
    with pytest.raises(SignalError, match="'stretched' is for causal"):
        _ = network(Series(length=16), Conv(channels=2, kernel=Siren(), resampling="stretched")).graph


def test_a_state_space_runs_at_another_rate() -> None:
    native = network(Series(length=64), Conv(channels=2, kernel=S4D(states=4), kernel_size=64, causal=True))
    model = built(native).eval()
    slow, fast = model.get_submodule("body_0_conv"), model.at_resolution(128).get_submodule("body_0_conv")
    with torch.no_grad():
        k, finer = slow.sample().flip(-1), fast.sample().flip(-1)
    assert torch.allclose(finer[..., ::2][..., :60], k[..., :60] / 2, atol=1e-6)
