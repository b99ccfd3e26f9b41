"""Conversion of models, with or without holes, to plain data and back."""

from __future__ import annotations

import inspect
from typing import Any

from archspec.geometry.groups import Group
from archspec.schema.hole import Expression, Hole
from archspec.schema.holes import Choice, Integer, Real
from archspec.schema.kinds import model_of
from archspec.schema.mistakes import FieldError, shortened, shortened_path, step
from archspec.schema.model import Model

_HOLE = "hole"
_HOLES: dict[str, type[Hole]] = {kind.kind: kind for kind in (Choice, Integer, Real, Expression)}


def to_data(value: Any) -> Any:
    """A model, with or without holes, as plain JSON-ready data; fields with their default value are left out."""
    match value:
        case Model():
            fields = type(value).model_fields
            return {
                name: to_data(getattr(value, name))
                for name, info in fields.items()
                if name in ("kind", "schema_version")
                or getattr(value, name) != info.get_default(call_default_factory=True)
            }
        case Hole():
            return value.data(to_data)
        case Group():
            return str(value)
        case dict():
            return {key: to_data(x) for key, x in value.items()}
        case list() | tuple():
            return [to_data(x) for x in value]
        case _:
            return value


def from_data(value: Any, place: str = "") -> Any:
    """The models and holes that plain data describe.

    Args:
        value: plain data, as from JSON or YAML.
        place: path of `value` in the whole document, for errors.

    Raises:
        ValueError: the data are not valid; the message begins with the path.
    """
    if isinstance(value, list):
        return [from_data(x, f"{place}[{i}]") for i, x in enumerate(value)]
    if not isinstance(value, dict):
        return value
    fields = {str(key): from_data(x, place + step(str(key))) for key, x in value.items()}
    where = shortened_path(place.lstrip("."))
    model = model_of(fields.get("kind"))
    try:
        if _HOLE in fields:
            return _hole_from_data(fields)
        if model is None:
            return fields
        return model(**fields)
    except FieldError as error:
        raise ValueError(f"{where}.{error.reason}".lstrip(".")) from None
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(
            f"{where}.{error}".lstrip(".") if model else f"{where}: this hole cannot be read: {error}"
        ) from None


def _hole_from_data(fields: dict[str, Any]) -> Hole:
    kind = fields.pop(_HOLE)
    if not isinstance(kind, str) or kind not in _HOLES:
        raise ValueError(f"unknown hole {shortened(kind)}; use {', '.join(_HOLES)}")
    try:
        return _HOLES[kind].from_fields(fields)
    except (TypeError, KeyError):
        known = ", ".join(inspect.signature(_HOLES[kind]).parameters).replace("operands", "of")
        raise ValueError(f"the fields of this kind of hole are {known}, not {', '.join(fields) or 'none'}") from None
