"""Tasks from tables: series with labels or numbers to predict, each in a row or in several rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from search.tasks import reading
from search.tasks.arrays import as_text, is_text, unboxed
from search.tasks.csv_files import check_names, named
from search.tasks.folders import IMAGES, RECORDINGS
from search.tasks.kinds import Kind, kind_of
from search.tasks.labels import as_targets
from search.tasks.memory import check_memory
from search.tasks.preparation import Preparation
from search.tasks.series import day_comes_first, times
from search.tasks.series import series as one_series
from search.tasks.sources import Parts, check_above_0, split_up
from search.tasks.splitting import Shares

FAR = 8  # times as many points as rows, or as few, are not meant by who gives no rate


def from_frame(
    frame: Any,
    targets: Sequence[str],
    kind: Kind,
    columns: Sequence[str] | None,
    series: str | None,
    time: str | None,
    rate: float | None,
    length: int | None,
    shares: Shares,
    seed: int,
    groups: str | None,
    classes: Sequence[str] = (),
) -> Parts:
    """A table of series; see `Task.from_frame`."""
    check_above_0(Real, rate=rate)
    check_above_0(Integral, length=length)
    if time is not None and series is None:
        raise ValueError(f"time={time!r} needs series=…, the column that tells which series a row belongs to")
    table = reading.frame(frame)
    if isinstance(frame, str | Path):
        check_names(table, frame)
    aside = [*targets, *(name for name in (series, time, groups) if name is not None)]
    channels = list(columns or [name for name in named(table) if name not in aside])
    _check_columns(table, aside, channels, timed=time is not None)
    day_first = None if time is None else day_comes_first(table[time])
    if time is not None:
        table = table.assign(**{time: times(table[time], day_first)})
    if series is None:
        # A row is a series of one channel, a column each of its points.
        inputs = torch.from_numpy(_rows(table, channels))[:, None]
        labels, of_groups = table[targets].to_numpy(), table[groups].to_numpy() if groups else None
        prepared = Preparation(kind, "series", size=(len(channels),), columns=tuple(channels), rows=True)
    else:
        if time is not None:
            _warn_of_equal(table[[series, time, *channels]], [series, time])
        parts = [part for _, part in table.groupby(series, sort=False)]
        longest = length or _length(parts, time, rate)
        _check_rate(parts, time, rate, longest)
        check_memory(len(parts), (len(channels), longest), "give a smaller rate= or length=")
        names = (*((time,) if time else ()), *channels)
        timed = time is not None
        prepared = Preparation(
            kind, "series", (), (longest,), len(channels), rate=rate, columns=names, timed=timed, series=series
        )
        prepared = replace(prepared, day_first=day_first)
        inputs = torch.stack([one_series(part, names, timed, rate, longest) for part in parts])
        labels = np.stack([_constant(part, targets, series) for part in parts])
        of_groups = np.stack([_constant(part, [groups], series)[0] for part in parts]) if groups else None
    labels = labels[:, 0] if len(targets) == 1 else labels
    y, names = _numbered(labels, kind, targets, tuple(map(str, classes)))
    prepared = replace(prepared, classes=names)
    return split_up(inputs.float(), y, prepared, shares, seed, of_groups, normalise=True, standardise=True)


def _numbered(
    labels: Any, kind: Kind, targets: Sequence[str], given: tuple[str, ...]
) -> tuple[Tensor, tuple[str, ...]]:
    """Targets as numbers, and the names of the classes: those given, else as the table has them.

    Labels that are among the given names are numbered by them. Whole numbers with gaps are numbered in their order, and
    the given names are in that order too.
    """
    if kind == "multilabel":
        if given and len(given) != len(targets):
            raise ValueError(f"there are {len(given)} classes for {len(targets)} targets; give one for each column")
        return as_targets(labels, kind, given or targets), given or tuple(targets)
    labels = _whole(unboxed(labels)) if kind_of(kind).labels else labels
    text = is_text(labels)
    if not kind_of(kind).labels or not (text or labels.dtype.kind in "biu"):
        return as_targets(labels, kind, given), given
    values = np.unique(as_text(labels) if text else labels)
    own = tuple(map(str, values))
    if text or (given and set(own) <= set(given)):
        return as_targets(as_text(labels), kind, given or own), given or own
    gaps = kind == "classification" and not np.array_equal(values, np.arange(len(values)))
    if not gaps or (len(given) > len(own) and 0 <= values[0] <= values[-1] < len(given)):
        return as_targets(labels, kind, given), given
    if given and len(given) != len(own):
        raise ValueError(f"there are {len(given)} classes for the {len(own)} labels {', '.join(own)}; name each")
    return as_targets(as_text(labels), kind, own), given or own


def _whole(labels: Any) -> Any:
    """Real numbers that are whole, as labels are that were once missing in some rows, as whole numbers."""
    whole = labels.dtype.kind == "f" and (labels == np.round(labels)).all()
    return labels.astype(np.int64) if whole else labels


def _check_columns(table: Any, aside: Sequence[str], channels: Sequence[str], timed: bool) -> None:
    """ValueError unless the table has these columns, once each, and a value in every row."""
    listed = ", ".join(table.columns)
    if missing := [name for name in (*aside, *channels) if name not in table.columns]:
        raise ValueError(f"there is no column {missing[0]!r}; the columns are {listed}")
    twice = [name for name in table.columns if list(table.columns).count(name) > 1]
    if twice := twice or [name for name in channels if [*channels, *aside].count(name) > 1]:
        raise ValueError(f"the column {twice[0]!r} is there twice; each has one name and one role")
    if not aside or not channels:
        raise ValueError(f"no column is left for the {'inputs' if aside else 'target'}; the columns are {listed}")
    if not len(table):
        raise ValueError("the table holds no rows; give one for each example")
    if empty := [name for name in (*aside, *channels) if table[name].isna().any()]:
        count = int(table[empty[0]].isna().sum())
        remedy = "fill them in, or leave these rows out"
        if timed and empty[0] in channels:
            remedy = "fill them in, leave these rows out, or give arrays of search.on_grid, which takes gaps"
        raise ValueError(f"the column {empty[0]!r} has no value in {count} rows; {remedy}")


def _warn_of_equal(table: Any, key: list[str]) -> None:
    """Warn of rows with the series and the time of another row, and other values."""
    equal = table[table.duplicated(key, keep=False)]
    if count := int(equal.drop_duplicates().duplicated(key).sum()):
        warnings.warn(
            f"{count} rows have the time of another row of their series, and other values, so that what is read "
            f"depends on the order of the rows; leave one of each out, or average them: table.groupby({key}).mean()",
            stacklevel=4,
        )


def _rows(table: Any, channels: Sequence[str]) -> Any:
    """The rows of a table as numbers (rows, channels); ValueError, which says how to read other tables, if not."""
    for name in channels:
        if table[name].dtype.kind not in "biuf":
            try:
                reading.numbers(table[name], f"the column {name!r}")
            except ValueError as error:
                hint = "leave it out by columns=[…], or name its role: series=, time=, groups="
                if Path(str(table[name].iloc[0])).suffix.lower() in IMAGES | RECORDINGS:
                    hint = "read the files that it names into an array, for Task.from_arrays (docs/your_data.md)"
                raise ValueError(f"{str(error).split(';')[0]}; {hint}") from None
    return reading.numbers(table[channels], "the table")


def _length(parts: Sequence[Any], time: str | None, rate: float | None) -> int:
    """Points of the longest series."""
    if time is None:
        return max(len(part) for part in parts)
    return max(1 + round(float(part[time].max() - part[time].min()) * (rate or 1.0)) for part in parts)


def _check_rate(parts: Sequence[Any], time: str | None, rate: float | None, longest: int) -> None:
    """ValueError if series of several rows have one point, or by the default rate far fewer or more than rows."""
    rows = max(len(part) for part in parts)
    if time is None or rows == 1:
        return
    far = longest * FAR < rows or longest > rows * FAR
    if longest == 1 or (rate is None and far):
        steps = np.concatenate([np.diff(np.sort(part[time].to_numpy())) for part in parts])
        known = steps[steps > 0]
        such = f"{1 / np.quantile(known, 0.5, method='lower'):.3g}" if len(known) else "…"
        raise ValueError(
            f"with rate={rate or 1:g} a series of {rows:,} rows has {longest:,} points; give the points per unit of "
            f"time (of dates, per second), such as rate={such}"
        )


def _constant(part: Any, names: Sequence[str], series: str) -> Any:
    """The values of columns that hold one value for all rows of a series."""
    for name in names:
        if part[name].nunique(dropna=False) != 1:
            which = part[series].iloc[0]
            raise ValueError(f"the column {name!r} changes within the series {which!r}; it must be one value a series")
    return part[list(names)].iloc[0].to_numpy()
