"""A directory of files that belong together: written elsewhere, moved into place atomically, verified when read."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archspec.schema.document import SpecError

MANIFEST = "export.json"
COMPILED = "__pycache__"
SMALLEST = 4096  # bytes of room that a disk has which is not full
FORMAT = 1


@contextmanager
def deposited(directory: Path, known: frozenset[str], overwrite: bool) -> Iterator[Path]:
    """A context with a new folder, which replaces `directory` at the end; on an error `directory` is not changed.

    Args:
        directory: where the files shall be. An existing directory is replaced if it contains known files only.
        known: names of files that an export may contain.
        overwrite: replace an existing directory or file with any content, unless it is a link.

    Raises:
        FileExistsError: `directory` exists and must not be replaced.
        KeyboardInterrupt: also where a library made another error of it.
    """
    directory = Path(os.path.abspath(directory))
    _require_replaceable(directory, known, overwrite)
    directory.parent.mkdir(parents=True, exist_ok=True)
    handled = sys.exception()
    aside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", suffix=".part", dir=directory.parent))
    try:
        yield aside
        _require_replaceable(directory, known, overwrite)
        for path in aside.iterdir():
            path.chmod(0o666 & ~_umask())
        aside.chmod(directory.stat().st_mode if directory.exists() else 0o777 & ~_umask())
        with _alone(directory.parent):
            _exchange(aside, directory)
    except Exception as error:
        if _interrupted(error, handled):
            raise KeyboardInterrupt from error
        if (number := _failed_to_write(error, aside)) is None:
            raise
        raise OSError(number, os.strerror(number), str(directory)) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def seal(directory: Path, about: Mapping[str, Any]) -> None:
    """Write the manifest, which contains `about` and the size and SHA-256 digest of every file."""
    files = {path.name: _print_of(path) for path in sorted(directory.iterdir()) if path.name != MANIFEST}
    text = json.dumps({"format": FORMAT, **about, "files": files}, indent=2)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def unsealed(directory: Path, needed: tuple[str, ...], checked: tuple[str, ...]) -> dict[str, Any]:
    """Verify the files of a directory against its manifest, and return this; empty if an earlier version wrote none.

    Args:
        directory: the directory to read.
        needed: names of files that must exist.
        checked: names of files that are verified if they exist.

    Raises:
        SpecError: a file is missing, is a link, or is not the one that was written.
    """
    for name in (*needed, *(n for n in (*checked, MANIFEST) if os.path.lexists(directory / n))):
        path = directory / name
        if path.is_symlink() or not path.is_file():
            what = "is a link, and links are not followed" if path.is_symlink() else "is missing, or no file"
            raise SpecError(f"{directory} is not an exported network: {name} {what}")
    if not (directory / MANIFEST).exists():
        return {}
    try:
        manifest: dict[str, Any] = json.loads((directory / MANIFEST).read_bytes())
        sealed = {str(name): (str(mark["sha256"]), int(mark["bytes"])) for name, mark in manifest["files"].items()}
        version = int(manifest["format"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        raise SpecError(f"{directory / MANIFEST} cannot be read; export the network again") from None
    if version > FORMAT:
        raise SpecError(f"{directory} was exported by a later version (format {version}); use that one to load it")
    for name in (*needed, *(n for n in checked if (directory / n).exists())):
        if name not in sealed:
            raise SpecError(f"{directory / name} is no part of this export; remove it, or export the network again")
        mark = _print_of(directory / name)
        if (mark["sha256"], mark["bytes"]) != sealed[name]:
            raise SpecError(f"{directory / name} is not what was exported; export the network again")
    return manifest


def _print_of(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _require_replaceable(directory: Path, known: frozenset[str], overwrite: bool) -> None:
    if directory.is_symlink():
        raise FileExistsError(f"{directory} is a link, and links are not followed; give the directory itself")
    if directory in (Path.cwd(), *Path.cwd().parents):
        raise FileExistsError(f"{directory} is the directory that you are in; give one within it")
    if overwrite or not directory.exists():
        return
    if not directory.is_dir():
        raise FileExistsError(f"{directory} is a file; give another directory, or overwrite=True")
    # Whoever imports the source of an export there leaves a directory of what Python compiled.
    found = [p for p in directory.iterdir() if p.name != COMPILED or p.is_symlink() or not p.is_dir()]
    strange = [p.name for p in found if p.name not in known or p.is_symlink() or not p.is_file()]
    if strange:
        raise FileExistsError(
            f"{directory} holds {min(strange)!r}, which no export wrote; give another directory, or overwrite=True to "
            "replace everything in it"
        )


def _exchange(aside: Path, directory: Path) -> None:
    """Move a folder to the place of another, which is deleted afterwards, or restored on an error."""
    if not os.path.lexists(directory):
        aside.rename(directory)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", suffix=".old", dir=directory.parent))
    try:
        directory.rename(old / "was")
        aside.rename(directory)
    except BaseException:
        if not os.path.lexists(directory):
            (old / "was").rename(directory)
        raise
    finally:
        if os.path.lexists(directory):
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """A context in which no other process exchanges directories in a folder, by a lock."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _interrupted(error: BaseException | None, handled: BaseException | None) -> bool:
    """Whether an error came of Ctrl-C, which libraries that export make errors of their own of.

    `handled` is what was being handled before: whoever exports after Ctrl-C may fail for another reason.
    """
    while error is not None and error is not handled:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _failed_to_write(error: Exception, aside: Path) -> int | None:
    """The number of an error of the disk in writing to a folder that nobody knows of; None if it is another error.

    Libraries that write files by themselves raise errors of their own where the disk is full.
    """
    if isinstance(error, OSError):
        within = error.filename is None or Path(os.fsdecode(error.filename)).is_relative_to(aside)
        return error.errno if within else None
    return errno.ENOSPC if shutil.disk_usage(aside).free < SMALLEST else None


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now
