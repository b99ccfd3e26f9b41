"""Reading and writing specifications as JSON or a safe subset of YAML. Reading never runs code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from archspec.schema.kinds import take_in
from archspec.schema.mistakes import describe, shortened
from archspec.schema.model import Model

MAX_BYTES = 4_000_000
MAX_DEPTH = 64
_EXPONENTIAL = re.compile(r"[-+]?\d+[eE][-+]?\d+$")
M = TypeVar("M", bound=Model)


class SpecError(ValueError):
    """A specification cannot be read; the message is one sentence: where, what is wrong, what to do."""


def read_json(text: str | bytes) -> Any:
    """The data of a JSON text; SpecError if it is not JSON, longer than 4 MB or nested more than 64 deep."""
    _check_size(text)
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise SpecError(f"nested more than {MAX_DEPTH} deep; flatten it") from None
    except ValueError as error:
        raise SpecError(f"not JSON: {error}") from None
    _check_depth(data)
    return data


def read_yaml(text: str | bytes) -> Any:
    """The data of a YAML text; SpecError if it is not YAML, has tags, anchors or aliases, is too long or too deep."""
    import yaml

    class Plain(yaml.CSafeLoader):
        pass

    _resolve_numbers(Plain)
    _check_size(text)
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            line = f"line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise SpecError(f"{line}: anchors and aliases are not allowed; write it out")
            if tag := getattr(event, "tag", None):
                raise SpecError(f"{line}: the tag {tag[:40]!r} is not allowed; remove it")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise SpecError(f"{line}: nested more than {MAX_DEPTH} deep; flatten it")
        return yaml.load(text, Loader=Plain)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        if "nesting depth" in problem:  # newer parsers have a limit of their own, and read ahead of ours
            raise SpecError(f"{where}nested more than {MAX_DEPTH} deep; flatten it") from None
        raise SpecError(f"not YAML: {where}{problem}") from None
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, SpecError) else SpecError(f"not YAML: {error}") from None


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
        return model.model_validate_json(text)
    except (ValidationError, RecursionError):
        return parsed(model, read_json(text))  # slower, but raises a readable error


def parsed(model: type[M], data: Any) -> M:
    """The model that plain data without holes describe; SpecError with the path of the first mistake."""
    if not isinstance(data, dict):
        required = ", ".join(name for name, info in model.model_fields.items() if info.is_required())
        raise SpecError(f"expected a mapping with {required}, found {shortened(data)}")
    try:
        if has_holes(data):
            raise SpecError("this is a space (it has holes); read it with spaces.Space.from_json")
        return model.model_validate(data)
    except ValidationError as error:
        if take_in():
            return parsed(model, data)
        raise SpecError(describe(error)) from None
    except RecursionError:
        raise SpecError(f"nested more than {MAX_DEPTH} deep; flatten it") from None


def has_holes(data: Any) -> bool:
    """Whether any mapping in the data is a hole."""
    if isinstance(data, dict):
        return "hole" in data or any(map(has_holes, data.values()))
    return isinstance(data, list) and any(map(has_holes, data))


def write_json(data: Any) -> str:
    """Indented JSON text of plain data."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def write_yaml(data: Any) -> str:
    """YAML text of plain data, which `read_yaml` reads back."""
    import yaml

    class Plain(yaml.CSafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    _resolve_numbers(Plain)
    text: str = yaml.dump(data, Dumper=Plain, sort_keys=False, allow_unicode=True, width=100)
    return text


def _resolve_numbers(reader: Any) -> None:
    """Make a YAML reader or writer treat 2e-05 as a number, as JSON does; in YAML 1.1 it is text without a point."""
    reader.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENTIAL, list("-+0123456789"))


def _check_size(text: str | bytes) -> None:
    if len(text) > MAX_BYTES:
        raise SpecError(f"longer than {MAX_BYTES:,} bytes, which no specification is")


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [
            x
            for item in level
            if isinstance(item, dict | list)
            for x in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise SpecError(f"nested more than {MAX_DEPTH} deep; flatten it")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
