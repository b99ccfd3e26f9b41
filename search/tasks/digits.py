"""The task over data that scikit-learn contains: 1,797 handwritten digits of 8×8 pixels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from search.tasks.task import Batch, Data, Task

# Width of a digit as a share of the canvas: turned by any angle, it stays inside the canvas.
SHARE = 0.72


def digits(
    rotated: bool = False,
    size: int | None = None,
    seed: int = 0,
    test_turns: Literal["quarter", "any"] | None = None,
) -> Task:
    """Classify ten digits: upright, each rotated by a random angle, or rotated in the test data alone.

    Args:
        rotated: rotate every image of training, validation and test data by a random angle, uniform over the circle.
        size: side of the images in pixels; by default 8, as in the data set, or 16 if any images are rotated.
        seed: seed of the split (60 % training, 20 % validation, 20 % test) and of the angles.
        test_turns: rotate the test images only, each by a random angle (`any`) or by zero to three quarter turns
            (`quarter`: exact array operations). Images of all parts then have the digits drawn smaller, as for
            `rotated`.

    Raises:
        ValueError: `rotated` and `test_turns` are both given, or `test_turns` is neither of these.
    """
    from sklearn.datasets import load_digits

    if test_turns not in (None, "quarter", "any"):
        raise ValueError(f"test_turns are 'quarter' or 'any', not {test_turns!r}")
    if rotated and test_turns is not None:
        raise ValueError("give rotated, which turns all images, or test_turns, which turns test images only, not both")
    bunch = load_digits()
    images, rng = bunch.images / 16.0, np.random.default_rng(seed)
    upright = np.zeros(len(images))
    if test_turns is None:
        size = size or (16 if rotated else 8)
        if rotated or size != images.shape[1]:
            angles = rng.uniform(0, 2 * np.pi, len(images)) if rotated else upright
            images = _all_drawn(images, angles, size, SHARE * size if rotated else size)
        name = f"{'rotated ' if rotated else ''}digits {size}×{size}"
        return Task.from_arrays(images[:, None].astype(np.float32), bunch.target, name=name, seed=seed)
    size = size or 16
    before = _all_drawn(images, upright, size, SHARE * size)
    if test_turns == "any":
        after = _all_drawn(images, rng.uniform(0, 2 * np.pi, len(images)), size, SHARE * size)
    else:
        turns = rng.integers(0, 4, len(images))
        after = np.stack([np.rot90(image, turn) for image, turn in zip(before, turns, strict=True)])
    name = f"digits {size}×{size}, the test turned by {'any angle' if test_turns == 'any' else 'quarters'}"
    # The rotated images are a second channel, so that both are split in the same way.
    both = Task.from_arrays(np.stack([before, after], 1).astype(np.float32), bunch.target, name=name, seed=seed)
    train, validation, test = _channel(both.train, 0), _channel(both.validation, 0), _channel(both.test, 1)
    return Task(name, both.kind, train, validation, test)


def _channel(part: Data | None, index: int) -> Batch:
    assert isinstance(part, tuple)
    return part[0][:, index : index + 1].contiguous(), part[1]


def _all_drawn(
    images: NDArray[np.float64], angles: NDArray[np.float64], size: int, width: float
) -> NDArray[np.float64]:
    return np.stack([drawn(image, angle, size, width) for image, angle in zip(images, angles, strict=True)])


def drawn(image: NDArray[np.float64], angle: float, size: int, width: float) -> NDArray[np.float64]:
    """The image rotated about its centre by `angle` radians, and drawn `width` pixels wide on a canvas of `size`."""
    scale = image.shape[0] / width
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = scale * np.array([[cos, sin], [-sin, cos]])
    centre_in, centre_out = (np.array(image.shape) - 1) / 2, np.full(2, (size - 1) / 2)
    offset = centre_in - matrix @ centre_out
    drawn: NDArray[np.float64] = ndimage.affine_transform(image, matrix, offset, (size, size), order=3, mode="constant")
    return np.clip(drawn, 0, 1)
