"""Generated images of figures, drawn with a Gaussian pen as functions of the plane: the same scene at every size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.tasks.synthetic.sequences import Examples, generated
from search.tasks.task import Task

Array = NDArray[np.float64]

PEN = 0.05  # standard deviation of the pen; its spectrum is at 4 % at 8 cycles, the Nyquist frequency of 16 pixels
DOTS = 32  # number of dots of the pen along a figure; their distance is less than the pen's width
BACKGROUND = 3  # highest frequency of the background along an axis, in cycles per side


def shapes(
    size: int = 16,
    classes: int = 6,
    noise: float = 0.9,
    examples: Examples = (2_000, 500, 1_000),
    seed: int = 0,
) -> Task:
    """Classify figures: ring, cross, triangle, bow, zigzag, bars, square, fork.

    Inputs (n, 1, size, size), of variance about 1: pixel i of an axis is the scene at (i + ½) / size of the side, the
    same scene at every size. A figure of 0.36 … 0.52 of the side, rotated by up to 30° either way, at a random position
    inside the image, is drawn with a Gaussian pen of 0.05 of the side: it has hardly any power above 8 cycles per side,
    the Nyquist frequency of 16 pixels. Its contrast varies. The background has at most 3 cycles per side along an axis,
    and the standard deviation `noise`. Targets (n,).
    `examples` are the numbers of training, validation and test examples.

    Raises:
        ValueError: classes is not 2 … 8, or size is below 1.
    """
    if not 2 <= classes <= len(FIGURES):
        raise ValueError(f"shapes have 2 … {len(FIGURES)} classes, not {classes}")
    if size < 1:
        raise ValueError(f"size must be at least 1, not {size}")
    places = (np.arange(size) + 0.5) / size

    def draw(rng: np.random.Generator, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        labels = rng.integers(0, classes, count)
        figures, weights = (np.stack(part)[labels] for part in zip(*(_dots(draw) for draw in FIGURES), strict=True))
        scale = rng.uniform(0.18, 0.26, (count, 1))
        angle = rng.uniform(-np.pi / 6, np.pi / 6, (count, 1))
        centre = 0.5 + rng.uniform(-1, 1, (count, 2)) * (0.5 - scale - PEN)
        contrast = rng.uniform(1.4, 2.6, (count, 1, 1))
        cos, sin = np.cos(angle), np.sin(angle)
        along = scale * (cos * figures[..., 0] - sin * figures[..., 1]) + centre[:, :1]
        down = scale * (sin * figures[..., 0] + cos * figures[..., 1]) + centre[:, 1:]
        height = weights * scale / (np.sqrt(2 * np.pi) * PEN)  # 1 on a straight line
        image = contrast * (_pen(down, places) * height[..., None]).transpose(0, 2, 1) @ _pen(along, places)
        return (image + noise * _smooth(rng, count, places))[:, None], labels

    return generated(f"shapes {size}×{size}", "classification", draw, examples, seed)


def _pen(dots: Array, places: Array) -> Array:
    """The pen's profile (n, dots, size) along one axis, for dots (n, dots) and pixels (size,).

    The product of the profiles along both axes is a dot.
    """
    return np.exp(-(((places - dots[..., None]) / PEN) ** 2) / 2)


def _smooth(rng: np.random.Generator, count: int, places: Array) -> Array:
    """Random fields (n, size, size) of unit variance, of frequencies up to BACKGROUND along both axes."""
    k = np.arange(-BACKGROUND, BACKGROUND + 1)
    turns = np.exp(2j * np.pi * np.outer(k, places))
    parts = rng.normal(size=(2, count, len(k), len(k))) / len(k)
    field: Array = (turns.T @ (parts[0] + 1j * parts[1]) @ turns).real
    return field


def _line(*corners: tuple[float, float]) -> Callable[[Array], Array]:
    """A path of straight lines through corners: a function of the share of its length (n,), from 0 to 1.

    It returns points (n, 2).
    """
    points = np.array(corners)
    ends = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    return lambda share: np.stack([np.interp(share * ends[-1], ends, axis) for axis in points.T], -1)


def _arc(start: float, end: float) -> Callable[[Array], Array]:
    """A path along the unit circle between two angles in degrees, as a function of the share of its length."""
    return lambda share: np.stack([f(np.deg2rad(start + share * (end - start))) for f in (np.cos, np.sin)], -1)


# The strokes of each figure, inside the unit circle.
FIGURES: tuple[tuple[Callable[[Array], Array], ...], ...] = (
    (_arc(0, 360),),
    (_line((-1, 0), (1, 0)), _line((0, -1), (0, 1))),
    (_line((0, -1), (0.87, 0.5), (-0.87, 0.5), (0, -1)),),
    (_arc(-45, 225),),
    (_line((-0.8, -0.6), (0.8, -0.6), (-0.8, 0.6), (0.8, 0.6)),),
    (_line((-0.5, -0.85), (-0.5, 0.85)), _line((0.5, -0.85), (0.5, 0.85))),
    (_line((-0.7, -0.7), (0.7, -0.7), (0.7, 0.7), (-0.7, 0.7), (-0.7, -0.7)),),
    (_line((0, 1), (0, 0)), _line((-0.8, -0.6), (0, 0), (0.8, -0.6))),
)


def _dots(strokes: tuple[Callable[[Array], Array], ...]) -> tuple[Array, Array]:
    """Positions (DOTS, 2) and weights (DOTS,) of the pen's dots; the weights make all lines about equally dark."""
    fine = np.linspace(0, 1, 400)
    lengths = [float(np.hypot(*np.diff(stroke(fine), axis=0).T).sum()) for stroke in strokes]
    counts = np.full(len(strokes), DOTS // len(strokes))
    places = [stroke((np.arange(n) + 0.5) / n) for stroke, n in zip(strokes, counts, strict=True)]
    weights = [np.full(n, length / n) for n, length in zip(counts, lengths, strict=True)]
    return np.concatenate(places), np.concatenate(weights)
