"""Networks whose kernels are sampled on a finer grid inherit as they do on their own."""

from __future__ import annotations

import pytest
import torch

from archspec import Activation, Architecture, Network, Norm, Repeat, Residual, Series, Siren, inherit, lower
from archspec.blocks import Conv
from archspec.kernels import S4D, Kernel, Spline
from tests.examples import network
from tests.laws.numbers import double

KINDS: dict[str, Kernel] = {"siren": Siren(hidden=8), "spline": Spline(), "s4d": S4D(states=2)}


def architecture(kind: str, points: int, size: int = 5, depth: int = 1) -> Architecture:
    """A residual network of a series of 24 points, seen at so many."""
    conv = Conv(channels=4, kernel_size=size, kernel=KINDS[kind])
    blocks = Repeat(times=depth, body=[Residual(body=[Norm(), Activation(), conv])])
    return network(Series(length=24), conv, blocks).at_resolution(points)


def heir(kind: str, points: int, **change: int) -> tuple[float, Network, Network]:
    """The share that a network inherits from one without the change, itself, and that one."""
    torch.manual_seed(0)
    child, parent = lower(architecture(kind, points, **change)), lower(architecture(kind, points))
    try:
        return inherit(child, parent), child.eval(), parent.eval()
    except RuntimeError as error:
        pytest.fail(f"it cannot inherit: {error}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_finer_grid_has_heirs_like_its_own(kind: str) -> None:
    """The same network and a deeper one are the same function; of a larger kernel as much is inherited."""
    with double(), torch.no_grad():
        for change in ({}, {"depth": 3}):
            share, child, parent = heir(kind, 36, **change)
            x = torch.randn(3, parent.channels, *parent.grid)
            assert torch.allclose(child(x), parent(x), rtol=0, atol=1e-10)
            assert share == heir(kind, 24, **change)[0]
        assert heir(kind, 36, size=9)[0] == heir(kind, 24, size=9)[0] > 0
