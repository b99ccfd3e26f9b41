"""A record that is kept in memory alone, for searches without training."""

from __future__ import annotations

from typing import Protocol

from search.events import Event
from search.files import RunDirectory
from search.record.history import History


class Log(Protocol):
    """What an engine needs of a record: the history, the directory, and a place to append events to."""

    @property
    def history(self) -> History:
        """The history of all events so far."""

    @property
    def directory(self) -> RunDirectory | None:
        """The directory of the run; None if it has none."""

    def append(self, event: Event) -> None:
        """Record an event, and pass it to the history."""


class Memory:
    """A record without a file."""

    directory = None

    def __init__(self) -> None:
        self.history = History()

    def append(self, event: Event) -> None:
        """Pass the event to the history."""
        self.history.observe(event)
