"""The Optuna storage in a run's directory: a journal file."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

# The name of the study in the journal.
STUDY = "search"
# The user attribute of a study that mirrors a run: the identifier of the run. Runs without a record have none.
MIRRORED = "mirror of"


class _Lock(JournalFileOpenLock):
    """A lock that the operating system releases when its holder dies, so that a killed process leaves none behind."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path, self.handle = path, -1

    def acquire(self) -> bool:
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(self.handle, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        os.close(self.handle)


def journal_storage(file: Path) -> JournalStorage:
    """The Optuna storage in a journal file."""
    return JournalStorage(JournalFileBackend(str(file), lock_obj=_Lock(file.with_suffix(".lock"))))
