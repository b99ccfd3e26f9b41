"""Generated volumes: chiral polycubes in the 24 orientations of the cube, each with its mirror image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from archspec.geometry.groups import Group
from search.tasks.synthetic.sequences import Array, Examples, generated
from search.tasks.synthetic.symmetric import half_of, in_pairs, mirror
from search.tasks.task import Task

# The chiral polycubes of up to five cubes, one of each pair of mirror images; the first is the screw of four.
POLYCUBES = (
    ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 1)),
    ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0), (1, 0, 1)),
    ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0), (1, 0, 2)),
    ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0), (1, 1, 0)),
    ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 1), (1, 0, 2)),
    ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 2), (1, 0, 1)),
    ((0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1), (1, 1, 2)),
)


def chiral_voxels(
    size: int = 6,
    shapes: int = 1,
    noise: float = 0.2,
    examples: Examples = (2_000, 400, 800),
    seed: int = 0,
) -> Task:
    """Classify a polycube of 4 or 5 cubes and its handedness, in any of the 24 orientations of the cube.

    Inputs (n, 1, size, size, size): a body whose cubes are single voxels of value 0.8 … 1.2 (one value for each body),
    in one of the 24 orientations, at a random position, with white noise of standard deviation `noise`. Targets (n,):
    class 2s is shape s, class 2s + 1 its mirror image, for the first `shapes` of seven shapes. Examples 2i and 2i + 1
    are a pair: a volume, and the same array flipped along the middle axis. So a network that is invariant to Oh or to a
    D_n has a score `handedness` (the share of predictions with the right handedness) of exactly one half, and an
    accuracy of at most that; a network that is invariant to O can be right about all.
    `examples` are the numbers of training, validation and test examples.

    Raises:
        ValueError: shapes is not 1 … 7, they do not fit in the size, or a number of examples is odd.
    """
    if not 1 <= shapes <= len(POLYCUBES):
        raise ValueError(f"there are 1 … {len(POLYCUBES)} chiral shapes of up to five cubes, not {shapes}")
    bodies = [[_solid(turned) for turned in orientations(cells)] for cells in POLYCUBES[:shapes]]
    longest = max(max(body.shape) for turned in bodies for body in turned)
    if size < longest:
        raise ValueError(f"a body is up to {longest} voxels long; size must be no less, not {size}")

    def draw(rng: np.random.Generator, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        pairs = half_of(count)
        labels, turns = rng.integers(0, shapes, pairs), rng.integers(0, 24, pairs)
        heights, x = rng.uniform(0.8, 1.2, pairs), np.zeros((pairs, size, size, size))
        for volume, label, turn, height in zip(x, labels, turns, heights, strict=True):
            body = bodies[label][turn]
            # Uniform over all positions inside the volume, so that a mirrored volume is as likely as the original.
            corner = rng.integers(0, size - np.array(body.shape) + 1)
            volume[tuple(slice(a, a + n) for a, n in zip(corner, body.shape, strict=True))] = height * body
        x += noise * rng.normal(size=x.shape)
        return in_pairs(x, mirror(x))[:, None], in_pairs(2 * labels, 2 * labels + 1)

    name = f"chiral voxels {size}×{size}×{size}, {2 * shapes} classes"
    return generated(name, "classification", draw, examples, seed, {"handedness": _handedness})


def orientations(cells: tuple[tuple[int, int, int], ...]) -> list[NDArray[np.int64]]:
    """The cells (n, 3) in the 24 orientations, each moved so that its smallest coordinates are 0."""
    rotations = np.rint(Group("O").action(3).matrices).astype(np.int64)
    return [turned - turned.min(0) for turned in np.array(cells) @ rotations.transpose(0, 2, 1)]


def _solid(cells: NDArray[np.int64]) -> Array:
    """The bounding box of the cells as an array: 1 in the cells, 0 elsewhere."""
    box = np.zeros(cells.max(0) + 1)
    box[tuple(cells.T)] = 1
    return box


def _handedness(outputs: Tensor, targets: Tensor) -> float:
    """The share of predictions with the right handedness, whatever the shape."""
    right = outputs.argmax(1) % 2 == targets % 2
    return int(right.sum()) / right.numel()
