"""Reading one raw example: an image, a series, an array."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from search.tasks.arrays import as_array, for_numpy
from search.tasks.csv_files import read_csv

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# Of other formats some run a program to be read.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
MOST_PIXELS = 2**26  # which take half a gigabyte of memory while they are converted


def image(path: str | Path | Any, channels: int, size: tuple[int, ...], real: bool | None = None) -> Tensor:
    """An image file, or an image of PIL, as numbers from 0 to 1, (channels, rows, columns).

    Args:
        path: the file, the image, or its pixels as whole numbers from 0 to 255, (rows, columns[, channels]). Pixels of
            16 bits are from 0 to 65,535; those of files of real numbers are left as they are.
        channels: 1 for grey, 3 for red, green and blue, 4 with transparency.
        size: (rows, columns) that it is resized to; empty to leave it as it is.
        real: whether its pixels must be real numbers, or whole ones, as those of the training data are; None if that is
            not known.

    Raises:
        ValueError: the file is not an image, there is no image of so many channels, or its pixels are of another sort.
    """
    from PIL import Image, ImageOps

    if channels not in MODES:
        raise ValueError(f"images have 1, 3 or 4 channels, not {channels}")
    if isinstance(path, str | Path):
        found = opened(path)
        ImageOps.exif_transpose(found, in_place=True)
    else:
        found = ImageOps.exif_transpose(path if hasattr(path, "convert") else _of_pixels(np.asarray(for_numpy(path))))
    if real is not None and is_real(found) != real:
        own, others = ("whole", "real") if real else ("real", "whole")
        name = path if isinstance(path, str | Path) else "the image"
        raise ValueError(
            f"the pixels of {name} are {own} numbers, and those of the training data {others} ones, which are not "
            "scaled alike; save it as these are"
        )
    white = _white(found)
    found = found.convert(MODES[channels] if white == 255 else "F")  # which cuts nothing off
    if size and found.size != (size[1], size[0]):
        found = found.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    values = np.asarray(found, dtype=np.float32).reshape(found.size[1], found.size[0], -1)
    values = values / np.float32(white)
    values = np.repeat(values, channels // values.shape[-1], -1)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, -1, 0)))


def is_grey(picture: Any) -> bool:
    """Whether an image of PIL has one channel."""
    return picture.mode in ("1", "L") or _white(picture) != 255


def is_real(picture: Any) -> bool:
    """Whether the pixels of an image of PIL are real numbers, which are left as they are."""
    return bool(picture.mode == "F")


def channels_of(picture: Any) -> int:
    """Channels of an image of PIL as numbers: 1 for grey, 3 for colours, 4 with transparency; 0 for any other."""
    return 1 if is_grey(picture) else {"RGB": 3, "P": 3, "RGBA": 4}.get(picture.mode, 0)


def _white(picture: Any) -> float:
    """The largest value of a pixel of an image of PIL; 1 of real numbers."""
    return 1 if is_real(picture) else 65535 if picture.mode.startswith("I") else 255


def is_picture(raw: Any) -> bool:
    """Whether a raw example is an image of PIL, or pixels: whole numbers, not real ones from 0 to 1."""
    try:
        return hasattr(raw, "convert") or np.asarray(for_numpy(raw)).dtype.kind in "iu"
    except ValueError:  # of rows of different lengths
        return False


def _of_pixels(pixels: NDArray[Any]) -> Any:
    from PIL import Image

    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    several = pixels.ndim == 3 and pixels.shape[2] in MODES and pixels.dtype != np.uint16
    if not pixels.size or not (pixels.ndim == 2 or several):
        raise ValueError(f"pixels from 0 to 255 have the shape (rows, columns, 1, 3 or 4), not {pixels.shape}")
    if pixels.dtype in (np.uint8, np.uint16):
        return Image.fromarray(pixels)
    if pixels.min() < 0 or pixels.max() > 255:
        raise ValueError(
            "pixels are whole numbers from 0 to 255, of 16 bits (uint16) up to 65,535, or real numbers from 0 to 1, "
            f"and these are {pixels.dtype} from {pixels.min()} to {pixels.max()}"
        )
    return Image.fromarray(pixels.astype(np.uint8))


def opened(path: str | Path) -> Any:
    """An image of PIL, read from a file; ValueError if the file is not an image, or too large a one."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # said below
            with Image.open(path, formats=FORMATS) as found:
                if found.width * found.height > MOST_PIXELS:
                    size = f"{found.width:,} × {found.height:,}"
                    raise ValueError(f"it has {size} pixels, more than {MOST_PIXELS:,}; make it smaller")
                if (count := _images_in(found)) > 1:
                    raise ValueError(
                        f"it holds {count:,} images; save each as a file of its own, or the one that is meant"
                    )
                found.load()
                return found
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as an image: {error}") from None


def _images_in(found: Any) -> int:
    """How many images of the same size an open file holds, as a stack or an animation does; thumbnails are none.

    A photo of a phone (MPO) is its first: what follows, the other eye's or a map of brightness, belongs to it, and is
    often cut off.
    """
    count = 1 if found.format == "MPO" else int(getattr(found, "n_frames", 1))
    if count > 1:
        first = found.size
        found.seek(1)
        count = count if found.size == first else 1
        found.seek(0)
    return count


def row(raw: Any, columns: Sequence[str]) -> Tensor:
    """The only row of a table (a CSV file or a data frame), or one row of pandas, as (1, columns).

    Raises:
        ValueError: there is not one row, a column is missing, or a value is not a number.
    """
    table = having(raw.to_frame().T if hasattr(raw, "to_frame") else raw, columns)
    if len(table) != 1:
        raise ValueError(f"the table holds {len(table)} rows; give one at a time")
    return torch.from_numpy(numbers(table[list(columns)], "the row").astype(np.float32))


def frame(raw: Any) -> Any:
    """A data frame, given or read from a CSV file, its columns named by text; ValueError if it cannot be read."""
    if hasattr(raw, "columns"):
        return raw.rename(columns=str)
    if not isinstance(raw, str | Path):
        raise ValueError(f"a table is a data frame or a CSV file, not {type(raw).__name__}")
    return read_csv(raw)


def is_table(raw: Any) -> bool:
    """Whether a raw example is a data frame or a row of one."""
    return hasattr(raw, "columns") or hasattr(raw, "to_frame")


def having(raw: Any, columns: Sequence[str]) -> Any:
    """A table, given or in a file, that has these columns; ValueError if it has not."""
    table = frame(raw)
    if missing := [name for name in columns if name not in table.columns]:
        raise ValueError(f"there is no column {missing[0]!r}; the columns are {', '.join(table.columns)}")
    return table


def array(raw: Any) -> Tensor:
    """Any array, list or `.npy` file of real numbers; ValueError if it is none."""
    raw = for_numpy(raw)
    try:
        # Not read before it is known to hold as much as it says.
        given = np.load(raw, mmap_mode="r") if isinstance(raw, str | Path) else np.asarray(raw)
    except (OSError, ValueError, EOFError, OverflowError) as error:
        what = raw if isinstance(raw, str | Path) else f"a {type(raw).__name__}"
        raise ValueError(f"{what} cannot be read as an array of numbers: {error}") from None
    if not isinstance(given, np.ndarray) or given.dtype.kind not in "biuf" or not given.ndim:
        raise ValueError(f"an example is a file or an array of real numbers, not {type(raw).__name__}")
    return torch.from_numpy(np.array(as_array(given)))


def numbers(raw: Any, what: str) -> NDArray[np.float64]:
    """An array of finite real numbers; ValueError, naming `what` it is, if it holds anything else."""
    try:
        given = np.asarray(raw)
        # Numpy would count the nanoseconds of dates, and leave out what is imaginary.
        found = None if given.dtype.kind in "mMc" else np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        found = None
    if found is None:
        raise ValueError(f"{what} holds what is not a number; leave it out, or convert it")
    if not np.isfinite(found).all():
        raise ValueError(f"{what} holds a value that is missing or infinite; fill it in, or leave it out")
    return found
