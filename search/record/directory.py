"""The run's directory and the one record in it: an Optuna study in a journal file."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from search.errors import RunError

JOURNAL, LOCK = "study.journal", "lock"
STUDY = "search"
# What settings of runs were before they could be said.
UNSAID = {"target": "torch"}


class RunDirectory:
    """Where a run keeps everything: the study, the weights and checkpoints of its trials, its log of failures."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock: int | None = None

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    def weights(self, number: int) -> Path:
        """Best weights of a trial."""
        return self.path / "weights" / f"{number}.safetensors"

    def checkpoint(self, number: int) -> Path:
        """State of a trial in training."""
        return self.path / "checkpoints" / f"{number}.pt"

    def failure(self, number: int) -> Path:
        """What Python said when a trial failed."""
        return self.path / "failures" / f"{number}.txt"

    def open(self, directions: list[Literal["minimize", "maximize"]], record: dict[str, Any]) -> optuna.Study:
        """The study of this run, new or as it was left, held until `close`.

        Raises:
            RunError: another process holds the run, or it was begun with other settings.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{self.path} cannot be made: {error.strerror}") from None
        self._take_lock()
        _mend(self.journal)
        for unfinished in self.path.glob("*/*.part"):
            unfinished.unlink(missing_ok=True)
        try:
            storage = _storage(self.journal)
            try:
                study = optuna.load_study(study_name=STUDY, storage=storage)
            except KeyError:
                study = optuna.create_study(study_name=STUDY, storage=storage, directions=directions)
            known = study.user_attrs
            # A run that says nothing else is as those were that could not say it.
            begun = UNSAID | known if known else known
            for key, value in record.items():
                if key not in begun:
                    study.set_user_attr(key, value)
                elif begun[key] != value:
                    raise RunError(
                        f"{self.path} holds a search with another {key}; use another directory, or the settings "
                        "it was begun with"
                    )
        except BaseException:
            self.close()
            raise
        return study

    def read(self) -> optuna.Study:
        """The study as it stands; RunError if there is none."""
        if not self.journal.exists():
            raise RunError(f"{self.path} is not the directory of a run: there is no {JOURNAL} in it")
        try:
            return optuna.load_study(study_name=STUDY, storage=_storage(self.journal))
        except (KeyError, ValueError) as error:
            raise RunError(f"{self.journal} cannot be read: {error}") from None

    def close(self) -> None:
        """Let another process have the run."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        handle = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise RunError(f"another process is running the search in {self.path}; wait for it, or stop it") from None
        self._lock = handle


class _Lock(JournalFileOpenLock):
    """A lock the system takes back when its holder dies, so that a killed process leaves none behind."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        self._handle = -1

    def acquire(self) -> bool:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        os.close(self._handle)


P = ParamSpec("P")
T = TypeVar("T")


def quietly(call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """The result of a call into Optuna without its log lines and notices of experimental features."""
    import warnings

    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return call(*args, **named)
    finally:
        logger.setLevel(level)


def _storage(journal: Path) -> JournalStorage:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return JournalStorage(JournalFileBackend(str(journal), lock_obj=_Lock(journal.with_suffix(".lock"))))


def _mend(journal: Path) -> None:
    """Cut off a last line that was never finished (a full disk, a power cut): nothing after it could be read."""
    if not journal.exists() or journal.stat().st_size == 0:
        return
    with journal.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            content = journal.read_bytes()
            file.truncate(content.rfind(b"\n") + 1)
