"""Generated sequences: copying, adding, recalling, and classes of signals that are functions of continuous time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from search.tasks.task import Kind, Metric, Task

Array = NDArray[np.float64]
Examples = tuple[int, int, int]  # numbers of training, validation and test examples
Draw = Callable[[np.random.Generator, int], tuple[NDArray[Any], NDArray[Any]]]

SYMBOLS = 10  # number of symbols to copy in `copy_memory`
BAND = 25  # highest frequency in `waves`, in cycles per unit of time: 0.78 of the Nyquist frequency of 64 steps
LETTERS = 3  # number of chirps in a signal of `waves`
TEMPLATES = 10  # number of curves of `bumps_1d`


def generated(
    name: str, kind: Kind, draw: Draw, examples: Examples, seed: int, metrics: Mapping[str, Metric] | None = None
) -> Task:
    """A task with generated data: training, validation and test data are drawn independently.

    `draw` is a function of a random generator and a number of examples, and returns arrays (inputs, targets).
    `examples` are the numbers of training, validation and test examples.

    Raises:
        ValueError: a number of examples is below 1.
    """
    if min(examples) < 1:
        raise ValueError(f"examples must be three numbers of at least 1 (training, validation, test), not {examples}")
    real = torch.get_default_dtype()
    parts = []
    for part, count in enumerate(examples):
        x, y = draw(np.random.default_rng((seed, part)), count)
        labels = torch.long if kind == "classification" else real
        parts.append((torch.as_tensor(x, dtype=real), torch.as_tensor(y, dtype=labels)))
    return Task(name, kind, parts[0], parts[1], parts[2], metrics)


def copy_memory(length: int = 100, examples: Examples = (10_000, 1_000, 1_000), seed: int = 0) -> Task:
    """Repeat ten symbols after `length` blank steps; a class at each step (Arjovsky et al. 2016; Bai et al. 2018).

    Inputs (n, 1, length + 20): ten symbols drawn from 1 … 8, length − 1 zeros, eleven marks of 9. Targets
    (n, length + 20): zeros, then the ten symbols; ten classes. Predicting 0 everywhere is right at (length + 10) of
    (length + 20) steps, so compare networks by the score `recalled`: the accuracy on the last ten steps.
    """
    _at_least(length, 1, "length")

    def draw(rng: np.random.Generator, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        symbols = rng.integers(1, 9, (count, SYMBOLS))
        x, y = np.zeros((2, count, length + 2 * SYMBOLS), dtype=np.int64)
        x[:, :SYMBOLS] = y[:, -SYMBOLS:] = symbols
        x[:, -SYMBOLS - 1 :] = 9
        return x[:, None], y

    return generated(f"copy memory {length}", "classification", draw, examples, seed, {"recalled": _recalled})


def adding_problem(length: int = 200, examples: Examples = (50_000, 1_000, 1_000), seed: int = 0) -> Task:
    """Add the two marked values of a sequence (Hochreiter & Schmidhuber 1997).

    Inputs (n, 2, length): values uniform in [0, 1), and marks: 1 at two distinct steps, 0 elsewhere. Targets (n, 1):
    the sum of the two values. Predicting 1 for all has a mean squared error of 1/6.
    """
    _at_least(length, 2, "length")

    def draw(rng: np.random.Generator, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        values, marks = rng.random((count, length)), np.zeros((count, length))
        first, other = rng.integers(0, length, count), rng.integers(0, length - 1, count)
        rows = np.arange(count)
        marks[rows, first] = marks[rows, other + (other >= first)] = 1  # two different steps, all pairs equally likely
        return np.stack([values, marks], 1), (values * marks).sum(1, keepdims=True)

    return generated(f"adding problem {length}", "regression", draw, examples, seed)


def recall(
    length: int = 200,
    delay: int = 180,
    classes: int = 4,
    shortest: int = 20,
    noise: float = 0.2,
    examples: Examples = (4_000, 1_000, 1_000),
    seed: int = 0,
) -> Task:
    """Classify, at the last step, a cue that was shown long before.

    Inputs (n, classes, length): white noise of standard deviation `noise`, and two cues: pulses of height 1, one step
    long, in the channel of their class. The first is `shortest` … `delay` steps before the last step, uniformly; its
    class is the target. The second, a distractor, is 0 … 4 steps before the last step. Targets (n,). The task is meant
    for causal networks whose head reads the last step: one whose receptive field reaches r steps back has an accuracy
    of at most 1/classes + (1 − 1/classes) · P(delay ≤ r).

    Raises:
        ValueError: a delay is not below the length, or is within the last five steps.
    """
    return _cued(f"recall {delay} of {length}", 0, length, delay, classes, shortest, noise, examples, seed)


def nearby(
    length: int = 200,
    delay: int = 180,
    classes: int = 4,
    shortest: int = 20,
    noise: float = 0.2,
    examples: Examples = (4_000, 1_000, 1_000),
    seed: int = 0,
) -> Task:
    """The inputs of `recall`, with the cue in the last five steps as the target: a short receptive field suffices."""
    return _cued(f"nearby of {length}", 1, length, delay, classes, shortest, noise, examples, seed)


def _cued(
    name: str,
    asked: int,
    length: int,
    delay: int,
    classes: int,
    shortest: int,
    noise: float,
    examples: Examples,
    seed: int,
) -> Task:
    _at_least(classes, 2, "classes")
    if not 5 <= shortest <= delay < length:
        raise ValueError(f"5 ≤ shortest ≤ delay < length must hold, not {shortest}, {delay}, {length}")

    def draw(rng: np.random.Generator, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        x = rng.normal(0, noise, (count, classes, length))
        cues = rng.integers(0, classes, (2, count))
        delays = np.stack([rng.integers(shortest, delay + 1, count), rng.integers(0, 5, count)])
        x[np.arange(count), cues, length - 1 - delays] += 1
        return x, cues[asked]

    return generated(name, "classification", draw, examples, seed)


def waves(
    length: int = 64,
    classes: int = 8,
    noise: float = 0.4,
    examples: Examples = (2_000, 500, 1_000),
    seed: int = 0,
) -> Task:
    """Classify signals of three chirps, each with rising or falling frequency: a class is the order of the directions.

    Inputs (n, 1, length), of variance about 1: step i is the signal at the time (i + ½) / length, and the signal is the
    same at every length: a sum of the frequencies 1 … 25 on [0, 1), which 51 steps or more sample without aliasing.
    Position, pitch, phase and strength of the chirps vary; the noise has the band of the signal, and `noise` is its
    standard deviation divided by the signal's. Targets (n,). A signal reversed in time has the same power spectrum and
    is an equally likely signal of another class: with all eight classes, a classifier of power spectra alone has an
    accuracy of at most 50 %.

    Raises:
        ValueError: classes is not 2 … 8.
    """
    if not 2 <= classes <= 2**LETTERS:
        raise ValueError(f"waves have 2 … {2**LETTERS} classes, not {classes}")

    def draw(rng: np.random.Generator, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        labels = rng.integers(0, classes, count)
        return rendered(_chirps(rng, labels, noise), length)[:, None], labels

    return generated(f"waves {length}", "classification", draw, examples, seed)


def _chirps(rng: np.random.Generator, labels: NDArray[np.int64], noise: float) -> NDArray[np.complex128]:
    """Fourier coefficients (n, BAND) of three Gaussian chirps: pulses whose frequency changes linearly."""
    shape = (len(labels), LETTERS, 1)
    gaps = rng.uniform(0.21, 0.27, (len(labels), LETTERS - 1))
    middle = 0.5 + rng.uniform(-0.08, 0.08, (len(labels), 1))
    centre = np.concatenate([middle - gaps[:, :1], middle, middle + gaps[:, 1:]], 1)[..., None]
    pitch, phase = rng.uniform(11.5, 14.5, shape), rng.uniform(0, 2 * np.pi, shape)
    strength, width = rng.uniform(0.7, 1.3, shape), 0.045
    rising = (labels[:, None] >> np.arange(LETTERS) & 1)[..., None] * 2 - 1
    # exp(−a t² + 2πi·pitch·t) has a Gaussian spectrum; the sweep is 70 cycles per unit of time, squared.
    a = 1 / (2 * width**2) - 1j * np.pi * 70 * rising
    k = np.arange(1, BAND + 1)
    spectrum = (
        strength
        * np.sqrt(np.pi / a)
        * np.exp(-((np.pi * (k - pitch)) ** 2) / a + 1j * (phase - 2 * np.pi * k * centre))
    )
    signal = spectrum.sum(1)
    # Mean energy of a chirp: strength² · width · √π; half of it in the real part.
    power = LETTERS * (1 + 0.6**2 / 12) * width * np.sqrt(np.pi) / 2
    static = rng.normal(size=(2, len(labels), BAND)) / np.sqrt(BAND)
    found: NDArray[np.complex128] = signal / np.sqrt(power) + noise * (static[0] + 1j * static[1])
    return found / float(np.sqrt(1 + noise**2))


def bumps_1d(
    length: int = 40,
    noise: float = 0.25,
    examples: Examples = (4_000, 1_000, 1_000),
    seed: int = 0,
) -> Task:
    """Classify ten smooth curves, made after the description of MNIST-1D (Greydanus & Kobak 2020), not from its data.

    Inputs (n, 1, length): one of ten fixed curves, stretched over 22 … 32 % of [0, 1), zero outside; scaled, at a
    random position, sheared (a line through the middle is added), with smooth noise of standard deviation `noise`.
    Step i is the signal at (i + ½) / length, the same signal at every length. Targets (n,).
    """

    def draw(rng: np.random.Generator, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        labels = rng.integers(0, TEMPLATES, count)
        # A curve is five bumps side by side; the heights of all ten curves are drawn once, from a fixed seed.
        heights = np.random.default_rng(42).uniform(-1, 1, (TEMPLATES, 5))
        heights -= heights.mean(1, keepdims=True)
        heights /= heights.std(1, keepdims=True)
        width = rng.uniform(0.22, 0.32, (count, 1))
        start = rng.uniform(0, 1, (count, 1)) * (1 - width)
        strength, shear = rng.uniform(0.8, 1.2, (count, 1)), rng.uniform(-0.75, 0.75, (count, 1))
        times = (np.arange(_at_least(length, 1, "length")) + 0.5) / length
        place = (times - start) / width
        distance = (place[:, None] - np.linspace(0.1, 0.9, 5)[:, None]) / 0.12
        x = strength * np.einsum("nb,nbt->nt", heights[labels], np.exp(-(distance**2) / 2)) + shear * (2 * times - 1)
        k = np.arange(1, 16)
        decay = np.exp(-((k / 8) ** 2) / 2)
        static = rng.normal(size=(2, count, len(k))) * decay / np.sqrt((decay**2).sum())
        return (x + noise * rendered(static[0] + 1j * static[1], length))[:, None], labels

    return generated(f"bumps {length}", "classification", draw, examples, seed)


def rendered(coefficients: NDArray[np.complex128], length: int) -> Array:
    """Real parts of the signals Σ cₖ exp(2πi·k·t), k = 1 …, at the centres of `length` equal cells of [0, 1)."""
    times = (np.arange(_at_least(length, 1, "length")) + 0.5) / length
    turns = np.exp(2j * np.pi * np.outer(np.arange(1, coefficients.shape[-1] + 1), times))
    signals: Array = coefficients.real @ turns.real - coefficients.imag @ turns.imag
    return signals


def _recalled(outputs: Tensor, targets: Tensor) -> float:
    """Accuracy on the last ten steps."""
    right = outputs[..., -SYMBOLS:].argmax(1) == targets[..., -SYMBOLS:]
    return int(right.sum()) / right.numel()


def _at_least(value: int, least: int, name: str) -> int:
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    return value
