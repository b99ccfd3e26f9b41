"""Validation errors of a specification as one sentence: where, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

# Tags that pydantic adds to the path of an error after a field with alternatives; models add their kinds to this set.
TAGS: set[str] = {"int", "str", "bool", "float"}


class SpecError(ValueError):
    """A specification cannot be read; the message is one sentence: where, what is wrong, what to do."""


def describe(error: ValidationError) -> str:
    """The most deeply nested error of a validation as a sentence with its path, and the number of other errors."""
    mistakes = error.errors(include_url=False)
    first = max(mistakes, key=lambda mistake: len(mistake["loc"]))
    found = first["input"]
    hidden = first["type"] == "missing" or isinstance(found, dict | list | tuple | BaseModel)
    shown = "" if hidden else f" (found {shortened(found)})"
    more = f"; {len(mistakes) - 1} more like this" if len(mistakes) > 1 else ""
    where = _place(first["loc"])
    return f"{where + ': ' if where else ''}{_remedy(first)}{shown}{more}"


def shortened(value: Any) -> str:
    """The repr of a value, at most 60 characters of it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def listed(names: Iterable[str], most: int = 8) -> str:
    """The first `most` names, separated by commas, and the number of the others."""
    first = [*names]
    rest = f" and {len(first) - most} more" if len(first) > most else ""
    return ", ".join(shortened(name)[1:-1] for name in first[:most]) + rest


def step(key: str) -> str:
    """The part of a path for a key of a mapping: `.key`, or `['key']` if it is no identifier."""
    return f".{key}" if key.isidentifier() and len(key) <= 64 else f"[{shortened(key)}]"


def shortened_path(path: str) -> str:
    """A path of at most 160 characters; of a longer one, its beginning and its end."""
    return path if len(path) <= 160 else f"{path[:60]}…{path[-99:]}"


def _place(loc: tuple[str | int, ...]) -> str:
    """The path of an error as text, without the tags that pydantic adds."""
    text = ""
    for i, part in enumerate(loc):
        if isinstance(part, int):
            text += f"[{part}]"
        elif not (i and (part in TAGS or "[" in part or part.startswith("constrained-"))):
            text += step(part)
    return shortened_path(text.lstrip("."))


def _remedy(mistake: ErrorDetails) -> str:
    message, context = mistake["msg"], mistake.get("ctx", {})
    match mistake["type"]:
        case "missing":
            return "this field is missing; write it"
        case "extra_forbidden":
            return "there is no such field; remove it or correct its name"
        case "union_tag_invalid":
            return f"unknown kind {shortened(context['tag'])}; use one of {context['expected_tags']}"
        case "union_tag_not_found":
            return "there is no kind here; write one, such as kind: conv"
        case "is_instance_of":
            return f"expected the name of a {str(context['class']).lower()}"
        case "model_attributes_type" | "model_type":
            return "expected a mapping with a kind"
        case _:
            return (
                "expected " + message[16:]
                if message.startswith("Input should be ")
                else message.removeprefix("Value error, ")
            )
