"""Temporary folders, which the next process that makes one removes if theirs was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "archsearch-"
# A file in each such folder, locked for as long as its process lives.
MARK = "__archsearch__"


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder, removed at the end. Those of processes that were killed before that are removed now."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_abandoned(folder)
    hidden = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))  # from others until it is locked
    lock = os.open(hidden / MARK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with suppress(OSError):  # of a file system without locks, on which nothing is taken for abandoned
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = hidden.rename(hidden.with_name(hidden.name[1:]))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def _remove_abandoned(folder: Path) -> None:
    """Remove a folder whose mark nobody holds; one without a mark, or of another user, is left alone."""
    try:
        lock = os.open(folder / MARK, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # its process lives
        pass
    finally:
        os.close(lock)
