"""Irregular and missing observations: nothing invented, nothing moved, nothing lost without a mark."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from search.tasks.irregular import drop, on_grid

NAN = float("nan")


def test_regular_observations_come_back_as_they_are() -> None:
    values = np.arange(24.0).reshape(2, 6, 2)
    times = [np.arange(6) + 0.5] * 2
    x = on_grid(times, list(values), 6, span=(0, 6))
    assert x.shape == (2, 2 + 2 + 1, 6)
    assert torch.equal(x[:, :2], torch.tensor(values.swapaxes(1, 2), dtype=torch.float32))
    assert torch.equal(x[:, 2:4], torch.ones(2, 2, 6))
    assert torch.allclose(x[:, 4], torch.full((2, 6), 0.5 / 6), atol=1e-6)


def test_a_cell_takes_the_last_or_the_mean_of_its_observations() -> None:
    times, values = [[0.1, 0.2, 0.9]], [[3.0, 5.0, 7.0]]
    last = on_grid(times, values, 2, span=(0, 1), mask=False, elapsed=False)
    mean = on_grid(times, values, 2, span=(0, 1), mask=False, elapsed=False, take="mean")
    assert last.tolist() == [[[5.0, 7.0]]]
    assert mean.tolist() == [[[4.0, 7.0]]]


def test_missing_values_are_zero_and_marked_channel_by_channel() -> None:
    x = on_grid([[0, 1, 2]], [[[1, NAN], [NAN, NAN], [3, 4]]], 3, elapsed=False)
    assert x.tolist() == [[[1, 0, 3], [0, 0, 4], [1, 0, 1], [0, 0, 1]]]


def test_elapsed_is_the_time_since_anything_was_seen() -> None:
    x = on_grid([[2.0, 5.0], [8.0]], [[[1.0], [NAN]], [[2.0]]], 4, span=(0, 8), mask=False)
    # Ends of the cells at 2, 4, 6, 8; what is seen at 2 falls into the cell that begins there, at 8 into the last.
    assert x[0, 1].tolist() == [2 / 8, 2 / 8, 4 / 8, 6 / 8]
    assert x[1, 1].tolist() == [2 / 8, 4 / 8, 6 / 8, 0]


def test_series_of_different_sizes_share_one_grid_and_may_be_empty() -> None:
    x = on_grid([[0, 10], []], [np.ones((2, 3)), np.zeros((0, 3))], 5)
    assert x.shape == (2, 7, 5)
    assert x[1, :6].abs().sum() == 0


def test_the_unit_of_time_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    times, values = [np.sort(rng.random(20)) for _ in range(3)], list(rng.random((3, 20, 2)))
    milliseconds = on_grid([t * 1024 for t in times], values, 7, span=(0, 1024))
    assert torch.equal(on_grid(times, values, 7, span=(0, 1)), milliseconds)


@pytest.mark.parametrize(
    ("times", "values", "options", "says"),
    [
        ([[0, 1]], [], {}, "lists of equal length"),
        ([], [], {}, "at least one"),
        ([[0, 1]], [[1, 2, 3]], {}, "series 0: times .n,."),
        ([[0, 1], [0]], [[[1], [2]], [[1, 2]]], {}, "series 1 has 2 channels, the first 1"),
        ([[1, 0]], [[1, 2]], {}, "must not decrease"),
        ([[0, NAN]], [[1, 2]], {}, "not a finite number"),
        ([[0, 1]], [[1, np.inf]], {}, "infinite"),
        ([[0, 1]], [[1, 2]], {"span": (0.5, 2)}, "do not fit into the span"),
        ([[1, 1]], [[1, 2]], {}, "end after it starts"),
        ([[]], [np.zeros((0, 1))], {}, "give the span"),
        ([[0, 1]], [[1, 2]], {"length": 0}, "at least 1"),
        ([[0, 1]], [[1, 2]], {"take": "first"}, "'last' or 'mean'"),
    ],
)
def test_what_does_not_fit_together_is_refused(times: Any, values: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        on_grid(times, values, **({"length": 4} | options))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.7])
def test_drop_keeps_the_rest_and_marks_it(share: float) -> None:
    x = torch.rand(20, 3, 10) + 1
    out = drop(x, share, seed=0)
    kept = out[:, 3:]
    assert out.shape == (20, 4, 10)
    assert torch.equal(out[:, :3], x * kept)
    assert torch.equal(kept.sum((1, 2)), torch.full((20,), 10 - round(10 * share)).to(x))
    assert torch.equal(drop(x, share, seed=0, mask=False), out[:, :3])


def test_drop_chooses_by_the_seed_and_anew_for_each_series() -> None:
    x = torch.ones(20, 1, 50)
    first, again, other = (drop(x, 0.5, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len(first[:, 1].unique(dim=0)) == 20


def test_drop_refuses_what_is_no_share_and_no_batch() -> None:
    with pytest.raises(ValueError, match="below 1"):
        drop(torch.ones(2, 1, 5), 1.0, 0)
    with pytest.raises(ValueError, match=r"not \(2, 5\)"):
        drop(torch.ones(2, 5), 0.5, 0)
