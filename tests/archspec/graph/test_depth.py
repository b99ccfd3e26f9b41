"""Where signals grow out of all measure before training, a warning says so; where a norm holds them, none does."""

from __future__ import annotations

import pytest
import torch

from archspec import (
    S4D,
    Activation,
    Architecture,
    Conv,
    Fourier,
    FrameAverage,
    Image,
    Magnet,
    Mlp,
    Norm,
    Repeat,
    Residual,
    Series,
    Siren,
    Spline,
    Table,
    lower,
)
from archspec.graph.block import Block
from archspec.kernels import Kernel
from archspec.symmetry.certifying import node_values
from tests.examples import RANDOM, network, seeded

GROWING: tuple[Kernel, ...] = (Siren(), Magnet(), Mlp(), S4D(), Spline())
STEADY: tuple[Kernel, ...] = (Table(), Fourier())


def stack(kernel: Kernel, depth: int, *after: Block) -> Architecture:
    """So many convolutions of the kernel, with blocks after each."""
    series = kernel.kind == "s4d"
    conv = Conv(channels=8, kernel_size=31 if series else 7, kernel=kernel)
    body = [block for _ in range(depth) for block in (conv, *after)]
    return network(Series(channels=8, length=128) if series else Image(channels=8, size=(12, 12)), *body)


def measured(architecture: Architecture) -> dict[str, float]:
    """The standard deviation of what each node gives of noise, as the network is begun: the middle one of seeds."""
    x = torch.randn((16, 8, *architecture.input.grid), generator=seeded(3))
    found = []
    for seed in (701, 702, 703):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            found.append(
                {name: float(v.std()) for name, v in node_values(lower(architecture), architecture, x).items()}
            )
    return {name: sorted(each[name] for each in found)[1] for name in found[0]}


def of_depth(architecture: Architecture) -> str | None:
    """Where the warning is."""
    return next((text.split(" ")[0] for text in architecture.warnings if "without a norm" in text), None)


@pytest.mark.parametrize("kernel", GROWING, ids=lambda kernel: kernel.kind)
def test_it_is_warned_where_signals_are_an_order_of_magnitude_off(kernel: Kernel) -> None:
    architecture = stack(kernel, 12)
    place = of_depth(architecture)
    assert place is not None
    first = int(place[len("body[") : -1])
    spread = measured(stack(kernel, first + 1))
    assert 10 < spread[f"body.{first}"] < 3_000
    assert of_depth(stack(kernel, first)) is None
    assert max(spread[f"body.{i}"] for i in range(first // 2)) < 30


@pytest.mark.parametrize("kernel", STEADY, ids=lambda kernel: kernel.kind)
def test_kernels_that_use_their_whole_band_need_no_norm(kernel: Kernel) -> None:
    architecture = stack(kernel, 12)
    assert of_depth(architecture) is None
    assert 0.1 < measured(architecture)["body.11"] < 10
    assert of_depth(stack(kernel, 12, Activation())) is not None  # which takes 0.6 each time


def test_a_norm_or_a_shortcut_between_is_enough() -> None:
    for after in ((Norm(),), (Norm(type="layer"), Activation(function="gelu")), (Activation(function="tanh"),)):
        assert of_depth(stack(Siren(), 64, *after)) is None
    conv = Conv(channels=8, kernel_size=7, kernel=Siren())
    image = Image(channels=8, size=(12, 12))
    residual = Residual(body=[Norm(), Activation(), conv])
    assert of_depth(network(image, Repeat(times=32, body=[residual]))) is None
    assert of_depth(network(image, Repeat(times=32, body=[Residual(body=[conv])]))) is not None


def test_bodies_in_wrappers_count() -> None:
    convs = [Conv(channels=8, kernel_size=7, kernel=Siren())] * 2
    twice = network(Image(channels=8, size=(12, 12)), FrameAverage(group="C4", body=convs), Norm())
    assert of_depth(twice) is None
    often = FrameAverage(group="C4", body=convs), FrameAverage(group="C4", body=convs)
    assert of_depth(network(Image(channels=8, size=(12, 12)), *often)) == "body[1]"


def test_no_random_network_of_the_spaces_is_warned_of() -> None:
    assert not [name for name, architecture in RANDOM.items() if of_depth(architecture)]


def test_a_kernel_that_forgets_its_growth_fails_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Siren, "growth", 1.0)
    with pytest.raises(AssertionError):
        test_it_is_warned_where_signals_are_an_order_of_magnitude_off(Siren(hidden=31))
