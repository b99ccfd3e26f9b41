"""Reading a series from a table: its channels at regular times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from search.tasks.reading import having, numbers

MONTHS = 12
FAR = 100  # a series so many times longer or shorter than what a network reads has its times in other units


def series(
    raw: Any,
    columns: Sequence[str],
    timed: bool,
    rate: float | None,
    length: int,
    key: str | None = None,
    day_first: bool | None = None,
) -> Tensor:
    """A table (a CSV file or a data frame) of one series as (channels, length).

    Args:
        raw: the file or the frame.
        columns: the columns of the channels, after that of the time if there is one.
        timed: whether the first column is the time: values are then interpolated linearly at `rate` points per unit of
            time, from the first time on.
        rate: points per unit of time.
        length: number of points; a shorter series continues with its last value, of a longer one the end is cut off.
        key: the column that tells series apart; it may be left out.
        day_first: see `times`.

    Raises:
        ValueError: a column is missing, a value is not a number, or there are several series or none.
    """
    table = having(raw, columns)
    count = table[key].nunique() if key in table.columns else 1
    if count > 1 or not len(table):
        raise ValueError(f"the table holds {count if len(table) else 0} series; give one at a time")
    channels = columns[1:] if timed else columns
    values = np.stack([numbers(table[name], f"the column {name!r}") for name in channels])
    if timed:
        values = resampled(times(table[columns[0]], day_first), values, rate or 1.0, length)
    short = length - values.shape[1]
    values = np.pad(values, ((0, 0), (0, max(0, short))), mode="edge")[:, :length]
    return torch.from_numpy(values.astype(np.float32))


def in_other_units(times: NDArray[Any], rate: float, length: int) -> str | None:
    """A sentence if a series with these times is far longer or shorter than `length` points at `rate`; else None."""
    lasts, read = float(np.ptp(times)), length / rate
    if len(times) < 2 or read / FAR < lasts < read * FAR:
        return None
    return (
        f"the series lasts {lasts:.4g} units of time (dates: seconds), and the network reads {read:.4g} of them; give "
        "its times in the units of the training data"
    )


def times(column: Any, day_first: bool | None = None) -> NDArray[np.float64]:
    """The times of a column: numbers as they are, dates and durations in seconds; ValueError if they are neither.

    Where all dates are such as 01/02/2024 and may be either, `day_first` says that the day comes first, or does not;
    ValueError if that is None.
    """
    import pandas as pd

    what = f"the column {column.name!r}"
    if hasattr(column, "cat"):
        column = column.astype(column.cat.categories.dtype)
    try:
        if column.dtype.kind == "m":
            return _seconds(column, what)
        if column.dtype.kind != "M":
            return numbers(column, what)
    except ValueError:
        if column.dtype.kind in "fiu":
            raise
    first = day_comes_first(column, day_first)
    try:
        since = pd.to_datetime(column, utc=True, dayfirst=bool(first)) - pd.Timestamp(0, tz="UTC")
    except (TypeError, ValueError):
        raise ValueError(f"{what} holds what is neither a number nor a date; convert it") from None
    return _seconds(since, what)


def _seconds(durations: Any, what: str) -> NDArray[np.float64]:
    """Durations in seconds, by pandas' own arrays: Arrow refuses whole numbers that a float does not hold exactly."""
    import pandas as pd

    return numbers(pd.Series(durations.to_numpy()).dt.total_seconds(), what)


def day_comes_first(column: Any, otherwise: bool | None = None) -> bool | None:
    """Whether dates such as 31/01/2024 begin with the day; None if there are none such.

    It is `otherwise` where all of them are such as 01/02/2024, and may be either; ValueError if that is None.
    """
    if column.dtype.kind in "mMiuf":
        return None
    found = column.astype(str).str.extract(r"^(\d{1,2})[/.-](\d{1,2})[/.-]\d").dropna().astype(int)
    if not len(found):
        return None
    first, second = found.max()
    if max(first, second) <= MONTHS and otherwise is not None:
        return otherwise
    if max(first, second) <= MONTHS:
        raise ValueError(
            f"the column {column.name!r} holds dates such as {column.iloc[0]}, where the day cannot be told from the "
            "month; convert them: pandas.to_datetime(…, dayfirst=True), or False"
        )
    return bool(first > MONTHS)


def resampled(times: NDArray[Any], values: NDArray[Any], rate: float, length: int) -> NDArray[Any]:
    """Values (channels, n) at times (n,) interpolated linearly at `rate` points per unit of time, `length` points."""
    order = np.argsort(times, kind="stable")
    at = times[order[0]] + np.arange(length) / rate
    return np.stack([np.interp(at, times[order], channel[order]) for channel in values])
