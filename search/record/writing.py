"""Writing a run's record: by one process at a time; an event is written before anything else acts on it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Protocol

from search.errors import RunError
from search.events import Epoch, Event, Started
from search.files import RunDirectory, write_whole
from search.machine import patiently
from search.record.difference import difference
from search.record.history import History
from search.record.lines import UNRECORDED, different, event_lines, first_line, new_settings, plain
from search.record.reading import Reading
from search.tasks.named import AnyTask


class Unwritable(RunError):
    """The directory of a run cannot be written, at least now."""


class Follower(Protocol):
    """An observer that the record passes every event to once it is written, such as the mirror."""

    def observe(self, event: Event) -> None:
        """Act on an event, which the history has observed."""

    def close(self) -> None:
        """Let go of all that it holds, as the record is closed."""


class Record:
    """The record of a new or a resumed run, open for writing and locked until `close`; a context manager.

    Args:
        directory: directory of the run.
        settings: the settings that must be unchanged for the run to be resumed, as plain data.
        task: the task of the run, for its trials.
        designs: called if the run is new; what is tried first (see `Settings`).
        doing: what a process does that holds it, for the sentence that says so to another one.

    Raises:
        Unwritable: the directory cannot be written.
        RunError: another process is running the search, or it was begun with other settings.
    """

    def __init__(
        self,
        directory: RunDirectory,
        settings: Mapping[str, Any],
        task: AnyTask | None = None,
        designs: Callable[[], Sequence[Mapping[str, Any]]] = tuple,
        doing: str = "running the search",
    ) -> None:
        self.directory = directory
        self.followers: list[Follower] = []
        try:
            directory.path.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(directory, doing)
        except OSError as error:
            raise Unwritable(f"{directory.path} cannot be written: {error.strerror}; use another directory") from None
        try:
            self.history = _begun(directory, settings, task, designs)
            self._file = os.open(directory.record, os.O_WRONLY | os.O_APPEND)
        except BaseException as error:
            os.close(self._lock)
            if isinstance(error, OSError):
                raise Unwritable(
                    f"{directory.path} cannot be written: {error.strerror}; make room, and run the same again"
                ) from None
            raise

    def append(self, event: Event) -> None:
        """Append an event to the file, then pass it to the history and to the followers.

        Draws and outcomes are on the disk before that.

        Raises:
            RunError: the event cannot be written, or the directory was moved, removed or replaced since it was opened.
        """
        self._require_place()
        line = event_lines([event]).encode()

        def write() -> None:
            nonlocal line
            while line:  # called again, it goes on where the disk was full
                line = line[os.write(self._file, line) :]
            if not isinstance(event, Started | Epoch):  # a power cut may lose these: training can repeat them
                os.fsync(self._file)

        try:
            patiently(write)
        except OSError as error:
            raise RunError(
                f"{self.directory.record} cannot be written: {error.strerror}; make room, and run the same again"
            ) from None
        self.history.observe(event)
        for follower in self.followers:
            follower.observe(event)

    def _require_place(self) -> None:
        """Raise `RunError` unless the file is still at its path, where workers write what it tells of."""
        try:
            if os.path.samestat(os.stat(self.directory.record), os.fstat(self._file)):
                return
        except OSError:
            pass
        raise RunError(
            f"{self.directory.path} was moved, removed or replaced while it was being written; move it back, and run "
            "the same again"
        )

    def close(self) -> None:
        """Close the file, release the lock, so that another process can run the search, and close what follows it."""
        for handle in (self._file, self._lock):
            if handle >= 0:
                os.close(handle)
        self._file = self._lock = -1
        for follower in self.followers:
            follower.close()

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def mend(directory: RunDirectory) -> None:
    """Cut off an incomplete last line (of a full disk, a power cut): a line appended to it could not be read."""
    for file in (directory.record, directory.journal):
        if file.is_file() and (text := file.read_bytes()) and not text.endswith(b"\n"):
            os.truncate(file, text.rfind(b"\n") + 1)


def _begun(
    directory: RunDirectory,
    settings: Mapping[str, Any],
    task: AnyTask | None,
    designs: Callable[[], Sequence[Mapping[str, Any]]],
) -> History:
    """The history of the run in a directory; a missing record is created, from an older version's run if there is one.

    Raises:
        RunError: the run was begun with other settings, or its record is gone.
    """
    mend(directory)
    for unfinished in directory.path.glob("*/*.part"):
        unfinished.unlink(missing_ok=True)
    if not directory.record.exists() or not directory.record.stat().st_size:
        from search.record.old import read_journal

        old = read_journal(directory.journal) if directory.journal.exists() else None
        if old is None and any(directory.path.glob("weights/*")):
            raise RunError(
                f"{directory.path} has weights of a run whose record is gone; put the record back, or use another "
                "directory"
            )
        begun, events = old or (new_settings(settings, designs=designs()), [])
        text = first_line(begun) + event_lines(events)
        write_whole(directory.record, lambda path: _write_durably(path, text))
    else:
        history = Reading(directory).history
        drawn = history.draws or history.settings.drawn
        if not drawn and different(history.settings.values, settings):
            # It stopped before it began, for a fault of its set-up, which has been mended.
            text = first_line(replace(new_settings(settings, designs=designs()), run=history.settings.run))
            write_whole(directory.record, lambda path: _write_durably(path, text))
    return begun_alike(directory, settings, task)


def begun_alike(directory: RunDirectory, settings: Mapping[str, Any], task: AnyTask | None = None) -> History:
    """The history of the run in a directory; RunError if it was begun with other settings."""
    history = Reading(directory, task).history
    if names := different(history.settings.values, settings):
        begun = UNRECORDED | dict(history.settings.values)
        if names == ["code"]:
            where = f" of your own ({', '.join(different(begun['code'], settings['code']))})"
        else:
            where = f": {difference(begun.get(names[0]), plain(settings[names[0]]))}"
        raise RunError(
            f"{directory.path} holds a search with {_other(names[0])}{where}; use another directory, or the settings "
            "it was begun with"
        )
    return history


def _other(name: str) -> str:
    """`another task`, `other functions`."""
    return f"{'other' if name.endswith('s') or name in ('data', 'code') else 'another'} {name}"


def _write_durably(path: os.PathLike[str], text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _locked(directory: RunDirectory, doing: str) -> int:
    """A lock that the operating system releases when its holder dies, so that a killed process leaves none behind.

    Raises:
        RunError: another process holds it.
    """
    handle = os.open(directory.lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if not isinstance(error, BlockingIOError):
            raise
        raise RunError(f"another process is {doing} in {directory.path}; wait for it, or stop it") from None
    return handle
