"""Reading a run's record, also while it is being written."""

from __future__ import annotations

import os

from search.errors import NotBegun, RunError, said
from search.events import from_data
from search.files import RunDirectory
from search.record.checking import NewerEvent, OutOfOrder, check_data, check_order
from search.record.history import History
from search.record.lines import UNRECORDED, data_in, is_sealed, reason_of, settings_in
from search.tasks.named import AnyTask


class Reading:
    """Reads the record of a run into its history. Each line is read once, lines that are added later too.

    Raises:
        RunError: there is no run in the directory, or it cannot be read.
    """

    def __init__(self, directory: RunDirectory, task: AnyTask | None = None) -> None:
        self.directory, self.task = directory, task
        self._read = 0
        self._history = self._begin()

    @property
    def history(self) -> History:
        """The history of the run up to the last complete line that its record has now.

        Raises:
            RunError: a line cannot be read, or the record is gone; again at every access, until it is mended.
        """
        if self._read:
            self._take(self._history, self._new_lines())
        elif self.directory.record.exists():
            self._history = self._begin()  # the run was one of a version without a record, and has been resumed
        return self._history

    def _begin(self) -> History:
        if lines := self._new_lines():
            self._history = History(settings_in(lines[0]), self.directory, self.task)
            self._read = len(lines[0])
            self._take(self._history, lines[1:])
            return self._history
        return self._begin_before_records()

    def _begin_before_records(self) -> History:
        """The history of a run of a version without a record; RunError if there is none."""
        directory = self.directory
        begun = any(file.exists() for file in (directory.record, directory.lock, directory.journal))
        if not begun:
            raise RunError(f"{directory.path} is not the directory of a run: there is no {directory.record.name} in it")
        not_begun = NotBegun(f"{directory.path} is the directory of a run that has not begun; run its search")
        if not directory.journal.exists():
            raise not_begun
        from search.record.old import read_journal

        old = read_journal(directory.journal)
        if old is None:
            raise not_begun
        settings, events = old
        history = History(settings, directory, self.task)
        for event in events:
            history.observe(event)
        return history

    def _take(self, history: History, lines: list[bytes]) -> None:
        """Pass the events of lines to the history. A line that cannot be read is the next one to be read again."""
        for line in lines:
            whole = False
            try:
                data, whole = data_in(line), is_sealed(line)
                check_data(data)
                event = from_data({name: value for name, value in data.items() if name != "crc"}, self.directory)
                check_order(event, history)
                history.observe(event)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
                if whole and not isinstance(error, OutOfOrder):
                    raise RunError(self._not_known(error)) from None
                raise RunError(self._damaged(reason_of(error), len(history.outcomes))) from None
            self._read += len(line)

    def _not_known(self, error: Exception) -> str:
        """One sentence: what a line that is just as it was written holds that nobody knows here, and what to do."""
        reason, _, remedy = str(error).partition("; ") if isinstance(error, ValueError) else (said(error), "", "")
        if not isinstance(error, NewerEvent):
            remedy = (
                "import the module that registers it before you open the run, or give the command the search file that "
                "does: --file FILE.py"
            )
        return f"{self.directory.record} is whole, but cannot be read here: {reason}; {remedy}"

    def _damaged(self, reason: str, kept: int) -> str:
        """One sentence: which line is damaged, and what can be saved."""
        number = self.directory.record.read_bytes()[: self._read].count(b"\n") + 1
        return (
            f"{self.directory.record} cannot be read: line {number}: {reason}; put the whole file back, or cut it off "
            f"before that line, which keeps {kept} finished trials"
        )

    def _new_lines(self) -> list[bytes]:
        """The complete lines after those that were read."""
        try:
            with self.directory.record.open("rb") as file:
                complete = file.seek(0, os.SEEK_END) >= self._read
                file.seek(self._read)
                text = file.read()
        except (FileNotFoundError, NotADirectoryError):
            complete, text = not self._read, b""
        except OSError as error:
            raise RunError(f"{self.directory.record} cannot be read: {error.strerror}; put the file back") from None
        if not complete:
            raise RunError(f"{self.directory.record} has lost lines since it was opened; put the whole file back")
        return text[: text.rfind(b"\n") + 1].splitlines(keepends=True)


def begun_by(directory: RunDirectory) -> str | None:
    """The name of the strategy that the run in a directory was begun with; None if none can be read there."""
    try:
        if directory.journal.exists() and not directory.record.exists():  # of a version without a record
            return UNRECORDED["strategy"]
        with directory.record.open("rb") as file:
            values = settings_in(file.readline()).values
    except (OSError, RunError):  # whoever opens the run says why
        return None
    return str((UNRECORDED | dict(values))["strategy"])
