"""What differs between the settings that a run was begun with and others, in words."""

from __future__ import annotations

from typing import Any

from archspec.schema.mistakes import shortened, shortened_path, step

_ABSENT = object()


def difference(begun: Any, wanted: Any) -> str:
    """Where two settings as plain data first differ, and both values there, in a few words."""
    path, before, now = _first(begun, wanted, "")
    where = shortened_path(path.lstrip(".")) or "it"
    return f"{where} was {_in_words(before)}, and is {_in_words(now)} now"


def _first(begun: Any, wanted: Any, path: str) -> tuple[str, Any, Any]:
    """The path to the first difference, and what stands there on both sides."""
    if isinstance(begun, dict) and isinstance(wanted, dict):
        for key in [*begun, *(key for key in wanted if key not in begun)]:
            before, now = begun.get(key, _ABSENT), wanted.get(key, _ABSENT)
            if before != now:
                return _first(before, now, path + step(key))
    if isinstance(begun, list) and isinstance(wanted, list) and len(begun) == len(wanted):
        for i, (before, now) in enumerate(zip(begun, wanted, strict=True)):
            if before != now:
                return _first(before, now, f"{path}[{i}]")
    return path, begun, wanted


def _in_words(value: Any) -> str:
    return "not given" if value is _ABSENT or value is None else shortened(value)
