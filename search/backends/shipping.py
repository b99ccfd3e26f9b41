"""The person's own modules, sent to the nodes of a Ray cluster."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from search.backends.scratch import scratch
from search.errors import RunError

# What is not sent: folders of other things, and modules that would hide ours.
LEFT_OUT = {"__pycache__", "node_modules", "site-packages", "archspec", "spaces", "search", "search.py", "spaces.py"}
OURS = Path(__file__).resolve().parents[2]
INSTALLED = [Path(path).resolve() for path in (sys.prefix, sys.base_prefix)]
STDLIB = Path(sysconfig.get_path("stdlib")).resolve()
# The folder, in what is sent, of modules that are looked for after those that a node has installed.
LATER = "later-modules"
# Of a folder that is sent: Python files, their bytes, and whatever else lies there.
MOST_FILES, MOST_BYTES, MOST_SEEN = 2000, 50_000_000, 50_000


def shipped() -> dict[str, Any] | None:
    """Ray's runtime environment with the Python files beside the script; None if the script is an installed one.

    That is the first folder that Python looks into for modules, but for what is installed (Ray puts some of its own
    first) and for our packages. With it go the further ones, such as a script adds, that a module was imported from.

    Raises:
        RunError: the first folder is too large to be sent.
    """
    folders, later = list[Path](), list[Path]()  # later: where modules are looked for after those that are installed
    there, used = folders, _used()
    for folder in dict.fromkeys(Path(entry or ".").resolve() for entry in sys.path):
        if folder == STDLIB:
            there = later
        elif not folder.is_dir() or folder == OURS or _is_installed(folder):
            continue
        elif folder in used or not (folders or later):
            there.append(folder)
    return {"working_dir": str(packed(folders, later))} if folders or later else None


def _is_installed(path: Path) -> bool:
    return any(map(path.is_relative_to, INSTALLED)) or any(part.endswith("-packages") for part in path.parts)


def _used() -> set[Path]:
    """The folders in which, or below which, the modules lie that were imported, but for what is installed."""
    named = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    files = {Path(name).resolve() for name in named if isinstance(name, str)}
    return {folder for file in files if not _is_installed(file) for folder in file.parents}


def packed(folders: Sequence[Path], later: Sequence[Path] = ()) -> Path:
    """A copy of the Python files of folders, and of those below them, in one that is deleted with this process.

    Of files of the same name it has the first, as Python finds it. The `later` ones are apart, in `LATER`. What is too
    large of all but the first folder is left out: a node that lacks it says so.

    Raises:
        RunError: those of the first folder are too many, or too large.
    """
    kept = ExitStack()
    atexit.register(kept.close)
    copy = kept.enter_context(scratch())  # with a mark in it: an empty folder is none to Ray
    wanted = [*((folder, copy) for folder in folders), *((folder, copy / LATER) for folder in later)]
    for folder, to in wanted:
        try:
            _copy(folder, to)
        except RunError:
            if folder == wanted[0][0]:
                raise
    return copy


def _copy(folder: Path, to: Path) -> None:
    """Copy its Python files, but for those that are there; RunError if they are too many, or too large."""
    size, files = 0, list[Path]()
    for path in _python_files(folder):
        size += path.stat().st_size
        files.append(path)
        if len(files) > MOST_FILES or size > MOST_BYTES:
            raise _too_large(folder)
    for path in files:
        if not (copy := to / path.relative_to(folder)).exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _python_files(folder: Path) -> Iterator[Path]:
    """Its Python files, but for hidden folders, virtual environments, and what would hide our packages."""
    seen = 0
    for where, folders, files in os.walk(folder):
        top = Path(where) == folder
        seen += len(folders) + len(files)
        if seen > MOST_SEEN:
            raise _too_large(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and not (Path(where) / name / "pyvenv.cfg").exists()
            and (name not in LEFT_OUT or (not top and name != "__pycache__"))
        )
        yield from (
            path
            for name in sorted(files)
            if name.endswith(".py") and not (top and name in LEFT_OUT) and (path := Path(where) / name).is_file()
        )


def _too_large(folder: Path) -> RunError:
    return RunError(
        f"the folder {folder} is too large to be sent to the nodes of the cluster; put the script into a folder of its "
        "own, with the modules that it needs"
    )
