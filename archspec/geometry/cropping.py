"""How many taps a window leaves of a kernel, and what lies around them. Plain arithmetic, to price and to run."""

from __future__ import annotations

import math
from collections.abc import Sequence

# How close to 1 a window can come at the outermost tap: it fills the grid.
FULL = 0.95


def unit(sizes: Sequence[int]) -> float:
    """Steps to one unit of the coordinates: along the longest axis the outermost of these taps lie at -1 and 1.

    One tap has no extent, so that any unit would do: one step.
    """
    longest = max(sizes, default=1)
    return (longest - 1) / 2 if longest > 1 else 1.0


def cropped_taps(size: int, steps: float, reach: float, causal: bool, bucketed: bool) -> int:
    """Taps of `size` that lie within `reach` of the centre (causal: the current step), at least its neighbours.

    Coordinates: one unit is that many `steps`. Bucketed, the number is rounded up to one of four an octave, so that a
    size that is learned takes few values.
    """
    side = max(1, math.ceil(reach * steps + 1e-8) - 1)
    if bucketed:
        coarse = 1 << max(0, (side - 1).bit_length() - 3)
        side = -(-side // coarse) * coarse
    return min(size, side + 1 if causal else 2 * side + 1)


def equalised(sizes_left: Sequence[int], mixed_axes: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The same with axes that a group turns into one another equally long."""
    sizes = list(sizes_left)
    for _ in mixed_axes:
        for a, b in mixed_axes:
            sizes[a] = sizes[b] = max(sizes[a], sizes[b])
    return tuple(sizes)


def gaussian_reach(threshold: float) -> float:
    """Distance, in standard deviations, at which a Gaussian has fallen to the threshold."""
    return math.sqrt(-2 * math.log(threshold))


def exponential_reach(threshold: float) -> float:
    """Distance, in decay lengths, at which an exponential has fallen to the threshold."""
    return -math.log(threshold)


def zeros_around(taps: Sequence[int], padding: str) -> tuple[tuple[int, int], ...]:
    """Zeros before and after each axis under `same`, `valid` or `causal` padding."""
    if padding == "valid":
        return ((0, 0),) * len(taps)
    return tuple((k - 1, 0) if padding == "causal" else (k // 2, k - 1 - k // 2) for k in taps)
