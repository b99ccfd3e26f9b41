"""Sequences seen at irregular times or with steps missing, put on a regular grid."""

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
    """Observations of several series on a grid of `length` equal cells; 0 where nothing was seen.

    Args:
        times: one array (nᵢ,) a series, in any one unit, not decreasing.
        values: one array (nᵢ, channels) a series; NaN where a channel was not seen. (nᵢ,) is one channel.
        length: number of cells.
        span: first and last time of the grid, in the unit of `times`; by default those of all observations.
        mask: append a channel for each channel: 1 where it was seen in the cell, 0 elsewhere.
        elapsed: append one channel: how long, in spans, the last observation of any channel lies before the end of the
            cell; before the first one, how long the span has run.
        take: what a cell with several observations holds.

    Returns:
        (series, channels [· 2] [+ 1], length).

    Raises:
        ValueError: times and values do not match, times decrease or lie outside the span, or something is infinite.
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
                held[i, channel, cells[known]] = what[known, channel]  # of several the last one stays
        latest = np.zeros(length)
        known = np.flatnonzero(~np.isnan(what).all(1))
        np.maximum.at(latest, cells[known], place[known])
        since[i, 0] = cell_ends - np.maximum.accumulate(latest)
    parts = [held, *([seen] if mask else []), *([since] if elapsed else [])]
    return torch.as_tensor(np.concatenate(parts, 1), dtype=torch.get_default_dtype())


def drop(x: Tensor, share: float, seed: int, mask: bool = True) -> Tensor:
    """Remove a share of the steps of each series at random, all channels at once (Kidger et al. 2020; CKConv).

    Args:
        x: (n, channels, length), scaled before, so that 0 is a value in the middle.
        share: of the steps; ⌊share · length⌋ go in every series.
        seed: of the choice.
        mask: append a channel: 1 where the step is kept, 0 where it was removed.

    Returns:
        (n, channels [+ 1], length), 0 where removed.

    Raises:
        ValueError: not a batch of series, or not a share.
    """
    if x.dim() != 3:
        raise ValueError(f"series have the shape (n, channels, length), not {tuple(x.shape)}")
    if not 0 <= share < 1:
        raise ValueError(f"share must be at least 0 and below 1, not {share}")
    count, _, length = x.shape
    order = torch.rand(count, length, generator=torch.Generator().manual_seed(seed)).argsort(1)
    # A share such as 0.7 lies a little below itself in binary: 0.7 · 10 must still be 7.
    kept = (order >= int(share * length + 1e-9)).to(x).unsqueeze(1)
    return torch.cat([x * kept, kept], 1) if mask else x * kept


def _checked(times: Sequence[Any], values: Sequence[Any]) -> list[tuple[Array, Array]]:
    if len(times) != len(values) or not len(times):
        raise ValueError(f"times and values are lists of as many series, at least one; got {len(times)}, {len(values)}")
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
    """First and last time of the grid; every observation lies inside."""
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
