"""Numbers that a person gives."""

from __future__ import annotations

import math
import operator
import re

SUFFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15}
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
# Of a number with a suffix: the number and the suffix.
AMOUNT = r"((?:[0-9][0-9_,]*\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)\s*([kmgtpKMGTP]?)"
# What an amount of bytes may end with: nothing, B, or iB, of which each suffix is 1,024 times the one before.
OF_BYTES = r"(i?B)?"


def whole(name: str, value: int, least: int | None = None) -> int:
    """A whole number, of Python or numpy; ValueError if it is none, or less than `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, not {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be {least} or more, not {value}")
    return number


def amount(text: str, of_bytes: bool = False) -> float:
    """The number of a text such as `2_000`, `50k` or `1e15`; ValueError if it is none.

    The suffixes k, M, G, T and P are thousands, millions and so on; `of_bytes`, 2G may be written 2GB, and 2GiB is
    2 · 2³⁰.
    """
    match = re.fullmatch(rf"\s*{AMOUNT}{OF_BYTES if of_bytes else '()'}\s*", text)
    if not match:
        raise ValueError(f"cannot read the number {text!r}; write '50k', '2P' or '1e15'")
    suffix = SUFFIXES[match[2].lower()]
    scale = 2.0 ** (10 * round(math.log10(suffix) / 3)) if match[3] == "iB" else suffix
    return float(match[1].replace("_", "").replace(",", "")) * scale


def seconds(text: str) -> float:
    """The seconds of a text such as `5ms`, `200 us` or `0.1 s`; ValueError if it is none."""
    match = re.fullmatch(r"\s*([0-9]+\.?[0-9]*(?:e[+-]?[0-9]+)?)\s*(s|ms|us|µs)\s*", text)
    if not match:
        raise ValueError(f"cannot read the time {text!r}; write '5ms', '200us' or '0.1s'")
    return float(match[1]) * UNITS[match[2]]


def as_seconds(number: float) -> str:
    """A time as text, in ms; `seconds` reads it."""
    return f"{1000 * number:.10g} ms"


def most(name: str, value: float | str | None, of_bytes: bool = False) -> float:
    """A budget, as a number or as text for `amount`; infinity for None, ValueError if it is not above 0."""
    if value is None:
        return math.inf
    number = amount(value, of_bytes) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not number > 0:
        raise ValueError(f"{name} must be above 0, not {value}")
    return float(number)


def short(number: float) -> str:
    """A number to three significant digits, with k, M, G, T or P for thousands, millions and so on."""
    for suffix in ("P", "T", "G", "M", "k"):
        if number >= SUFFIXES[suffix.lower()]:
            return f"{number / SUFFIXES[suffix.lower()]:.3g}{suffix}"
    return f"{number:.3g}"
