"""The lines of a record: first what the run was begun with, then an event each."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from search.errors import RunError
from search.events import Event, to_data
from search.record.history import Settings

FORMAT = 1
LIBRARIES = ("archsearch", "torch", "optuna", "numpy")
# What settings of runs were before they could be said.
UNSAID = {"target": "torch", "strategy": "tpe"}


def first_line(settings: Settings) -> str:
    """The line that a record begins with."""
    return _line(
        {
            "format": FORMAT,
            "run": settings.run,
            "settings": dict(settings.values),
            "versions": {name: _version(name) for name in LIBRARIES},
            "drawn": settings.drawn,
            "told": settings.told,
        }
    )


def event_lines(events: Iterable[Event]) -> str:
    """The lines of some events."""
    return "".join(_line(to_data(event)) for event in events)


def settings_in(line: str | bytes) -> Settings:
    """What a record's first line says.

    Raises:
        RunError: it is not such a line, or another version of this package wrote it.
    """
    try:
        data = json.loads(line)
    except ValueError as error:
        raise RunError(f"the first line of the record cannot be read: {error}") from None
    if data.get("format") != FORMAT:
        raise RunError(f"the record has format {data.get('format')}, not {FORMAT}; use the archsearch that wrote it")
    return Settings(data["settings"], data["run"], data["drawn"], data["told"])


def new_settings(values: Mapping[str, Any], drawn: int = 0, told: int = 0) -> Settings:
    """Settings of a run that begins, told apart from all other runs."""
    return Settings(json.loads(json.dumps(values)), secrets.token_hex(4), drawn, told)


def different(begun: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The names of the settings that a run was not begun with; what it does not say is as it was before it could be."""
    wanted = json.loads(json.dumps(wanted))
    known = UNSAID | dict(begun)
    return [name for name, value in wanted.items() if known.get(name, value) != value]


def _line(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":")) + "\n"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
