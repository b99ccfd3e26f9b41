"""Series observed at irregular times, or with missing steps, on a regular grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]


def on_grid(
    times: Sequence[Any],
    values: Sequence[Any],
    length: int,
    span: tuple[float, float] | None = None,
    mask: bool = True,
    elapsed: bool = True,
    take: Literal["last", "mean"] = "last",
) -> Tensor:
    """Put the observations of several series on a grid of `length` equal cells; cells without an observation are 0.

    Args:
        times: for each series an array (nᵢ,) of times in ascending order, all series in the same unit.
        values: for each series an array (nᵢ, channels), NaN where a channel was not observed; (nᵢ,) is one channel.
        length: number of cells.
        span: first and last time of the grid, in the unit of `times`; by default those of all observations.
        mask: append a mask for each channel: 1 in cells where it was observed, 0 in others.
        elapsed: append one channel: the time from the last observation of any channel to the end of the cell, as a
            fraction of the span; before the first observation, the time from the start of the span.
        take: value of a cell with several observations: the `last`, or their `mean`.

    Returns:
        (series, channels [· 2] [+ 1], length).

    Raises:
        ValueError: times and values do not match, times decrease or are outside the span, or a number is infinite.
    """
    if length < 1 or take not in ("last", "mean"):
        raise ValueError(f"length must be at least 1 and take 'last' or 'mean', not {length} and {take!r}")
    series = _checked(times, values)
    start, end = _span(series, span)
    channels = series[0][1].shape[1]
    seen, held = np.zeros((2, len(series), channels, length))
    since = np.zeros((len(series), 1, length))
    cell_ends = np.linspace(0, 1, length + 1)[1:]
    for i, (when, what) in enumerate(series):
        place = (when - start) / (end - start)
        cells = np.minimum((place * length).astype(int), length - 1)
        for channel in range(channels):
            known = np.flatnonzero(~np.isnan(what[:, channel]))
            counts = np.bincount(cells[known], minlength=length)
            seen[i, channel] = counts > 0
            if take == "mean":
                held[i, channel] = np.bincount(cells[known], what[known, channel], length) / np.maximum(counts, 1)
            else:
                held[i, channel, cells[known]] = what[known, channel]  # of equal indices numpy writes the last value
        latest = np.zeros(length)
        known = np.flatnonzero(~np.isnan(what).all(1))
        np.maximum.at(latest, cells[known], place[known])
        since[i, 0] = cell_ends - np.maximum.accumulate(latest)
    parts = [held, *([seen] if mask else []), *([since] if elapsed else [])]
    return torch.as_tensor(np.concatenate(parts, 1), dtype=torch.get_default_dtype())


def drop(x: Tensor, share: float, seed: int, mask: bool = True) -> Tensor:
    """Remove a random share of the steps of each series, in all channels (Kidger et al. 2020; CKConv).

    Args:
        x: series (n, channels, length), already standardised, so that 0 is their mean.
        share: share of the steps to remove, from 0 to below 1: ⌊share · length⌋ steps of each series.
        seed: seed of the choice of steps.
        mask: append a channel: 0 at removed steps, 1 at others.

    Returns:
        (n, channels [+ 1], length), 0 at removed steps.

    Raises:
        ValueError: x does not have three axes, or share is not in [0, 1).
    """
    if x.dim() != 3:
        raise ValueError(f"series have the shape (n, channels, length), not {tuple(x.shape)}")
    if not 0 <= share < 1:
        raise ValueError(f"share must be at least 0 and below 1, not {share}")
    count, _, length = x.shape
    order = torch.rand(count, length, generator=torch.Generator().manual_seed(seed)).argsort(1)
    # A product such as 0.29 · 100 is rounded to just below 29: it must count as 29 steps.
    kept = (order >= int(share * length + 1e-9)).to(x).unsqueeze(1)
    return torch.cat([x * kept, kept], 1) if mask else x * kept


def _checked(times: Sequence[Any], values: Sequence[Any]) -> list[tuple[Array, Array]]:
    if len(times) != len(values) or not len(times):
        raise ValueError(
            f"times and values must be lists of equal length, at least one series, not {len(times)} and {len(values)}"
        )
    series: list[tuple[Array, Array]] = []
    for i, (one, other) in enumerate(zip(times, values, strict=True)):
        when, what = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
        what = what[:, None] if what.ndim == 1 else what
        if when.ndim != 1 or what.ndim != 2 or len(when) != len(what):
            raise ValueError(
                f"series {i}: times (n,) and values (n, channels) are needed, not {when.shape}, {what.shape}"
            )
        if series and what.shape[1] != series[0][1].shape[1]:
            raise ValueError(f"series {i} has {what.shape[1]} channels, the first {series[0][1].shape[1]}")
        if not np.isfinite(when).all() or np.isinf(what).any():
            raise ValueError(
                f"series {i}: a time is not a finite number, or a value is infinite; NaN is for missing values"
            )
        if (np.diff(when) < 0).any():
            raise ValueError(f"series {i}: times must not decrease; sort the observations by time")
        series.append((when, what))
    return series


def _span(series: list[tuple[Array, Array]], span: tuple[float, float] | None) -> tuple[float, float]:
    """First and last time of the grid; ValueError if an observation is outside."""
    found = np.concatenate([when for when, _ in series])
    if span is None:
        if not len(found):
            raise ValueError("no observation in any series; give the span")
        span = float(found.min()), float(found.max())
    start, end = span
    if not end > start:
        raise ValueError(f"the span must end after it starts, not {start} … {end}")
    if len(found) and (found.min() < start or found.max() > end):
        raise ValueError(f"times from {found.min()} to {found.max()} do not fit into the span {start} … {end}")
    return start, end
