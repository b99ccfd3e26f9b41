"""Textures and chirps: what tells the classes apart, what does not, and no frequency above the stated ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from search import Task, dilated_chirps, textures
from search.tasks.synthetic.oscillations import FINEST, SWEEPS, chirps
from search.tasks.task import Data

FEW = (60, 20, 30)


def arrays(data: Data | None) -> tuple[Tensor, Tensor]:
    assert isinstance(data, tuple)
    return data


@pytest.mark.parametrize("task", [textures, dilated_chirps])
def test_the_same_seed_gives_the_same_data(task: Callable[..., Task]) -> None:
    first, again, other = (task(examples=FEW, seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert torch.equal(arrays(first.test)[0], arrays(again.test)[0])
    parts = [arrays(part)[0] for part in (first.train, first.validation, first.test)]
    assert [len(x) for x in parts] == list(FEW)
    assert len(torch.cat(parts).flatten(1).unique(dim=0)) == sum(FEW)


def power_of_images(x: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Power spectra under a Hann window, and the frequencies down and along, in cycles per side."""
    size = x.shape[-1]
    window = np.hanning(size + 2)[1:-1]
    power = np.abs(np.fft.fft2(x[:, 0].double().numpy() * window[:, None] * window)) ** 2
    frequency = np.fft.fftfreq(size, 1 / size)
    return power, *np.meshgrid(frequency, frequency, indexing="ij")


@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_textures_have_hardly_anything_above_ten_cycles_per_side(noise: float) -> None:
    power, down, along = power_of_images(arrays(textures(64, noise=noise, examples=(60, 1, 1)).train)[0])
    # The window itself has two cycles.
    assert power[:, np.hypot(down, along) > 12].sum() < 1e-3 * power.sum()
    assert power[:, np.hypot(down, along) > 4].sum() > 0.3 * power.sum()


def test_textures_are_the_same_scenes_at_every_size() -> None:
    coarse, fine = (arrays(textures(size, examples=FEW).train) for size in (16, 48))
    assert torch.equal(coarse[1], fine[1])
    assert torch.allclose(coarse[0], fine[0][..., 1::3, 1::3], rtol=0, atol=1e-5)


def test_no_class_of_textures_prefers_a_direction() -> None:
    x, y = arrays(textures(noise=0, examples=(3_000, 1, 1)).train)
    power, down, along = power_of_images(x)
    assert float(x.var()) == pytest.approx(1, abs=0.1)
    sector = np.floor((np.arctan2(down, along) % np.pi) / (np.pi / 6)).astype(int) % 6
    ring = (np.hypot(down, along) > 2.5) & (np.hypot(down, along) < 7)
    for label in range(4):
        shares = np.array([power[y.numpy() == label][:, ring & (sector == s)].mean() for s in range(6)])
        assert np.abs(shares / shares.mean() - 1).max() < 0.2


def test_the_gratings_of_a_texture_stand_as_its_class_says() -> None:
    x, y = arrays(textures(noise=0, examples=(2_000, 1, 1)).train)
    power, down, along = power_of_images(x)
    angle, radius = np.arctan2(down, along), np.hypot(down, along)
    ring = (radius > 2) & (radius < 8)
    # Power in the fourth harmonic of the direction: gratings at a right angle agree in it, at 45° they cancel.
    fourth = np.abs((power * ring * np.exp(4j * angle)).sum((1, 2))) / (power * ring).sum((1, 2))
    spread = np.sqrt((power * ring * radius**2).sum((1, 2)) / (power * ring).sum((1, 2)))
    by_class = [float(np.median(fourth[y.numpy() == label])) for label in range(4)]
    assert min(by_class[0], by_class[2]) > 2 * max(by_class[1], by_class[3])
    assert np.median(spread[y.numpy() >= 2]) > np.median(spread[y.numpy() < 2])


def power_of_series(x: Tensor) -> np.ndarray:
    return np.asarray(np.abs(np.fft.rfft(x[:, 0].double().numpy(), axis=-1)) ** 2)


def centroid(x: Tensor) -> np.ndarray:
    """Mean frequency of each series, in cycles per sample."""
    power = power_of_series(x)
    return np.asarray((power * np.fft.rfftfreq(x.shape[-1])).sum(1) / power.sum(1))


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_finest_chirps_stay_below_three_quarters_of_nyquist(noise: float) -> None:
    task = dilated_chirps(classes=5, train_octaves=(0,), noise=noise, examples=(500, 1, 1))
    power = power_of_series(arrays(task.train)[0])
    above = np.fft.rfftfreq(512) > 3 / 8
    assert power[:, above].sum() < 1e-4 * power.sum()


@pytest.mark.parametrize("octave", [0, 1, 2])
def test_an_octave_higher_a_chirp_is_twice_as_slow_and_as_high(octave: int) -> None:
    (x, y), (slow, same) = (
        arrays(dilated_chirps(train_octaves=(k,), noise=0, examples=(400, 1, 1)).train) for k in (octave, octave + 1)
    )
    assert torch.equal(y, same)
    assert np.allclose(centroid(x) / centroid(slow), 2, rtol=0.02)
    energy, doubled = (z.double().pow(2).sum((1, 2)) for z in (x, slow))
    assert torch.allclose(doubled / energy, torch.tensor(2.0, dtype=torch.float64), rtol=0.05)


def test_a_dilated_chirp_read_at_every_other_sample_is_the_chirp() -> None:
    labels, phase = np.arange(len(SWEEPS)), np.linspace(0, 5, len(SWEEPS))
    fine, slow = (
        chirps((np.arange(n) - n / 2)[None].repeat(5, 0) / s, labels, phase) for n, s in ((256, 8), (512, 16))
    )
    assert np.allclose(slow[:, ::2], fine, rtol=0, atol=1e-12)
    assert not np.allclose(slow[:, :256], fine, rtol=0, atol=0.1)
    assert FINEST == 8


def test_the_octaves_of_the_test_are_its_own() -> None:
    task = dilated_chirps(train_octaves=(0, 1), test_octaves=(2, 3), noise=0, examples=(200, 50, 200))
    train, held, test = (centroid(arrays(part)[0]) for part in (task.train, task.validation, task.test))
    assert test.max() < min(train.min(), held.min())
    assert train.max() / train.min() > 1.7
    assert test.max() / test.min() > 1.7


def test_the_noise_has_as_much_power_in_every_octave() -> None:
    x, _ = arrays(dilated_chirps(noise=1e3, examples=(2_000, 1, 1)).train)
    assert float(x.std()) == pytest.approx(1e3, rel=0.05)
    power = power_of_series(x).mean(0)
    octaves = [power[2**k : 2 ** (k + 1)].sum() / sum(1 / f for f in range(2**k, 2 ** (k + 1))) for k in range(2, 7)]
    assert max(octaves) < 1.15 * min(octaves)


def test_chirps_that_rise_are_those_that_fall_run_backwards() -> None:
    u = np.linspace(-3, 3, 101)[None]
    rising, falling = (chirps(u, np.array([label]), np.zeros(1)) for label in (0, 1))
    assert np.allclose(rising, falling[:, ::-1])
    assert not np.allclose(rising, falling, atol=0.1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: textures(classes=5), "2 … 4 classes"),
        (lambda: textures(0), "size must be at least 1"),
        (lambda: dilated_chirps(classes=6), "2 … 5 classes"),
        (lambda: dilated_chirps(500), "power of two"),
        (lambda: dilated_chirps(256), r"some of 0 … 2, not \(0, 1, 2, 3\)"),
        (lambda: dilated_chirps(test_octaves=()), "some of 0 … 3"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Task], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()
