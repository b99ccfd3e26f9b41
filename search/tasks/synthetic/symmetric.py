"""Handwritten digits in pairs: an image and its half turn, or its mirror image, which have different classes.

A network that is invariant to the transform between the two has equal outputs for both, so it is right about exactly
one image of each pair: its accuracy is exactly one half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from search.tasks.digits import SHARE, drawn
from search.tasks.synthetic.sequences import Array, Examples
from search.tasks.task import Task

Labels = NDArray[np.int64]

TILT = np.deg2rad(15)  # largest angle, either way, of digits that are not rotated
WIDTHS = (0.85, 1.0)  # range of a digit's width, as a share of the largest that stays on the canvas when rotated
MIRRORED_AXIS = -2  # the first axis of an image, which the flip of D_n reverses too


def half_turns(
    digit: int = 6,
    size: int = 16,
    noise: float = 0.1,
    examples: Examples = (1_000, 400, 400),
    seed: int = 0,
) -> Task:
    """Distinguish a handwritten digit from the same digit rotated by 180°, after MNIST6-180 (Romero & Lohit 2022).

    Inputs (n, 1, size, size): scikit-learn's digits, rotated by up to 15°, of varying size, with white noise of
    standard deviation `noise`; training, validation and test data are made from different originals. Examples 2i and
    2i + 1 of each are a pair: an image, of class 0, and the same array rotated by 180°, of class 1. So a network that
    is invariant to C2, as one is that is invariant to C_n or D_n of even n, is right about exactly half of them.
    Targets (n,).
    `examples` are the numbers of training, validation and test examples.

    Raises:
        ValueError: there is no such digit, or a number of examples is odd.
    """
    return _pairs_of_glyphs(f"half turns {size}×{size}", (digit,), False, half_turn, size, noise, examples, seed)


def mirrored(
    digits: Sequence[int] = (2, 4, 7),
    rotated: bool = True,
    size: int = 16,
    noise: float = 0.1,
    examples: Examples = (2_000, 500, 1_000),
    seed: int = 0,
) -> Task:
    """Distinguish handwritten digits from their mirror images, after MNIST6-M (Romero & Lohit 2022).

    Inputs (n, 1, size, size) as in `half_turns`. Examples 2i and 2i + 1 are a pair: an image, of class 0, and the same
    array flipped along the first of its two axes, of class 1. So a network that is invariant to a D_n is right about
    exactly half of them, and one that is invariant to rotations alone can be right about all. Targets (n,).

    Args:
        digits: the digits to use; 0, 1, 3 and 8 are similar to their own mirror images.
        rotated: rotate each digit by a random angle before it is mirrored.
        size: side of the images in pixels.
        noise: standard deviation of white noise.
        examples: number of training, validation and test examples; both images of a pair count.
        seed: seed of the split and of all random choices.

    Raises:
        ValueError: there is no such digit, or a number of examples is odd.
    """
    name = f"{'rotated ' if rotated else ''}mirrored digits {size}×{size}"
    return _pairs_of_glyphs(name, digits, rotated, mirror, size, noise, examples, seed)


def half_turn(images: Array) -> Array:
    """Images (…, rows, columns) rotated by 180°, by an exact array operation."""
    return np.rot90(images, 2, axes=(-2, -1))


def mirror(images: Array) -> Array:
    """Arrays flipped along the second to last axis."""
    return np.flip(images, MIRRORED_AXIS)


def in_pairs(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Two arrays (n, …) interleaved to (2n, …): example 2i is from the first, 2i + 1 from the second."""
    return np.stack([first, second], 1).reshape(-1, *first.shape[1:])


def half_of(count: int) -> int:
    """The number of pairs in a number of examples; ValueError if it is odd or below 2."""
    if count < 2 or count % 2:
        raise ValueError(f"examples must be three even numbers of at least 2, as they come in pairs; {count} is not")
    return count // 2


def _pairs_of_glyphs(
    name: str,
    digits: Sequence[int],
    rotated: bool,
    partner: Callable[[Array], Array],
    size: int,
    noise: float,
    examples: Examples,
    seed: int,
) -> Task:
    parts = []
    for part, (glyphs, count) in enumerate(zip(originals(digits, seed), examples, strict=True)):
        rng = np.random.default_rng((seed, part))
        chosen = glyphs[rng.integers(0, len(glyphs), half_of(count))]
        angles = rng.uniform(0, 2 * np.pi, len(chosen)) if rotated else rng.uniform(-TILT, TILT, len(chosen))
        widths = SHARE * size * rng.uniform(*WIDTHS, len(chosen))
        each = zip(chosen, angles, widths, strict=True)
        images = np.stack([drawn(image, angle, size, width) for image, angle, width in each])
        images += noise * rng.normal(size=images.shape)
        x = in_pairs(images, partner(images))[:, None]
        y = torch.arange(2).repeat(len(images))
        parts.append((torch.as_tensor(x, dtype=torch.get_default_dtype()), y))
    train, validation, test = parts
    return Task(name, "classification", train, validation, test)


def originals(digits: Sequence[int], seed: int) -> list[Array]:
    """Images (n, 8, 8) of the digits for training, validation and test: 60, 20 and 20 % of scikit-learn's."""
    from sklearn.datasets import load_digits

    if not digits or not set(digits) <= set(range(10)):
        raise ValueError(f"digits are some of 0 … 9, not {', '.join(map(str, digits)) or 'none'}")
    bunch = load_digits()
    images = bunch.images[np.isin(bunch.target, digits)] / 16.0
    order = np.random.default_rng((seed, 3)).permutation(len(images))
    return [images[part] for part in np.split(order, [len(order) * 3 // 5, len(order) * 4 // 5])]
