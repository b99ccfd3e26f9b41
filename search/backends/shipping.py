"""The person's own modules, sent to the nodes of a Ray cluster."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from search.backends.scratch import scratch
from search.errors import RunError

# What is not sent: folders of other things, and modules that would hide ours.
LEFT_OUT = {"__pycache__", "node_modules", "site-packages", "archspec", "spaces", "search", "search.py", "spaces.py"}
OURS = Path(__file__).resolve().parents[2]
# Of a folder that is sent: Python files, their bytes, and whatever else lies there.
MOST_FILES, MOST_BYTES, MOST_SEEN = 2000, 50_000_000, 50_000


def shipped() -> dict[str, Any] | None:
    """Ray's runtime environment with the Python files beside the script; None if the script is an installed one.

    That is the first folder that Python looks into for modules, but for what is installed (Ray puts some of its own
    first) and for our packages.

    Raises:
        RunError: the folder is too large to be sent.
    """
    installed = [Path(path).resolve() for path in (sys.prefix, sys.base_prefix)]
    for folder in (Path(entry or ".").resolve() for entry in sys.path):
        if folder.is_dir() and folder != OURS and not any(folder.is_relative_to(path) for path in installed):
            return {"working_dir": str(packed(folder))}
    return None


def packed(folder: Path) -> Path:
    """A copy of the Python files of a folder, and of those below it, in a folder that is deleted with this process.

    Raises:
        RunError: they are too many, or too large.
    """
    kept = ExitStack()
    atexit.register(kept.close)
    copy = kept.enter_context(scratch())  # with a mark in it: an empty folder is none to Ray
    size = 0
    for count, path in enumerate(_python_files(folder), 1):
        size += path.stat().st_size
        if count > MOST_FILES or size > MOST_BYTES:
            raise _too_large(folder)
        (to := copy / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    return copy


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
