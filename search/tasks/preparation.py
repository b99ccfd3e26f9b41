"""From a raw example (a file, an array, a table) to the input of a network, and from its outputs to an answer."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite, prod
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from search.pickled import Pickled
from search.tasks import reading, recordings, series
from search.tasks.constants import constant
from search.tasks.kinds import KINDS, Kind, kind_of
from search.tasks.memory import MOST_NUMBERS

Numbers = tuple[float, ...]
FINE = 1e-5  # of their size, by which numbers differ that single precision does not tell apart well
MOST = 100_000  # points of a side of the grid of images


@dataclass(frozen=True)
class Preparation(Pickled):
    """What a task does to its raw examples and outputs; plain data, which an exported network keeps.

    Attributes:
        kind: the kind of the task.
        source: what a raw example is: an array (channels, *grid), an image file, a WAV file, or a series (a CSV file or
            a data frame).
        classes: names of the classes or labels, in the order of the outputs.
        size: grid of the inputs, to which images are resized and series and recordings are resampled.
        channels: channels of the inputs.
        mean: mean of each channel, which is subtracted; empty for none.
        spread: standard deviation of each channel, which is divided by.
        target_mean: of a regression, the mean of each target, which is added to the outputs.
        target_spread: of a regression, the standard deviation of each target, by which outputs are multiplied.
        rate: of recordings, samples per second; of series, points per unit of time.
        columns: of series, the columns that are the channels; the column of time first if there is one.
        timed: whether the first of `columns` is the time.
        rows: of series, whether each is a row of a table, and `columns` are its points.
        series: of series, the column that tells them apart, if it is one.
        day_first: of series, whether a date such as 01/02/2024 begins with the day, where training data have such.
        real: of arrays, whether the training data are known to hold numbers that are not whole; of images, whether the
            pixels of the training data are real numbers, which are not scaled.
    """

    kind: Kind = "classification"
    source: Literal["array", "image", "audio", "series"] = "array"
    classes: tuple[str, ...] = ()
    size: tuple[int, ...] = ()
    channels: int = 1
    mean: Numbers = ()
    spread: Numbers = ()
    target_mean: Numbers = ()
    target_spread: Numbers = ()
    rate: float | None = None
    columns: tuple[str, ...] = ()
    timed: bool = False
    rows: bool = False
    series: str | None = None
    day_first: bool | None = None
    real: bool | None = None

    def to_data(self) -> dict[str, Any]:
        """The preparation as plain JSON-ready data."""
        later = ("day_first", "real")  # which runs of earlier versions do not have
        return {name: value for name, value in asdict(self).items() if name not in later or value is not None}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Preparation:
        """The preparation that `to_data` wrote; ValueError if these are not its data."""
        if not isinstance(data, Mapping):
            raise ValueError(f"a preparation is a mapping of names to values, not {type(data).__name__}")
        if unknown := sorted(set(data) - {own.name for own in fields(cls)}):
            raise ValueError(f"a preparation has no {unknown[0]!r}")
        values: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in data.items()}
        made = cls(**values)
        if odd := made._odd():
            raise ValueError(f"{odd} of a preparation cannot be {getattr(made, odd)!r:.60}")
        return made

    def _odd(self) -> str | None:
        """The first field whose value is none that it can have."""
        spread, target_spread = self.spread, self.target_spread
        means, target_means = (len(own) if isinstance(own, tuple) else 0 for own in (self.mean, self.target_mean))
        right = {
            "kind": isinstance(self.kind, str) and self.kind in KINDS,
            "source": self.source in ("array", "image", "audio", "series"),
            "classes": _all(self.classes, str),
            "size": _all(self.size, int) and all(side > 0 for side in self.size),
            "channels": _all((self.channels,), int) and self.channels > 0,
            "mean": _real(self.mean) and len(self.mean) in (0, self.channels),
            "spread": _real(spread) and len(spread) == means and all(one > 0 for one in spread),
            "target_mean": _real(self.target_mean),
            "target_spread": _real(target_spread)
            and len(target_spread) == target_means
            and all(one > 0 for one in target_spread),
            "rate": self.rate is None or (_real((self.rate,)) and self.rate > 0),
            "columns": _all(self.columns, str),
            "timed": isinstance(self.timed, bool),
            "rows": isinstance(self.rows, bool),
            "series": self.series is None or isinstance(self.series, str),
            "day_first": self.day_first is None or isinstance(self.day_first, bool),
            "real": self.real is None or isinstance(self.real, bool),
        }
        # Of files the grid must be known: rows and columns of images, points of recordings and series.
        grid = {"image": 2, "audio": 1, "series": 1}
        if right["source"] and right["size"] and right["channels"]:
            right["size"] = len(self.size) == grid.get(self.source, len(self.size))
            right["size"] &= self.channels * prod(self.size) <= MOST_NUMBERS
        return next((name for name, fits in right.items() if not fits), None)

    def inputs(self, raw: Any) -> Tensor:
        """The input (channels, *grid) of a raw example.

        Raises:
            ValueError: it cannot be read, or has another shape.
        """
        x = self._read(raw)
        # Of datasets it is not known what they held before they were made numbers.
        real = not self.size if self.real is None else self.real
        if self.source == "array" and real and not x.is_floating_point():
            raise ValueError(
                "the example holds whole numbers, and the network was trained on real ones; prepare it as the training "
                "data were, such as x / 255"
            )
        if self.channels == 1 and tuple(x.shape) == self.size:
            x = x[None]
        wanted = (self.channels, *self.size)
        if self.size and tuple(x.shape) != wanted:
            told = f"the example has the shape {tuple(x.shape)}, and the network takes {wanted}"
            raise ValueError(told + _remedy(tuple(x.shape), wanted))
        return self.normalised(x)

    def _read(self, raw: Any) -> Tensor:
        file = isinstance(raw, str | Path)
        if self.source == "image" and (file or reading.is_picture(raw)):
            return reading.image(raw, self.channels, self.size, self.real)
        if self.source == "audio" and file:
            return recordings.recording(raw, int(self.rate or 1), self.size[0])
        if self.source == "series" and self.columns and (file or reading.is_table(raw)):
            if self.rows:
                return reading.row(raw, self.columns)
            return self._series(reading.having(raw, self.columns))
        x = reading.array(raw)
        if self.source == "image" and self.real is False and not bool(((x >= 0) & (x <= 1)).all()):
            raise ValueError(
                "pixels that are real numbers are from 0 to 1, before mean and spread are removed, and some of these "
                "are not; give the image as it was read"
            )
        return torch.from_numpy(recordings.samples(x.numpy())) if self.source == "audio" else x

    def _series(self, table: Any) -> Tensor:
        how = self.timed, self.rate, self.size[0], self.series, self.day_first
        found = series.series(table, self.columns, *how)
        if self.timed:
            times = series.times(table[self.columns[0]], self.day_first)
            if told := series.in_other_units(times, self.rate or 1.0, self.size[0]):
                warnings.warn(told, stacklevel=5)
        return found

    def normalised(self, x: Tensor) -> Tensor:
        """Inputs (channels, *grid) or (n, channels, *grid) in the default precision, with mean and spread removed."""
        x = x.to(torch.get_default_dtype())
        if not self.mean:
            return x
        shape = (-1, *[1] * len(self.size))
        return (x - x.new_tensor(self.mean).reshape(shape)) / x.new_tensor(self.spread).reshape(shape)

    def scaled(self, targets: Tensor) -> Tensor:
        """Targets as a network learns them: of a regression with mean 0 and variance 1."""
        if not self.target_mean:
            return targets
        return (targets - _row(self.target_mean, targets)) / _row(self.target_spread, targets)

    @property
    def fine(self) -> bool:
        """Whether targets differ by so little of their size that they are kept in double precision."""
        return any(own < FINE * abs(mean) for mean, own in zip(self.target_mean, self.target_spread, strict=True))

    def restored(self, outputs: Tensor) -> Tensor:
        """Outputs of a network in the units of the targets."""
        if not self.target_mean:
            return outputs
        if self.fine:
            outputs = outputs.double()
        return outputs * _row(self.target_spread, outputs) + _row(self.target_mean, outputs)

    def answers(self, outputs: Tensor) -> list[Any]:
        """For each example: probabilities by class, largest first, for classes; a number or an array for numbers."""
        kind = kind_of(self.kind)
        count = outputs.shape[1] if outputs.dim() > 1 else 1
        expected = len(self.target_mean) if not kind.labels else 0 if self.kind == "binary" else len(self.classes)
        if expected not in (0, count):
            raise ValueError(f"the network has {count} outputs, and its preparation is of {expected}; export it again")
        found = kind.predictions(self.restored(outputs))
        if not kind.labels:
            return [one.item() if one.numel() == 1 else one.numpy() for one in found]
        if found.dim() > 2:
            return [one.argmax(0).numpy() for one in found]
        names = self.classes or tuple(map(str, range(2 if self.kind == "binary" else found.shape[1])))
        if self.kind == "binary":
            return [{names[-1]: float(one)} for one in found.flatten()]
        each = [dict(zip(names, map(float, one), strict=True)) for one in found]
        return [dict(sorted(one.items(), key=lambda item: -item[1])) for one in each]


def measured(x: Tensor) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of each channel of examples (n, channels, *grid)."""
    axes = (0, *range(2, x.dim()))
    mean, spread = x.double().mean(axes), x.double().std(axes, unbiased=False)
    # What is constant, but for rounding, is left as it is, whatever its scale.
    spread = spread.where(spread > 1e-12 * mean.abs(), 1.0)
    return tuple(mean.tolist()), tuple(spread.tolist())


def _remedy(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What to do with an example of another shape than is wanted, where that can be told."""
    if shape[1:] == wanted:
        return "; predict_all takes several examples"
    if len(shape) == len(wanted) and shape[0] == wanted[0]:
        grid = ", ".join(map(str, shape[1:]))
        return f"; if it is more or less of the signal at the same rate, predictor.on_grid({grid}) takes it"
    return ""


def _all(values: Any, kind: type) -> bool:
    return isinstance(values, tuple) and all(isinstance(one, kind) and not isinstance(one, bool) for one in values)


def _real(values: Any) -> bool:
    reals = isinstance(values, tuple) and all(_all((one,), int) or isinstance(one, float) for one in values)
    return reals and all(isfinite(one) for one in values)


def _row(numbers: Numbers, like: Tensor) -> Tensor:
    """The numbers of each target, along the axis of targets of a tensor (n, targets, …) or (n,)."""
    row = constant(numbers, like.dtype, like.device)
    return row.reshape(-1, *[1] * max(0, like.dim() - 2)) if like.dim() > 1 else row
