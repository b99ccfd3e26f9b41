"""Writing a run's record: one process at a time, every line on the disk before anything follows from it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol

from search.errors import RunError
from search.events import Epoch, Event, Started
from search.files import RunDirectory, write_whole
from search.record.history import History
from search.record.lines import different, event_lines, first_line, new_settings
from search.record.reading import Reading
from search.tasks.named import AnyTask


class Follower(Protocol):
    """What is told of every event once it is written."""

    def observe(self, event: Event) -> None:
        """Take account of an event."""


class Record:
    """The record of a run, new or as it was left, held until `close`; a context manager.

    Args:
        settings: what must be the same for a run to go on, as plain data.

    Raises:
        RunError: another process holds the run, or it was begun with other settings.
    """

    def __init__(self, directory: RunDirectory, settings: Mapping[str, Any], task: AnyTask | None = None) -> None:
        self.directory = directory
        self.followers: list[Follower] = []
        try:
            directory.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{directory.path} cannot be made: {error.strerror}; use another directory") from None
        self._lock = _locked(directory)
        try:
            self.history = _begun(directory, settings, task)
            self._file = os.open(directory.record, os.O_WRONLY | os.O_APPEND)
        except BaseException:
            os.close(self._lock)
            raise

    def append(self, event: Event) -> None:
        """Append an event durably to the file, and pass it to the history and the followers.

        Raises:
            RunError: it cannot be written.
        """
        line = event_lines([event]).encode()
        try:
            while line:
                line = line[os.write(self._file, line) :]
            if not isinstance(event, Started | Epoch):  # of which little is lost with the power
                os.fsync(self._file)
        except OSError as error:
            raise RunError(
                f"{self.directory.record} cannot be written: {error.strerror}; make room, and run the same again"
            ) from None
        self.history.observe(event)
        for follower in self.followers:
            follower.observe(event)

    def close(self) -> None:
        """Let another process have the run."""
        for handle in (self._file, self._lock):
            if handle >= 0:
                os.close(handle)
        self._file = self._lock = -1

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def mend(directory: RunDirectory) -> None:
    """Cut off a last line that was never finished (a full disk, a power cut): nothing after it could be read."""
    for file in (directory.record, directory.journal):
        if file.exists() and (text := file.read_bytes()) and not text.endswith(b"\n"):
            os.truncate(file, text.rfind(b"\n") + 1)


def _begun(directory: RunDirectory, settings: Mapping[str, Any], task: AnyTask | None) -> History:
    """The history of the run in a directory; where there is none, one is begun, or made from an earlier version's."""
    mend(directory)
    for unfinished in directory.path.glob("*/*.part"):
        unfinished.unlink(missing_ok=True)
    if not directory.record.exists() or not directory.record.stat().st_size:
        from search.record.old import read_journal

        old = read_journal(directory.journal) if directory.journal.exists() else None
        begun, events = old or (new_settings(settings), [])
        text = first_line(begun) + event_lines(events)
        write_whole(directory.record, lambda path: _write_durably(path, text))
    history = Reading(directory, task).history
    if names := different(history.settings.values, settings):
        raise RunError(
            f"{directory.path} holds a search with another {names[0]}; use another directory, or the settings it was "
            "begun with"
        )
    return history


def _write_durably(path: os.PathLike[str], text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _locked(directory: RunDirectory) -> int:
    """A lock the system takes back when its holder dies, so that a killed process leaves none behind."""
    handle = os.open(directory.lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise RunError(f"another process is running the search in {directory.path}; wait for it, or stop it") from None
    return handle
