"""Numbers that a person gives."""

from __future__ import annotations

import operator


def whole(name: str, value: int, least: int | None = None) -> int:
    """A whole number, of Python or numpy; ValueError if it is none, or less than `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, not {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be {least} or more, not {value}")
    return number
