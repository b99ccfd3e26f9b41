"""Target functions on a grid, which a parametrisation of kernels should be able to fit.

They follow the kernels that CKConv fits to compare parametrisations (Romero et al. 2022).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]

SMOOTH = 0.25  # highest frequency of the smooth random functions, as a share of Nyquist


def targets_1d(length: int, seed: int = 0) -> dict[str, Tensor]:
    """Functions at `length` points of [−1, 1], by name; tensors (length,) of mean 0 and variance 1.

    `gaussian`, of standard deviation 0.2; `step` in the middle; `sawtooth` of four teeth; `chirp`, from frequency 0 to
    half of Nyquist; `smooth`, random, with no frequency above a quarter of Nyquist; `noise`, white.

    Raises:
        ValueError: length is below 16.
    """
    x, rng = _points(length), np.random.default_rng(seed)
    found = {
        "gaussian": np.exp(-((x / 0.2) ** 2) / 2),
        "step": np.sign(x + 1e-9),
        "sawtooth": (2 * (x + 1)) % 1,
        # At the end the phase π·length/16·(x + 1)² grows by π/2 per point: half of Nyquist.
        "chirp": np.sin(np.pi * length / 16 * (x + 1) ** 2),
        "smooth": _lowpassed(rng.normal(size=length)),
        "noise": rng.normal(size=length),
    }
    return {name: _scaled(values) for name, values in found.items()}


def targets_2d(size: int = 33, seed: int = 0) -> dict[str, Tensor]:
    """Functions at size × size points of [−1, 1]², by name; tensors (size, size) of mean 0 and variance 1.

    `gaussian`, of standard deviation 0.2; `edge` through the middle, at 30°; `gabor`, a wave of four cycles per side at
    30° times a Gaussian; `smooth`, random, with no frequency above a quarter of Nyquist along an axis; `noise`, white.

    Raises:
        ValueError: size is below 16.
    """
    x, rng = _points(size), np.random.default_rng(seed)
    down, along = np.meshgrid(x, x, indexing="ij")
    across = along * np.cos(np.pi / 6) + down * np.sin(np.pi / 6)
    radius = np.hypot(down, along)
    found = {
        "gaussian": np.exp(-((radius / 0.2) ** 2) / 2),
        "edge": np.sign(across + 1e-9),
        "gabor": np.exp(-((radius / 0.35) ** 2) / 2) * np.cos(4 * np.pi * across),
        "smooth": _lowpassed(rng.normal(size=(size, size))),
        "noise": rng.normal(size=(size, size)),
    }
    return {name: _scaled(values) for name, values in found.items()}


def _points(count: int) -> Array:
    if count < 16:
        raise ValueError(f"16 points are the fewest that show these functions, not {count}")
    points: Array = np.linspace(-1, 1, count)
    return points


def _lowpassed(values: Array) -> Array:
    """White noise without frequencies above `SMOOTH` of Nyquist along any axis."""
    highest = np.max(np.meshgrid(*(np.abs(np.fft.fftfreq(n)) for n in values.shape), indexing="ij"), axis=0)
    spectrum = np.fft.fftn(values) * (highest <= SMOOTH / 2)
    low: Array = np.fft.ifftn(spectrum).real
    return low


def _scaled(values: Array) -> Tensor:
    centred = values - values.mean()
    return torch.as_tensor(centred / centred.std(), dtype=torch.get_default_dtype())
