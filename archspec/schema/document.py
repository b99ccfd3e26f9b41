"""Reading and writing specifications as JSON or a safe subset of YAML. Reading never runs code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from archspec.schema import yaml
from archspec.schema.kinds import take_in
from archspec.schema.mistakes import SpecError as SpecError
from archspec.schema.mistakes import describe, shortened
from archspec.schema.model import Model, check_types
from archspec.schema.yaml import MAX_DEPTH
from archspec.schema.yaml import write_yaml as write_yaml

MAX_BYTES = 4_000_000
_KEYS = re.compile(r'"\s*:')
M = TypeVar("M", bound=Model)


def read_json(text: str | bytes) -> Any:
    """The data of a JSON text.

    Raises:
        SpecError: it is not JSON, has a key twice, is longer than 4 MB or nested more than 64 deep.
    """
    _check_size(text)
    try:
        data = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_without_repeats)
    except RecursionError:
        raise SpecError(f"nested more than {MAX_DEPTH} deep; flatten it") from None
    except ValueError as error:
        raise SpecError(f"not JSON: {error}") from None
    _check(data)
    return data


def read_yaml(text: str | bytes) -> Any:
    """The data of a YAML text.

    Raises:
        SpecError: it is not YAML, has tags, anchors, aliases or a key twice, is longer than 4 MB or nested more than
            64 deep.
    """
    _check_size(text)
    data = yaml.read_yaml(text)
    _check(data)
    return data


def read_file(path: Path) -> Any:
    """The data of a .json, .yaml or .yml file; SpecError, beginning with the path, if it cannot be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SpecError(f"longer than {MAX_BYTES:,} bytes, which no specification is")
        text = path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror or error}") from None
    try:
        return read_json(text) if path.suffix == ".json" else read_yaml(text)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None


def parsed_json(model: type[M], text: str | bytes) -> M:
    """The model that a JSON text without holes describes; errors as `parsed`."""
    _check_size(text)
    try:
        made = model.model_validate_json(text, strict=True)
    except (ValidationError, RecursionError):
        return parsed(model, read_json(text))  # slower, but raises a readable error
    written = _KEYS.findall(text.decode() if isinstance(text, bytes) else text)
    # A model does not tell that a key was written twice; then it has fewer than were written.
    return made if len(written) == _keys(made) else parsed(model, read_json(text))


def parsed(model: type[M], data: Any) -> M:
    """The model that plain data without holes describe; SpecError with the path of the first mistake."""
    if not isinstance(data, dict):
        required = ", ".join(name for name, info in model.model_fields.items() if info.is_required())
        raise SpecError(f"expected a mapping with {required}, found {shortened(data)}")
    try:
        if has_holes(data):
            raise SpecError("this is a space (it has holes); read it as one: spaces.Space.from_yaml, or from_json")
        made = model.model_validate(data)
        check_types(made, data)
        return made
    except ValidationError as error:
        if take_in():
            return parsed(model, data)
        raise SpecError(describe(error, model)) from None
    except RecursionError:
        raise SpecError(f"nested more than {MAX_DEPTH} deep; flatten it") from None
    except ValueError as error:
        raise SpecError(str(error)) from None


def _keys(value: Any) -> int:
    """Number of keys of mappings that a model was made of."""
    if isinstance(value, Model):
        return len(value.model_fields_set) + sum(_keys(value.__dict__[name]) for name in value.model_fields_set)
    if isinstance(value, dict):
        return len(value) + sum(map(_keys, value.values()))
    return sum(map(_keys, value)) if isinstance(value, tuple) else 0


def has_holes(data: Any) -> bool:
    """Whether any mapping in the data is a hole."""
    if isinstance(data, dict):
        return "hole" in data or any(map(has_holes, data.values()))
    return isinstance(data, list) and any(map(has_holes, data))


def write_json(data: Any) -> str:
    """Indented JSON text of plain data."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _check_size(text: str | bytes) -> None:
    if len(text) > MAX_BYTES:
        raise SpecError(f"longer than {MAX_BYTES:,} bytes, which no specification is")


def _check(data: Any) -> None:
    """Refuse data nested too deep, and text that no file can hold."""
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [
            x
            for item in level
            if isinstance(item, dict | list)
            for x in ((*item, *item.values()) if isinstance(item, dict) else item)
        ]
        for text in level:
            if isinstance(text, str) and not text.isascii():
                _check_text(text)
        if not level:
            return
    raise SpecError(f"nested more than {MAX_DEPTH} deep; flatten it")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SpecError(f"{shortened(text)} holds half a character; write it in UTF-8") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{shortened(twice)} is written twice; keep one")
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
