"""Validation errors of a specification as one sentence: where, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

# Tags that pydantic adds to the path of an error after a field with alternatives, with the models of those that are
# kinds; models add theirs.
TAGS: dict[str, type[BaseModel] | None] = dict.fromkeys(("int", "str", "bool", "float"))


class SpecError(ValueError):
    """A specification cannot be read; the message is one sentence: where, what is wrong, what to do."""


class FieldError(SpecError):
    """A field of a model is missing, unknown or not valid.

    Args:
        model: name of the model's class.
        reason: the mistake as `describe` says it: the path in the model, if there is one, and a sentence.
    """

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(model, reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.args[0]}, {self.reason}"


def describe(error: ValidationError, model: type[BaseModel]) -> str:
    """The most deeply nested error of a validation of a model as a sentence with its path, and the number of others."""
    mistakes = error.errors(include_url=False)
    first = max(mistakes, key=lambda mistake: (len(mistake["loc"]), mistake["type"] == "extra_forbidden"))
    meant = _meant(first["loc"], model) if first["type"] == "extra_forbidden" else None
    others = sum(mistake["loc"] not in (first["loc"], (*first["loc"][:-1], meant)) for mistake in mistakes)
    more = f"; {others} more like this" if others else ""
    where = _place(first["loc"])
    said = f"there is no such field; did you mean {meant}?" if meant else remedy(first)
    return f"{where + ': ' if where else ''}{said}{more}"


def remedy(mistake: ErrorDetails) -> str:
    """What is wrong with a value and what to do, with the value where it is short."""
    found = mistake["input"]
    hidden = mistake["type"] == "missing" or isinstance(found, dict | list | tuple | BaseModel)
    return _remedy(mistake) + ("" if hidden else f" (found {shortened(found)})")


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


def _meant(loc: tuple[str | int, ...], model: type[BaseModel]) -> str | None:
    """The field of the innermost model that an unknown field of it resembles; None if there is none."""
    inner = model if len(loc) == 1 else TAGS.get(str(loc[-2]))
    close = get_close_matches(str(loc[-1]), inner.model_fields, 1) if inner else []
    return close[0] if close else None


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
        case "int_type" | "int_parsing" | "int_from_float":
            return "expected a whole number"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return "expected a number " + message.removeprefix("Input should be ")
        case "tuple_type":
            return f"expected several values, such as [{shortened(mistake['input'])}]"
        case "model_attributes_type" | "model_type":
            return "expected a mapping with a kind"
        case _:
            return (
                "expected " + message[16:]
                if message.startswith("Input should be ")
                else message.removeprefix("Value error, ")
            )
