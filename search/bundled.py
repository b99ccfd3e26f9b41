"""Tasks over data that packages bring along: scikit-learn's 1,797 handwritten digits of 8×8 pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from search.task import Task

# Of the canvas: turned by any angle, a digit of this width stays inside it.
SHARE = 0.72


def digits(rotated: bool = False, size: int | None = None, seed: int = 0) -> Task:
    """Classify ten digits, upright or each turned by an angle of its own.

    Args:
        rotated: turn every image, in all three parts, by a uniformly drawn angle.
        size: side of the images; by default 8, the original, or 16 when rotated.
        seed: of the split (60 % training, 20 % validation, 20 % test) and of the angles.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = bunch.images / 16.0
    size = size or (16 if rotated else 8)
    if rotated or size != images.shape[1]:
        angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, len(images)) if rotated else np.zeros(len(images))
        width = SHARE * size if rotated else size
        images = np.stack([_drawn(image, angle, size, width) for image, angle in zip(images, angles, strict=True)])
    name = f"{'rotated ' if rotated else ''}digits {size}×{size}"
    return Task.from_arrays(images[:, None].astype(np.float32), bunch.target, name=name, seed=seed)


def _drawn(image: NDArray[np.float64], angle: float, size: int, width: float) -> NDArray[np.float64]:
    """The image turned about its centre and drawn `width` pixels wide on a canvas of `size`."""
    scale = image.shape[0] / width
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = scale * np.array([[cos, sin], [-sin, cos]])
    centre_in, centre_out = (np.array(image.shape) - 1) / 2, np.full(2, (size - 1) / 2)
    offset = centre_in - matrix @ centre_out
    drawn: NDArray[np.float64] = ndimage.affine_transform(image, matrix, offset, (size, size), order=3, mode="constant")
    return np.clip(drawn, 0, 1)
