"""Tasks from folders of files and from tables: images and recordings by class, series with labels or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from search.tasks import reading, recordings
from search.tasks.kinds import Kind, kind_of
from search.tasks.labels import as_targets
from search.tasks.memory import check_memory
from search.tasks.preparation import MOST, Preparation
from search.tasks.sources import Parts, check_shares, split_up
from search.tasks.splitting import Shares

IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
RECORDINGS = {".wav"}
SPLITS = {"train": ("train", "training"), "validation": ("validation", "valid", "val", "dev"), "test": ("test",)}


def from_folder(
    directory: str | Path,
    size: int | tuple[int, ...] | None,
    channels: int | None,
    rate: int,
    seconds: float | None,
    shares: Shares,
    seed: int,
) -> Parts:
    """A folder of files by class; see `Task.from_folder`."""
    check_shares(shares)
    home = Path(directory)
    if not home.is_dir():
        raise ValueError(f"{home} is not a directory; give one that holds a folder of files for each class")
    given = {part: _first_folder(home, names) for part, names in SPLITS.items()}
    classes = _classes(given["train"] or home)
    for part in (given["validation"], given["test"]):
        if part is not None and (more := sorted(set(_folders(part)) - set(classes))):
            raise ValueError(f"{part} holds the class {more[0]!r}, of which there are no training data; leave it out")
    files = {part: _files(folder, classes) for part, folder in given.items() if folder is not None}
    if "train" not in files:
        files = {"train": _files(home, classes)}
    sound = files["train"][0][0].suffix.lower() in RECORDINGS
    prepared = (
        _of_recordings(files["train"], classes, rate, seconds)
        if sound
        else _of_images(files["train"], classes, size, channels)
    )
    read = {part: _read(found, prepared) for part, found in files.items()}
    x, y = read["train"]
    remaining = (1 - shares[2], 0.0, shares[2]) if "validation" in read else shares
    if "test" in read:
        remaining = (remaining[0] / (1 - shares[2]), remaining[1] / (1 - shares[2]), 0.0)
    parts = split_up(x, y, prepared, remaining, seed, None, normalise=True, standardise=False)
    assert parts.preparation is not None
    own = {part: (parts.preparation.normalised(x), y) for part, (x, y) in read.items()}
    return parts._replace(validation=own.get("validation", parts.validation), test=own.get("test", parts.test))


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
) -> Parts:
    """A table of series; see `Task.from_frame`."""
    _check_above_0(Real, rate=rate)
    _check_above_0(Integral, length=length)
    if time is not None and series is None:
        raise ValueError(f"time={time!r} needs series=…, the column that tells which series a row belongs to")
    table = reading.frame(frame)
    aside = [*targets, *(name for name in (series, time, groups) if name is not None)]
    channels = list(columns or [str(name) for name in table.columns if name not in aside])
    _check_columns(table, aside, channels)
    if time is not None:
        table = table.assign(**{time: reading.times(table[time])})
    if series is None:
        # A row is a series of one channel, a column each of its points.
        inputs = torch.from_numpy(_rows(table, channels))[:, None]
        labels, of_groups = table[targets].to_numpy(), table[groups].to_numpy() if groups else None
        prepared = Preparation(kind, "series", size=(len(channels),), columns=tuple(channels), rows=True)
    else:
        parts = [part for _, part in table.groupby(series, sort=False)]
        longest = length or _length(parts, time, rate)
        names = (*((time,) if time else ()), *channels)
        timed = time is not None
        prepared = Preparation(
            kind, "series", (), (longest,), len(channels), rate=rate, columns=names, timed=timed, series=series
        )
        inputs = torch.stack([reading.series(part, names, timed, rate, longest) for part in parts])
        labels = np.stack([_constant(part, targets, series) for part in parts])
        of_groups = np.stack([_constant(part, [groups], series)[0] for part in parts]) if groups else None
    labels = labels[:, 0] if len(targets) == 1 else labels
    named = kind == "classification" and labels.dtype.kind in "iu"
    named = named and not np.array_equal(np.unique(labels), np.arange(int(labels.max()) + 1))
    text = (labels.dtype.kind in "OUS" and kind_of(kind).labels) or named
    classes = tuple(map(str, sorted(set(labels.flat), key=None if named else str))) if text else ()
    if kind == "multilabel":
        classes = tuple(targets)
    y = as_targets(labels.astype(str) if text else labels, kind, classes)
    prepared = replace(prepared, classes=classes)
    return split_up(inputs.float(), y, prepared, shares, seed, of_groups, normalise=True, standardise=True)


def _check_above_0(kind: type[Real] | type[Integral], **given: float | None) -> None:
    """ValueError, naming it, if one of these numbers is given and not of the kind and above 0."""
    for name, value in given.items():
        if value is not None and not (isinstance(value, kind) and 0 < value < inf):
            what = "whole number" if kind is Integral else "number"
            raise ValueError(f"{name} must be a {what} above 0, not {value!r}")


def _check_columns(table: Any, aside: Sequence[str], channels: Sequence[str]) -> None:
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
        raise ValueError(f"the column {empty[0]!r} has no value in {count} rows; fill them in, or leave these rows out")


def _first_folder(home: Path, names: Sequence[str]) -> Path | None:
    """The folder of the first of these names that there is, in small letters or capitals."""
    there = sorted(folder for folder in home.iterdir() if folder.is_dir())
    return next((folder for name in names for folder in there if folder.name.lower() == name), None)


def _folders(home: Path) -> list[str]:
    return sorted(folder.name for folder in home.iterdir() if folder.is_dir() and folder.name[0] not in "._")


def _classes(home: Path) -> tuple[str, ...]:
    names = _folders(home)
    if len(names) < 2:
        raise ValueError(f"{home} holds {len(names)} folders; make one for each class, at least two")
    return tuple(names)


def _files(home: Path, classes: Sequence[str]) -> list[tuple[Path, int]]:
    """Files of images or recordings with the numbers of their classes, in order."""
    found = []
    for number, name in enumerate(classes):
        every = [path for path in sorted((home / name).rglob("*")) if path.name[0] != "."]
        own = [path for path in every if path.suffix.lower() in IMAGES | RECORDINGS]
        if not own and (home / name).is_dir():
            raise ValueError(f"{home / name} holds no image and no WAV file; remove the folder, or fill it")
        found += [(path, number) for path in own]
    if not found:
        raise ValueError(f"{home} holds no folder of a class; make one for each class, or remove it")
    if len({path.suffix.lower() in RECORDINGS for path, _ in found}) > 1:
        raise ValueError(f"{home} holds images and recordings; make a task of either")
    return found


def _of_images(
    files: list[tuple[Path, int]], classes: tuple[str, ...], size: int | tuple[int, ...] | None, channels: int | None
) -> Preparation:
    first = reading.opened(files[0][0])
    own, mode = (first.size[1], first.size[0]), first.mode
    grid = (size, size) if isinstance(size, int) else tuple(size or own)
    if len(grid) != 2 or min(grid) < 1 or max(grid) > MOST:
        raise ValueError(f"size is the side of a square, or (rows, columns), of at most {MOST:,} pixels, not {size}")
    count = channels or (1 if mode in ("1", "L", "I", "I;16", "F") else 3)
    return Preparation("classification", "image", classes, grid, count)


def _of_recordings(
    files: list[tuple[Path, int]], classes: tuple[str, ...], rate: int, seconds: float | None
) -> Preparation:
    _check_above_0(Integral, rate=rate)
    _check_above_0(Real, seconds=seconds)
    if seconds is None:
        own, sound = recordings.heard(files[0][0])
        seconds = len(sound) / own
    return Preparation("classification", "audio", classes, (max(1, round(rate * seconds)),), 1, rate=rate)


def _read(files: list[tuple[Path, int]], prepared: Preparation) -> tuple[Tensor, Tensor]:
    remedy = "give a smaller rate= or seconds=" if prepared.source == "audio" else "give a smaller size=(rows, columns)"
    check_memory(len(files), (prepared.channels, *prepared.size), remedy)
    inputs = torch.stack([prepared.inputs(path) for path, _ in files])
    return inputs, torch.tensor([number for _, number in files])


def _rows(table: Any, channels: Sequence[str]) -> Any:
    """The rows of a table as numbers (rows, channels); ValueError, which says how to read other tables, if not."""
    for name in channels:
        if table[name].dtype.kind not in "biuf":
            try:
                reading.numbers(table[name], f"the column {name!r}")
            except ValueError as error:
                hint = "leave it out by columns=[…], or name its role: series=, time=, groups="
                raise ValueError(f"{str(error).split(';')[0]}; {hint}") from None
    return reading.numbers(table[channels], "the table")


def _length(parts: Sequence[Any], time: str | None, rate: float | None) -> int:
    """Points of the longest series."""
    if time is None:
        return max(len(part) for part in parts)
    return max(1 + round(float(part[time].max() - part[time].min()) * (rate or 1.0)) for part in parts)


def _constant(part: Any, names: Sequence[str], series: str) -> Any:
    """The values of columns that hold one value for all rows of a series."""
    for name in names:
        if part[name].nunique(dropna=False) != 1:
            which = part[series].iloc[0]
            raise ValueError(f"the column {name!r} changes within the series {which!r}; it must be one value a series")
    return part[list(names)].iloc[0].to_numpy()
