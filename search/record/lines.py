"""The lines of a record: the first holds the run's settings, each further one an event."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from search.errors import RunError
from search.events import Event, to_data
from search.record.history import Settings

FORMAT = 1
LIBRARIES = ("archsearch", "torch", "optuna", "numpy")
# Settings that runs of earlier versions did not record, and the values they had then.
UNRECORDED = {"target": "torch", "strategy": "tpe"}


def first_line(settings: Settings) -> str:
    """The first line of a record: format, settings, and versions of this package and of libraries."""
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
    """The lines of a record for some events."""
    return "".join(_line(to_data(event)) for event in events)


def settings_in(line: str | bytes) -> Settings:
    """The settings in the first line of a record.

    Raises:
        RunError: the line cannot be read, or a version of this package with another format wrote it.
    """
    try:
        data = json.loads(line)
        if data.get("format") != FORMAT:
            raise RunError(
                f"the record has format {data.get('format')}, not {FORMAT}; use the version of archsearch that wrote it"
            )
        return Settings(data["settings"], data["run"], data["drawn"], data["told"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"the first line of the record cannot be read: {reason_of(error)}") from None


def reason_of(error: Exception) -> str:
    """Why a line cannot be read, and what to do, from the error that reading it raised."""
    if isinstance(error, json.JSONDecodeError):
        return "it is not JSON; put the whole file back"
    if isinstance(error, KeyError):
        return f"it has no {error}; put the whole file back"
    return str(error) if isinstance(error, ValueError) else "it is no event; put the whole file back"


def new_settings(values: Mapping[str, Any], drawn: int = 0, told: int = 0) -> Settings:
    """Settings of a new run, with an identifier of its own."""
    return Settings(json.loads(json.dumps(values)), secrets.token_hex(4), drawn, told)


def different(begun: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The names of the settings in `wanted` that differ from those that a run was begun with.

    A setting that the run did not record differs only if it is in `UNRECORDED` with another value.
    """
    wanted = json.loads(json.dumps(wanted))
    known = UNRECORDED | dict(begun)
    return [name for name, value in wanted.items() if known.get(name, value) != value]


def _line(data: Mapping[str, Any]) -> str:
    try:
        return json.dumps(data, separators=(",", ":"), allow_nan=False) + "\n"
    except ValueError:
        return json.dumps(_without_nan(data), separators=(",", ":")) + "\n"


def _without_nan(data: Any) -> Any:
    """The data with null for numbers that JSON does not have: NaN and the infinities."""
    if isinstance(data, dict):
        return {key: _without_nan(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_without_nan(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
