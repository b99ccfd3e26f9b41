"""The lines of a record: the first holds the run's settings, each further one an event.

Each ends with a checksum of what stands before it, so that no damage is read as something else.
"""

from __future__ import annotations

import json
import math
import re
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from archspec.schema.mistakes import shortened
from search.errors import RunError
from search.events import Event, to_data
from search.record.checking import check_designs
from search.record.history import Settings

FORMAT = 1
LIBRARIES = ("archsearch", "torch", "optuna", "numpy")
# Settings that runs of earlier versions did not record, and the values they had then.
UNRECORDED = {"target": "torch", "strategy": "tpe", "warm start": None}
_SEAL = re.compile(rb',"crc":"([0-9a-f]{8})"\}\n?')
_SEALED = 20  # bytes of a seal
# Settings that are read from the first line of a record, and what each must be.
_TYPES: dict[str, type] = {
    **dict.fromkeys(("task", "target", "strategy", "warm start"), str),
    **dict.fromkeys(("objectives", "constraints", "goals"), list),
    **dict.fromkeys(("space", "training", "directions", "functions", "data", "code"), dict),
    "seed": int,
    "examples": int,
}


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
            **({"designs": list(settings.designs)} if settings.designs else {}),
        }
    )


def event_lines(events: Iterable[Event]) -> str:
    """The lines of a record for some events."""
    return "".join(_line(to_data(event)) for event in events)


def data_in(line: bytes) -> Any:
    """The data in a line of a record. Lines of earlier versions have no checksum.

    Raises:
        ValueError: the line is no JSON, or not what was written.
    """
    if seal := _SEAL.fullmatch(line[-_SEALED:]) or _SEAL.fullmatch(line[1 - _SEALED :]):
        line = line[: -len(seal[0])] + b"}"
        if zlib.crc32(line) != int(seal[1], 16):
            raise ValueError("it is not what was written")
    try:
        return json.loads(line.decode())
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None


def is_sealed(line: bytes) -> bool:
    """Whether a line ends with a checksum: one that `data_in` has read is then just what was written."""
    return bool(_SEAL.fullmatch(line[-_SEALED:]) or _SEAL.fullmatch(line[1 - _SEALED :]))


def settings_in(line: bytes) -> Settings:
    """The settings in the first line of a record.

    Raises:
        RunError: the line cannot be read, or a version of this package with another format wrote it.
    """
    try:
        data = data_in(line)
        if data.get("format") != FORMAT:
            raise RunError(
                f"the record has format {shortened(data.get('format'))}, not {FORMAT}; use the version of archsearch "
                "that wrote it"
            )
        values, drawn, told = data["settings"], data["drawn"], data["told"]
        for name, wanted in _TYPES.items():
            if not isinstance(values.get(name), wanted | None):
                raise ValueError(f"its {name} is not what it must be")
        texts = [text for name in ("objectives", "constraints", "goals") for text in values.get(name) or []]
        if not all(isinstance(text, str) for text in (data["run"], *texts)):
            raise ValueError("what should be text in it is none")
        if not (isinstance(drawn, int) and isinstance(told, int) and 0 <= min(told, drawn) <= max(told, drawn) < 2**63):
            raise ValueError("its counts of trials are none")
        check_designs(designs := data.get("designs", []))
        return Settings(values, data["run"], drawn, told, designs)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"the first line of the record cannot be read: {reason_of(error)}; put the whole file back"
        ) from None


def reason_of(error: Exception) -> str:
    """Why a line cannot be read, from the error that reading it raised."""
    if isinstance(error, KeyError):
        return f"it has no {shortened(error.args[0])}"
    return str(error) if isinstance(error, ValueError) else "it is no event"


def new_settings(
    values: Mapping[str, Any], drawn: int = 0, told: int = 0, designs: Sequence[Mapping[str, Any]] = ()
) -> Settings:
    """Settings of a new run, with an identifier of its own."""
    return Settings(json.loads(json.dumps(values)), secrets.token_hex(4), drawn, told, designs)


def different(begun: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The names of the settings in `wanted` that differ from those that a run was begun with.

    A setting that the run did not record differs only if it is in `UNRECORDED` with another value.
    """
    wanted = json.loads(json.dumps(wanted))
    known = UNRECORDED | dict(begun)
    return [name for name, value in wanted.items() if known.get(name, value) != value]


def _line(data: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_without_nan(data), separators=(",", ":"))
    return f'{text[:-1]},"crc":"{zlib.crc32(text.encode()):08x}"}}\n'


def plain(data: Any) -> Any:
    """Data as a line of a record gives it back; TypeError if JSON does not have it."""
    return json.loads(json.dumps(_without_nan(data)))


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
