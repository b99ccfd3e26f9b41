"""The hypervolume is the volume of what is dominated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.hypervolume import hypervolume


@given(st.integers(1, 4), st.integers(0, 6), st.integers(0, 2**31))
def test_it_counts_the_dominated_points_of_a_grid(axes: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 6, (count, axes))  # some beyond the reference, at 4
    grid = np.stack(np.meshgrid(*[np.arange(4) + 0.5] * axes), -1).reshape(-1, axes)
    dominated = (points[None] <= grid[:, None]).all(-1).any(1) if count else np.zeros(len(grid), bool)
    assert hypervolume(points, [4.0] * axes) == pytest.approx(dominated.sum())


def test_points_of_another_number_of_coordinates_are_refused() -> None:
    with pytest.raises(ValueError, match="points have 3 coordinates and the reference 2"):
        hypervolume([[0, 0, 0]], (1, 1))
