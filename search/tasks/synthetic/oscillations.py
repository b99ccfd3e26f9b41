"""Generated oscillations: textures of gratings in random orientations, and chirps in several octaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.tasks.synthetic.sequences import Array, Draw, Examples, generated, rendered
from search.tasks.task import Task

# The classes of textures: the ratio of the frequencies of the two gratings, and the angle between them in degrees.
STRUCTURES = ((1.0, 90), (1.0, 45), (1.6, 90), (1.6, 45))
PITCH = (3.6, 4.8)  # range of the geometric mean of the two frequencies, in cycles per side
PATCHES, SPREAD = 40, 0.14  # number of patches of a grating, and their standard deviation as a share of the side
MARGIN = 0.2  # width of the margin around the image that has patches too, as a share of the side

FINEST = 8.0  # standard deviation of a chirp of octave 0, in samples
REACH = 2.5  # a chirp's centre is at least this many standard deviations from the ends of the signal
CARRIER = 1.36  # mean frequency of a chirp, in cycles per standard deviation
SWEEPS = ("rising", "falling", "cup", "cap", "tone")


def textures(
    size: int = 32,
    classes: int = 4,
    noise: float = 0.4,
    examples: Examples = (2_000, 500, 1_000),
    seed: int = 0,
) -> Task:
    """Classify textures by the relation of their two gratings; each image has a random orientation.

    Inputs (n, 1, size, size), of variance about 1: patches of two gratings (Gabor functions: a wave times a Gaussian)
    at random positions, with random phases. Classes are the ratio of the two frequencies, 1 or 1.6, and the angle
    between them, 90° or 45°, to either side; the direction of the first is uniform. The noise is made of such patches
    too, each with a random direction and frequency; `noise` is its standard deviation relative to the texture's. Pixel
    i of an axis is the scene at (i + ½) / size of the side, the same scene at every size: it has hardly any power above
    10 cycles per side in any direction, 0.63 of the Nyquist frequency of 32 pixels. Targets (n,).
    `examples` are the numbers of training, validation and test examples.

    Raises:
        ValueError: classes is not 2 … 4, or size is below 1.
    """
    if not 2 <= classes <= len(STRUCTURES):
        raise ValueError(f"textures have 2 … {len(STRUCTURES)} classes, not {classes}")
    if size < 1:
        raise ValueError(f"size must be at least 1, not {size}")
    places = (np.arange(size) + 0.5) / size

    def draw(rng: np.random.Generator, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        labels = rng.integers(0, classes, count)
        ratio, between = np.array(STRUCTURES)[labels].T
        first, side = rng.uniform(0, 2 * np.pi, count), rng.choice((-1, 1), count)
        pitch = rng.uniform(*PITCH, count)
        x = np.zeros((count, size, size))
        for angle, frequency in (
            (first, pitch / np.sqrt(ratio)),
            (first + side * np.deg2rad(between), pitch * np.sqrt(ratio)),
        ):
            x += _grating(rng, angle[:, None], frequency[:, None], places)
        lowest, highest = PITCH[0] / np.sqrt(1.6), PITCH[1] * np.sqrt(1.6)
        directions = rng.uniform(0, 2 * np.pi, (count, PATCHES))
        static = _grating(rng, directions, rng.uniform(lowest, highest, directions.shape), places)
        x = (x / np.sqrt(2) + noise * static) / np.sqrt(1 + noise**2)
        return x[:, None], labels

    return generated(f"textures {size}×{size}", "classification", draw, examples, seed)


def _grating(rng: np.random.Generator, angle: Array, frequency: Array, places: Array) -> Array:
    """Images (n, size, size) of variance 1 on average: patches of waves; angle and frequency (n, 1) or (n, PATCHES)."""
    shape = (len(angle), PATCHES)
    centres = rng.uniform(-MARGIN, 1 + MARGIN, (2, *shape, 1))
    weights = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    down, along = (
        np.exp(-(((places - centre) / SPREAD) ** 2) / 2 + 2j * np.pi * (frequency * turn(angle))[..., None] * places)
        for centre, turn in zip(centres, (np.sin, np.cos), strict=True)
    )
    # The mean over points of the sum of the patches' squared Gaussians.
    density = PATCHES * np.pi * SPREAD**2 / (1 + 2 * MARGIN) ** 2
    images: Array = ((weights[..., None] * down).transpose(0, 2, 1) @ along).real / np.sqrt(density)
    return images


def dilated_chirps(
    length: int = 512,
    classes: int = 4,
    train_octaves: Sequence[int] = (0, 1, 2, 3),
    test_octaves: Sequence[int] = (0, 1, 2, 3),
    noise: float = 0.5,
    examples: Examples = (2_000, 500, 1_000),
    seed: int = 0,
) -> Task:
    """Classify the shapes of chirps, independent of their dilation: rising, falling, cup, cap, tone.

    Inputs (n, 1, length): a wave times a Gaussian, of random phase and position, whose frequency rises, falls, falls
    and rises, rises and falls, or is constant. In octave k it is 2ᵏ times as long, at a 2ᵏ times lower frequency, with
    the same amplitude: the standard deviation of the Gaussian is 8 · 2ᵏ samples. Octave 0, the finest, has hardly any
    power above 3/8 of a cycle per sample, 0.75 of the Nyquist frequency. The noise, of standard deviation `noise`, has
    the same power in each octave below that frequency, so that all octaves are equally hard. Targets (n,). Training and
    validation data have the octaves of `train_octaves`, equally often, and test data those of `test_octaves`.
    `examples` are the numbers of training, validation and test examples.

    Raises:
        ValueError: classes is not 2 … 5, length is not a power of two of at least 64, or an octave does not fit in it.
    """
    if not 2 <= classes <= len(SWEEPS):
        raise ValueError(f"chirps have 2 … {len(SWEEPS)} classes, not {classes}")
    if length < 64 or length & (length - 1):
        raise ValueError(f"length must be a power of two of at least 64, not {length}")
    longest = int(np.log2(length / (2 * REACH * FINEST)))
    for octaves in (train_octaves, test_octaves):
        if not octaves or not set(octaves) <= set(range(longest + 1)):
            raise ValueError(f"octaves of length {length} are some of 0 … {longest}, not {tuple(octaves)}")

    def of(octaves: Sequence[int]) -> Draw:
        def draw(rng: np.random.Generator, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
            labels = rng.integers(0, classes, count)
            spread = FINEST * 2.0 ** rng.choice(np.array(octaves), count)
            centre = length / 2 + rng.uniform(-1, 1, count) * (length / 2 - REACH * spread)
            u = (np.arange(length) + 0.5 - centre[:, None]) / spread[:, None]
            x = chirps(u, labels, rng.uniform(0, 2 * np.pi, count)) + noise * _pink(rng, count, length)
            return x[:, None], labels

        return draw

    name = f"dilated chirps {length}, octaves {_listed(train_octaves)} and {_listed(test_octaves)}"
    task = generated(name, "classification", of(train_octaves), examples, seed)
    return replace(task, test=generated(name, "classification", of(test_octaves), (1, 1, examples[2]), seed).test)


def chirps(u: Array, labels: NDArray[np.int64], phase: Array) -> Array:
    """Chirps (n, length) at times `u` (n, length), in standard deviations, with classes (n,) and phases (n,)."""
    # The phase, in cycles, minus that of the carrier; its derivative is the change of the frequency.
    bends = [0.15 * u**2, -0.15 * u**2, -0.48 * np.sin(1.25 * u), 0.48 * np.sin(1.25 * u), 0 * u]
    bend = np.choose(labels[:, None], bends)
    waves: Array = np.exp(-(u**2) / 2) * np.cos(phase[:, None] + 2 * np.pi * (CARRIER * u + bend))
    return waves


def _pink(rng: np.random.Generator, count: int, length: int) -> Array:
    """Noise (n, length) of unit variance, with equal power in every octave up to 3/8 of a cycle per sample."""
    decay = 1 / np.sqrt(np.arange(1, 3 * length // 8 + 1))
    parts = rng.normal(size=(2, count, len(decay))) * decay / np.sqrt((decay**2).sum())
    return rendered(parts[0] + 1j * parts[1], length)


def _listed(octaves: Sequence[int]) -> str:
    return " ".join(map(str, octaves))
