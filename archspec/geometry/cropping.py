"""Cropping: how many taps are left of a kernel under a window, and the padding for them. Plain arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence

# The largest value of a learned window at the outermost tap; then it covers the whole kernel.
FULL = 0.95


def unit(sizes: Sequence[int]) -> float:
    """Grid steps per unit of the coordinates: along the longest axis the outermost taps have coordinates -1 and 1.

    For a single tap, which has no extent, it is 1.
    """
    longest = max(sizes, default=1)
    return (longest - 1) / 2 if longest > 1 else 1.0


def cropped_taps(size: int, steps: float, reach: float, causal: bool, bucketed: bool) -> int:
    """Number of taps within a distance of the centre (causal: of the current step), and at least its neighbours.

    Args:
        size: number of taps before cropping.
        steps: grid steps per unit of the coordinates.
        reach: the distance, in coordinates.
        causal: whether the kernel is causal.
        bucketed: round the number up to one of four per octave, so that a learned size takes few different values.
    """
    side = max(1, math.ceil(reach * steps + 1e-8) - 1)
    if bucketed:
        coarse = 1 << max(0, (side - 1).bit_length() - 3)
        side = -(-side // coarse) * coarse
    return min(size, side + 1 if causal else 2 * side + 1)


def equalised(sizes_left: Sequence[int], mixed_axes: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The sizes with axes that a group turns into one another (`mixed_axes`) set to the larger of both."""
    sizes = list(sizes_left)
    for _ in mixed_axes:
        for a, b in mixed_axes:
            sizes[a] = sizes[b] = max(sizes[a], sizes[b])
    return tuple(sizes)


def gaussian_reach(threshold: float) -> float:
    """Distance, in standard deviations, at which a Gaussian falls to the threshold."""
    return math.sqrt(-2 * math.log(threshold))


def exponential_reach(threshold: float) -> float:
    """Distance, in decay lengths, at which an exponential falls to the threshold."""
    return -math.log(threshold)


def zeros_around(taps: Sequence[int], padding: str) -> tuple[tuple[int, int], ...]:
    """Number of zeros before and after each axis with `same`, `valid` or `causal` padding."""
    if padding == "valid":
        return ((0, 0),) * len(taps)
    return tuple((k - 1, 0) if padding == "causal" else (k // 2, k - 1 - k // 2) for k in taps)
