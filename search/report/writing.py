"""Writing a file that a person has named: all of it, or what was there before stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from search.files import write_whole


def write_named(file: Path, write: Callable[[Path], object]) -> None:
    """Write a file by a function of a path, with its folder; what is no plain file (`/dev/stdout`) is written as it is.

    Of a link it is the file that it leads to.
    """
    if file.exists() and not file.is_file():
        write(file)
        return
    file = file.resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, write)
