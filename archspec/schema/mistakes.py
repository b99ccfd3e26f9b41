"""Validation errors of a specification as one sentence: where, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from archspec.schema.kinds import Kinds

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
        super().__init__(f"{model}, {reason}")
        self.model, self.reason = model, reason

    def __reduce__(self) -> tuple[type[FieldError], tuple[str, str]]:
        return FieldError, (self.model, self.reason)


def describe(error: ValidationError, model: type[BaseModel], data: Mapping[str, Any] | None = None) -> str:
    """The most deeply nested error of a validation as a sentence with its path, and the number of others.

    Args:
        error: what pydantic says.
        model: the model that was validated.
        data: its fields, as they were given; None if they are not known.
    """
    mistakes = error.errors(include_url=False)
    first = max(mistakes, key=lambda mistake: (len(mistake["loc"]), mistake["type"] == "extra_forbidden"))
    field = first["loc"][0] if first["loc"] else ""
    if data and isinstance(given := data.get(str(field)), BaseModel) and first["loc"][1:2] == (0,):
        return f"{field}: expected a list; write [{type(given).__name__}(...)]"  # a model is one of pairs, to pydantic
    within = _within(first["loc"], model)
    meant = _meant(first, within)
    others = sum(mistake["loc"] not in (first["loc"], (*first["loc"][:-1], meant)) for mistake in mistakes)
    more = f"; {others} more like this" if others else ""
    where = _place(first["loc"])
    said = f"there is no such field; did you mean {meant}?" if meant else remedy(first, within)
    return f"{where + ': ' if where else ''}{said}{more}"


def remedy(mistake: ErrorDetails, within: type[BaseModel] | None = None) -> str:
    """What is wrong with a value `within` a model, what to do, and the value where it is short."""
    found = mistake["input"]
    hidden = mistake["type"] == "missing" or isinstance(found, dict | list | tuple | BaseModel | type)
    return _remedy(mistake, within) + ("" if hidden else f" (found {shortened(found)})")


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
    """A path of at most 140 characters; of a longer one, its beginning and its end."""
    return path if len(path) <= 140 else f"{path[:50]}…{path[-89:]}"


def _place(loc: tuple[str | int, ...]) -> str:
    """The path of an error as text, without the tags that pydantic adds."""
    text = ""
    for i, part in enumerate(loc):
        if isinstance(part, int):
            text += f"[{part}]"
        elif not (i and (part in TAGS or "[" in part or part.startswith("constrained-"))):
            text += step(part)
    return shortened_path(text.lstrip("."))


def _within(loc: tuple[str | int, ...], model: type[BaseModel]) -> type[BaseModel] | None:
    """The innermost model on the path of an error; None if it is not known."""
    fields = [i for i, part in enumerate(loc) if isinstance(part, str)]
    return model if len(fields) < 2 else TAGS.get(str(loc[fields[-1] - 1]))


def _meant(mistake: ErrorDetails, within: type[BaseModel] | None) -> str | None:
    """The field that an unknown one resembles; None if there is none."""
    names = within.model_fields if within and mistake["type"] == "extra_forbidden" else ()
    close = get_close_matches(str(mistake["loc"][-1]), names, 1) if names else []
    return close[0] if close else None


def _families(annotation: Any) -> Iterator[Kinds]:
    """The families of models in an annotation, also of the items of a list."""
    if isinstance(annotation, Kinds):
        yield annotation
    for part in get_args(annotation):
        yield from _families(part)


def _one_of(mistake: ErrorDetails, within: type[BaseModel] | None) -> str:
    """What a field of models takes, with an example."""
    name = next((part for part in mistake["loc"][::-1] if isinstance(part, str)), "")
    info = within.model_fields.get(name) if within else None
    families = [found for part in (*info.metadata, info.annotation) for found in _families(part)] if info else []
    if not families:
        return "expected a mapping with a kind"
    found = mistake["input"]
    known = found if isinstance(found, type) else next(iter(families[0].values()))
    noun = families[0].noun
    article = "an" if noun[0] in "aeiou" else "a"
    other = "not the class" if known is found else "or in a file a mapping with a kind"
    return f"expected {article} {noun}, such as {known.__name__}(...), {other}"


def _count(mistake: ErrorDetails, within: type[BaseModel] | None) -> int:
    """How many values a field of several takes, such as one for each axis; 1 if it takes any number of them."""
    info = within.model_fields.get(str(mistake["loc"][-1])) if within else None
    values = get_args(info.annotation) if info and get_origin(info.annotation) is tuple else ()
    return 1 if Ellipsis in values else max(1, len(values))


def _remedy(mistake: ErrorDetails, within: type[BaseModel] | None) -> str:
    message, context = mistake["msg"], mistake.get("ctx", {})
    match mistake["type"]:
        case "missing":
            return "this field is missing; write it"
        case "extra_forbidden":
            names = [name for name in within.model_fields if name != "kind"] if within else []
            there = f" among {listed(names)}" if names else ""
            return f"there is no such field{there}; remove it or correct its name"
        case "union_tag_invalid":
            return f"unknown kind {shortened(context['tag'])}; use one of {context['expected_tags']}"
        case "union_tag_not_found" if isinstance(mistake["input"], dict):
            return "there is no kind here; write one, such as kind: conv"
        case "is_instance_of":
            return f"expected the name of a {str(context['class']).lower()}"
        case "int_type" | "int_parsing" | "int_from_float":
            return "expected a whole number"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return "expected a number " + message.removeprefix("Input should be ")
        case "tuple_type":
            values = [shortened(mistake["input"])] * _count(mistake, within)
            return f"expected several values, such as [{', '.join(values)}]"
        case "model_attributes_type" | "model_type" | "union_tag_not_found":
            return _one_of(mistake, within)
        case "too_long" | "too_short":
            bound = "at most {max_length}" if "max_length" in context else "at least {min_length}"
            return f"expected {bound} values, not {{actual_length}}".format(**context)
        case _:
            return (
                "expected " + message[16:]
                if message.startswith("Input should be ")
                else message.removeprefix("Value error, ")
            )
