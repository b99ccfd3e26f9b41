"""Tasks from folders of files: images and recordings by class."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path

import torch
from torch import Tensor

from search.tasks import reading, recordings
from search.tasks.memory import check_memory
from search.tasks.preparation import MOST, Preparation
from search.tasks.sources import Parts, check_above_0, check_shares, split_up
from search.tasks.splitting import Shares

IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
RECORDINGS = {".wav"}
LONGER = 1.05  # times the first recording: what is cut off of the others is worth a word
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}


def from_folder(
    directory: str | Path,
    size: int | tuple[int, ...] | None,
    channels: int | None,
    rate: int,
    seconds: float | None,
    shares: Shares,
    seed: int,
    names: Sequence[str] = (),
    groups: Callable[[Path], object] | None = None,
) -> Parts:
    """A folder of files by class; see `Task.from_folder`."""
    check_shares(shares)
    if not (groups is None or callable(groups)):
        raise ValueError(f"groups is a function that tells from the path of a file what it is of, not {groups!r}")
    home = Path(directory)
    if not home.is_dir():
        raise ValueError(f"{home} is not a directory; give one that holds a folder of files for each class")
    given = {part: _first_folder(home, names) for part, names in SPLITS.items()}
    classes = _classes(given["train"] or home, tuple(map(str, names)))
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
    prepared = replace(prepared, classes=tuple(map(str, names)) or classes)
    of_groups = None if groups is None else [str(groups(path)) for path, _ in files["train"]]
    parts = split_up(x, y, prepared, remaining, seed, of_groups, normalise=True, standardise=False)
    assert parts.preparation is not None
    own = {part: (parts.preparation.normalised(x), y) for part, (x, y) in read.items()}
    return parts._replace(validation=own.get("validation", parts.validation), test=own.get("test", parts.test))


def _first_folder(home: Path, names: Sequence[str]) -> Path | None:
    """The folder of the first of these names that there is, in small letters or capitals."""
    there = sorted(folder for folder in home.iterdir() if folder.is_dir())
    return next((folder for name in names for folder in there if folder.name.lower() == name), None)


def _is_hidden(path: Path) -> bool:
    """Whether a file, or a folder that it is in, is one of the system or of an editor, which may hold copies."""
    return any(part[0] == "." or part == "__MACOSX" for part in path.parts)


def _folders(home: Path) -> list[str]:
    return sorted(folder.name for folder in home.iterdir() if folder.is_dir() and folder.name[0] not in "._")


def _classes(home: Path, given: tuple[str, ...]) -> tuple[str, ...]:
    """The folders of the classes: in the order of the given names if they are these, else in that of the alphabet."""
    names = tuple(_folders(home))
    if len(names) < 2:
        raise ValueError(f"{home} holds fewer than two folders; make one for each class")
    if given and len(given) != len(names):
        raise ValueError(f"there are {len(given)} classes for the {len(names)} folders {', '.join(names)}; name each")
    return given if set(given) == set(names) else names


def _files(home: Path, classes: Sequence[str]) -> list[tuple[Path, int]]:
    """Files of images or recordings with the numbers of their classes, in order."""
    found = []
    for number, name in enumerate(classes):
        every = [path for path in sorted((home / name).rglob("*")) if not _is_hidden(path.relative_to(home / name))]
        own = [path for path in every if path.suffix.lower() in IMAGES | RECORDINGS]
        if not own and (home / name).is_dir():
            raise ValueError(
                f"{home / name} holds no image and no WAV file; remove the folder, or fill it; what other files hold "
                "is given as arrays, by Task.from_arrays"
            )
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
    own = (first.size[1], first.size[0])
    grid = (size, size) if isinstance(size, int) else tuple(size or own)
    if len(grid) != 2 or min(grid) < 1 or max(grid) > MOST:
        raise ValueError(f"size is the side of a square, or (rows, columns), of at most {MOST:,} pixels, not {size}")
    count = channels or (1 if reading.is_grey(first) else 3)
    return Preparation("classification", "image", classes, grid, count, real=reading.is_real(first))


def _of_recordings(
    files: list[tuple[Path, int]], classes: tuple[str, ...], rate: int, seconds: float | None
) -> Preparation:
    check_above_0(Integral, rate=rate)
    check_above_0(Real, seconds=seconds)
    if seconds is None:
        seconds = _as_long_as_the_first([path for path, _ in files])
    return Preparation("classification", "audio", classes, (max(1, round(rate * seconds)),), 1, rate=rate)


def _as_long_as_the_first(paths: Sequence[Path]) -> float:
    """The seconds of the first recording; a warning if others are longer, of which the rest is not read."""
    rate, sound = recordings.heard(paths[0])
    first, every = len(sound) / rate, [recordings.seconds(path) for path in paths]
    if longer := sum(one > LONGER * first for one in every):
        warnings.warn(
            f"{longer} of {len(every)} recordings are longer than {first:.3g} s, the length of the first, and are cut "
            f"to it; give seconds=, up to {max(every):.3g}, or say that it is meant: seconds={first:.3g}",
            stacklevel=5,
        )
    return first


def _read(files: list[tuple[Path, int]], prepared: Preparation) -> tuple[Tensor, Tensor]:
    remedy = "give a smaller rate= or seconds=" if prepared.source == "audio" else "give a smaller size=(rows, columns)"
    check_memory(len(files), (prepared.channels, *prepared.size), remedy)
    inputs = torch.stack([prepared.inputs(path) for path, _ in files])
    return inputs, torch.tensor([number for _, number in files])
