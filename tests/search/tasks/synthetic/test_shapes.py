"""Generated images: the same scenes at every size, and nothing that 16 pixels cannot show."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from search.tasks.synthetic.shapes import FIGURES, shapes
from search.tasks.synthetic.targets import targets_2d
from search.tasks.task import Task

FEW = (60, 20, 20)


def train(task: Task) -> tuple[Tensor, Tensor]:
    assert isinstance(task.train, tuple)
    return task.train


def test_the_same_seed_gives_the_same_scenes_at_every_size() -> None:
    coarse, fine = train(shapes(16, examples=FEW)), train(shapes(48, examples=FEW))
    assert coarse[0].shape == (60, 1, 16, 16)
    assert torch.equal(coarse[1], fine[1])
    # Pixel i of 16 and pixel 3i + 1 of 48 have the same middle.
    assert torch.allclose(coarse[0], fine[0][..., 1::3, 1::3], rtol=0, atol=1e-5)


def test_the_same_seed_gives_the_same_data() -> None:
    first, again, other = (shapes(examples=FEW, seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint


@pytest.mark.parametrize("noise", [0.0, 0.9])
def test_hardly_anything_lies_above_the_nyquist_frequency_of_16_pixels(noise: float) -> None:
    x, _ = train(shapes(64, classes=len(FIGURES), noise=noise, examples=(200, 1, 1)))
    power = np.abs(np.fft.fft2(x[:, 0].double().numpy())) ** 2
    frequency = np.abs(np.fft.fftfreq(64, 1 / 64))
    above = (frequency[:, None] > 8) | (frequency > 8)
    assert power[:, above].sum() < 1e-3 * power.sum()


def test_figures_lie_inside_and_differ_in_more_than_place() -> None:
    x, y = train(shapes(32, classes=len(FIGURES), noise=0, examples=(400, 1, 1)))
    border = torch.cat([x[:, 0, 0], x[:, 0, -1], x[:, 0, :, 0], x[:, 0, :, -1]], 1)
    assert float(border.max()) < 0.7 * float(x.max())
    spectra = torch.fft.fft2(x[:, 0]).abs()  # does not know the place
    means = torch.stack([spectra[y == label].mean(0) for label in range(len(FIGURES))])
    assert float(torch.pdist(means.flatten(1)).min()) > 0.05 * float(means.flatten(1).norm(dim=1).max())


def test_pixels_have_about_unit_variance() -> None:
    assert float(train(shapes(examples=(500, 1, 1)))[0].std()) == pytest.approx(1, abs=0.15)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="2 … 8 classes"):
        shapes(classes=9)
    with pytest.raises(ValueError, match="size must be at least 1"):
        shapes(0)


@pytest.mark.parametrize("size", [16, 33])
def test_targets_have_mean_zero_and_unit_variance(size: int) -> None:
    found = targets_2d(size)
    assert set(found) == {"gaussian", "edge", "gabor", "smooth", "noise"}
    for target in found.values():
        assert target.shape == (size, size)
        assert float(target.mean()) == pytest.approx(0, abs=1e-6)
        assert float(target.var(correction=0)) == pytest.approx(1, abs=1e-5)
