"""Down-sampling by the cosine spectrum: what it keeps, what it leaves out, and which grids it refuses."""

from __future__ import annotations

import math

import pytest
import torch

from archspec import Architecture, Classifier, Image, Lift, Series, SpectralPool
from archspec.graph.signal import Signal, SignalError
from archspec.layers import spectral_pool as module
from archspec.layers.fading import THRESHOLD
from archspec.layers.spectral_pool import SpectralPool as Layer
from archspec.layers.spectral_pool import cosines


def wave(frequency: int, points: int) -> torch.Tensor:
    """A cosine of so many half periods over the grid, at the centres of its points."""
    return torch.cos(math.pi * frequency * (torch.arange(points).double() + 0.5) / points).view(1, 1, -1)


def through(points: int, out: int, frequency: int, cut: float | None = None) -> torch.Tensor:
    return Layer((points,), (out,), cut, grouped=False).double()(wave(frequency, points))


@pytest.mark.parametrize("out", [1, 5, 8, 11])
def test_a_wave_below_the_new_limit_is_the_same_wave_on_the_new_grid(out: int) -> None:
    """Constants too; what is above is left out."""
    for frequency in range(12):
        wanted = wave(frequency, out) if frequency < out else torch.zeros(1, 1, out).double()
        assert torch.allclose(through(12, out, frequency), wanted, atol=1e-12)


def test_a_soft_cut_takes_a_wave_down_to_the_threshold() -> None:
    """At the share of the frequencies that it is given."""
    assert through(20, 10, 8, cut=0.801).abs().max() == pytest.approx(THRESHOLD, rel=0.05)
    assert through(20, 10, 9, cut=0.8).abs().max() < 1e-12
    assert torch.allclose(through(20, 10, 0, cut=0.8), wave(0, 10), atol=1e-3)


def test_a_transform_that_is_not_orthonormal_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: the constant has the factor of the other frequencies."""

    def wrong(points: int) -> torch.Tensor:
        rows = cosines(points)
        rows[0] *= math.sqrt(2)
        return rows

    monkeypatch.setattr(module, "cosines", wrong)
    with pytest.raises(AssertionError):
        test_a_wave_below_the_new_limit_is_the_same_wave_on_the_new_grid(5)


def test_grids_that_it_cannot_have_are_refused() -> None:
    """More points than there are, or axes that a group turns into each other made unequal."""
    square = Signal(1, (8, 8))
    with pytest.raises(SignalError, match="9 points from 8; use at most 8"):
        SpectralPool(points=9).infer(square)
    turned = Architecture(
        input=Image(channels=1, size=(8, 8)),
        body=[Lift(group="C4", channels=1, kernel_size=3), SpectralPool(points=(4, 5))],
        head=Classifier(classes=2),
    )
    with pytest.raises(SignalError, match="their points 4 and 5 must be equal"):
        _ = turned.graph


def test_on_a_finer_grid_it_has_the_same_distance_of_points() -> None:
    """So that a network at another resolution is the same network."""
    given = Architecture(
        input=Series(channels=1, length=24), body=[SpectralPool(points=12)], head=Classifier(classes=2)
    )
    fine = given.at_resolution(48)
    before, after = given.graph.nodes["body.0"].signal, fine.graph.nodes["body.0"].signal
    assert before.grid == (12,)
    assert after.grid == (24,)
    assert [n * step for n, step in zip(after.grid, after.steps, strict=True)] == [12]
