"""Handwriting in pairs: a glyph and its half turn, or its mirror image, so that chance is exact.

Of every pair a network sees the same if it is invariant to what makes the pair, and then it is right about one of the
two, whatever it answers.
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

TILT = np.deg2rad(15)  # by which handwriting that is not rotated still leans either way
WIDTHS = (0.85, 1.0)  # of the largest width that stays on the canvas when turned
MIRRORED_AXIS = -2  # the first axis of an image, as in D_n, whose flip it is


def half_turns(
    digit: int = 6,
    size: int = 16,
    noise: float = 0.1,
    examples: Examples = (1_000, 400, 400),
    seed: int = 0,
) -> Task:
    """Tell a handwritten digit from the same digit turned by 180°, after MNIST6-180 (Romero & Lohit 2022).

    Inputs (n, 1, size, size): scikit-learn's digits, leaning by up to 15°, of varying size, with white noise of
    standard deviation `noise`; no original lies in two of the three parts. Examples 2i and 2i + 1 of each part are a
    pair: an image, of class 0, and the very array turned by 180°, of class 1. So a network that is invariant to C2, and
    with it to any C_n or D_n of even n, is right about exactly half of them. Targets (n,).

    Raises:
        ValueError: there is no such digit, or an odd number of examples.
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
    """Tell handwritten digits from their mirror images, after MNIST6-M (Romero & Lohit 2022).

    Inputs (n, 1, size, size) as in `half_turns`. Examples 2i and 2i + 1 of each part are a pair: an image, of class 0,
    and the very array flipped along the first of its two axes, of class 1. So a network that is invariant to any D_n is
    right about exactly half of them, and one that is invariant to turns alone can be right about all. Targets (n,).

    Args:
        digits: the glyphs; 0, 1, 3 and 8 are much like their own mirror images.
        rotated: turn each glyph by an angle of its own, before it is mirrored.
        size: side of the images.
        noise: standard deviation of white noise.
        examples: of training, validation and test, both of each pair counted.
        seed: of the split and of all that is drawn.

    Raises:
        ValueError: there is no such digit, or an odd number of examples.
    """
    name = f"{'rotated ' if rotated else ''}mirrored digits {size}×{size}"
    return _pairs_of_glyphs(name, digits, rotated, mirror, size, noise, examples, seed)


def half_turn(images: Array) -> Array:
    """Images (…, rows, columns) turned by 180°: an array operation, so exact."""
    return np.rot90(images, 2, axes=(-2, -1))


def mirror(images: Array) -> Array:
    """Arrays flipped along the axis before the last."""
    return np.flip(images, MIRRORED_AXIS)


def in_pairs(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """(n, …) twice to (2n, …): one of the first, its partner of the second, and so on."""
    return np.stack([first, second], 1).reshape(-1, *first.shape[1:])


def half_of(count: int) -> int:
    """How many pairs so many examples are; ValueError if they are odd, or none."""
    if count < 2 or count % 2:
        raise ValueError(f"examples are three even numbers of at least 2, for they come in pairs; {count} is not")
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
    """Images of the digits for training, validation and test: 60, 20 and 20 % of those that scikit-learn has."""
    from sklearn.datasets import load_digits

    if not digits or not set(digits) <= set(range(10)):
        raise ValueError(f"digits are some of 0 … 9, not {', '.join(map(str, digits)) or 'none'}")
    bunch = load_digits()
    images = bunch.images[np.isin(bunch.target, digits)] / 16.0
    order = np.random.default_rng((seed, 3)).permutation(len(images))
    return [images[part] for part in np.split(order, [len(order) * 3 // 5, len(order) * 4 // 5])]
