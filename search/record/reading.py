"""Reading a run's record, also while it is being written."""

from __future__ import annotations

import json

from search.errors import RunError
from search.events import from_data
from search.files import RunDirectory
from search.record.history import History
from search.record.lines import settings_in
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
        """The history of the run up to the last complete line that its record has now."""
        if not self._read and self.directory.record.exists():
            self._history = self._begin()  # the run was one of a version without a record, and has been resumed
        elif self._read and self.directory.record.stat().st_size > self._read:
            self._take(self._history, self._new_lines())
        return self._history

    def _begin(self) -> History:
        if lines := self._new_lines():
            history = History(settings_in(lines[0]), self.directory, self.task)
            self._take(history, lines[1:])
            return history
        if not self.directory.journal.exists():
            raise RunError(
                f"{self.directory.path} is not the directory of a run: there is no {self.directory.record.name} in it"
            )
        from search.record.old import read_journal

        old = read_journal(self.directory.journal)
        if old is None:
            raise RunError(f"{self.directory.path} is the directory of a run that was never begun; run its search")
        settings, events = old
        history = History(settings, self.directory, self.task)
        for event in events:
            history.observe(event)
        return history

    def _take(self, history: History, lines: list[bytes]) -> None:
        for line in lines:
            try:
                history.observe(from_data(json.loads(line), self.directory))
            except (ValueError, KeyError, TypeError) as error:
                raise RunError(f"{self.directory.record} cannot be read: {error}") from None

    def _new_lines(self) -> list[bytes]:
        """The complete lines written since the last call."""
        if not self.directory.record.exists():
            return []
        with self.directory.record.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole.splitlines()
