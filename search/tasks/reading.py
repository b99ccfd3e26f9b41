"""Reading one raw example: an image, a recording, a series."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def image(path: str | Path | Any, channels: int, size: tuple[int, ...]) -> Tensor:
    """An image file, or an image of PIL, as numbers from 0 to 1, (channels, rows, columns).

    Args:
        path: the file, or the image.
        channels: 1 for grey, 3 for red, green and blue, 4 with transparency.
        size: (rows, columns) that it is resized to; empty to leave it as it is.

    Raises:
        ValueError: the file is not an image, or there is no image of so many channels.
    """
    from PIL import Image, ImageOps

    if channels not in MODES:
        raise ValueError(f"images have 1, 3 or 4 channels, not {channels}")
    given: Any = path if hasattr(path, "convert") else opened(path)
    found = ImageOps.exif_transpose(given)
    deep = found.mode.startswith("I")  # 16 bits, which a conversion would cut off
    found = found.convert("F" if deep else MODES[channels])
    if size and found.size != (size[1], size[0]):
        found = found.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    values = np.asarray(found, dtype=np.float32).reshape(found.size[1], found.size[0], -1)
    values = np.repeat(values, channels, -1) / np.float32(65535) if deep else values / np.float32(255)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, -1, 0)))


def opened(path: str | Path) -> Any:
    """An image of PIL, read from a file; ValueError if the file is not an image."""
    from PIL import Image

    try:
        with Image.open(path) as found:
            found.load()
            return found
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as an image: {error}") from None


def recording(path: str | Path, rate: int, samples: int) -> Tensor:
    """A WAV file as numbers from -1 to 1, (1, samples): its channels averaged, resampled to `rate`, cut or zero-padded.

    Raises:
        ValueError: the file is not WAV.
    """
    from scipy.io import wavfile
    from scipy.signal import resample_poly

    try:
        own, sound = wavfile.read(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as a WAV file: {error}") from None
    wave: NDArray[Any] = np.asarray(sound, dtype=np.float64)
    if sound.dtype.kind in "iu":
        middle = 128 if sound.dtype == np.uint8 else 0
        wave = (wave - middle) / (128 if sound.dtype == np.uint8 else -float(np.iinfo(sound.dtype).min))
    if wave.ndim == 2:
        wave = wave.mean(1)
    if own != rate:
        common = gcd(own, rate)
        wave = resample_poly(wave, rate // common, own // common)
    held = np.zeros((1, samples), dtype=np.float32)
    held[0, : len(wave)] = wave[:samples]
    return torch.from_numpy(held)


def series(raw: Any, columns: Sequence[str], timed: bool, rate: float | None, length: int) -> Tensor:
    """A table (a CSV file or a data frame) of one series as (channels, length).

    Args:
        raw: the file or the frame; without `columns` a row, or a list, of its values.
        columns: the columns of the channels, after that of the time if there is one.
        timed: whether the first column is the time: values are then interpolated linearly at `rate` points per unit of
            time, from the first time on.
        rate: points per unit of time.
        length: number of points; a shorter series continues with its last value, of a longer one the end is cut off.

    Raises:
        ValueError: a column is missing, or a value is not a number.
    """
    if not columns or not (isinstance(raw, str | Path) or hasattr(raw, "columns")):
        values = np.atleast_2d(numbers(raw, "the series"))
    else:
        table = frame(raw)
        if missing := [name for name in columns if name not in table.columns]:
            raise ValueError(f"there is no column {missing[0]!r}; the columns are {', '.join(map(str, table.columns))}")
        values = np.stack([numbers(table[name], f"the column {name!r}") for name in columns])
    if timed:
        values = resampled(values[0], values[1:], rate or 1.0, length)
    short = length - values.shape[1]
    values = np.pad(values, ((0, 0), (0, max(0, short))), mode="edge")[:, :length]
    return torch.from_numpy(values.astype(np.float32))


def resampled(times: NDArray[Any], values: NDArray[Any], rate: float, length: int) -> NDArray[Any]:
    """Values (channels, n) at times (n,) interpolated linearly at `rate` points per unit of time, `length` points."""
    order = np.argsort(times, kind="stable")
    at = times[order[0]] + np.arange(length) / rate
    return np.stack([np.interp(at, times[order], channel[order]) for channel in values])


def frame(raw: Any) -> Any:
    """A data frame, as it is or read from a CSV file; ValueError if the file cannot be read."""
    if hasattr(raw, "columns"):
        return raw
    import pandas as pd

    try:
        table = pd.read_csv(raw)
        for separator in ";\t":
            if len(table.columns) == 1 and separator in str(table.columns[0]):
                table = pd.read_csv(raw, sep=separator)
        return table
    except (OSError, ValueError) as error:
        raise ValueError(f"{raw} cannot be read as CSV: {' '.join(str(error).split())}") from None


def numbers(raw: Any, what: str) -> NDArray[np.float64]:
    """An array of real numbers; ValueError, naming `what` it is, if it holds anything else."""
    try:
        return np.array(raw, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{what} holds what is not a number; leave it out, or convert it") from None
