"""The base class of all parts of an architecture: a frozen pydantic model whose fields may be holes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archspec.geometry.groups import Group
from archspec.schema.hole import Decision, Hole
from archspec.schema.kinds import MODELS, take_in
from archspec.schema.mistakes import TAGS, FieldError, describe, remedy, shortened, step

Place = tuple[str | int, ...]
_PLAIN = (int, str, float, bool, type(None), Group)


class Copies(NamedTuple):
    """A part of a model that is copied several times, each copy with separate holes; each reads the one before it.

    Attributes:
        times: number of copies, a number or a hole.
        body: the part that is copied.
        joined: builds the filled model from the list of filled copies.
        split: the inverse of `joined`; returns None for a value that `joined` cannot have built.
    """

    times: Any
    body: Any
    joined: Callable[[list[Any]], Model]
    split: Callable[[Any], list[Any] | None]


def later(default: Any, **constraints: Any) -> Any:
    """A field that was added after the first release: its default is not serialised, so that hashes do not change."""
    return Field(default=default, exclude_if=lambda value: value == default, **constraints)


class Model(BaseModel):
    """A frozen model without unknown fields. Any field, or any item of a list or mapping in it, may be a hole.

    Every possible value of a hole is validated when the model is created, with the other holes at their first value.

    Raises:
        SpecError: a field is missing, unknown or not valid; it is a ValueError.
        TypeError: fields are not given by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, /, *unnamed: Any, **data: Any) -> None:
        kind = type(self)
        if unnamed:
            raise TypeError(f"{kind.__name__} takes its fields by name: {', '.join(kind.model_fields)}")
        try:
            try:
                _validate(self, data)
            except ValueError:
                if not take_in():
                    raise
                _validate(self, data)
        except ValueError as error:
            reason = describe(error, kind, data) if isinstance(error, ValidationError) else str(error)
            raise FieldError(kind.__name__, reason) from None

    # Marks __init__ as pydantic's own: validating data without holes, pydantic then need not call it for nested models.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if (kind := cls.model_fields.get("kind")) and isinstance(kind.default, str):
            TAGS[kind.default] = cls
        MODELS.append(cls)

    @classmethod
    def model_json_schema(cls, *args: Any, **named: Any) -> dict[str, Any]:
        """The JSON Schema of the model, with the kinds that installed packages add; arguments as pydantic's."""
        take_in()
        return super().model_json_schema(*args, **named)

    def is_open(self) -> bool:
        """Whether it contains a hole, at any depth."""
        return _is_open(self)

    def copies(self) -> Copies | None:
        """The part that it copies with separate holes (see `Repeat`); None if there is none."""
        return None

    def learns(self) -> frozenset[str]:
        """Roles other than `plain` of its parameters, without those of models in its fields; see `archspec.roles`."""
        return frozenset()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed, and without cached properties of the original."""
        other = super().model_copy(update=update, deep=deep)
        for name in other.__dict__.keys() - type(self).model_fields.keys():
            del other.__dict__[name]
        return other

    def with_fields(self, changes: dict[str, Any]) -> Self:
        """A copy with other values in some fields, which must be valid: they are not validated again."""
        other = type(self).__new__(type(self))
        fields = {name: self.__dict__[name] for name in type(self).model_fields}
        object.__setattr__(other, "__dict__", fields | changes)
        object.__setattr__(other, "__pydantic_fields_set__", self.__pydantic_fields_set__ | changes.keys())
        object.__setattr__(other, "__pydantic_extra__", None)
        object.__setattr__(other, "__pydantic_private__", None)
        return other


def parts(value: Any) -> Iterator[Model]:
    """Every model inside a value, itself included, at any depth and in all options of choices."""
    if isinstance(value, Model):
        yield value
        value = value.__dict__.values()
    elif isinstance(value, Hole):
        value = [option for hole, _ in value.decisions("") for _, option in hole.parts()]
    elif isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for part in value:
        yield from parts(part)


def check_types(made: Any, given: Any, place: str = "") -> None:
    """Refuse data that a field has turned into another type: `"9"` or `true` for a number, 1 for `true`.

    Args:
        made: the model, or a part of it.
        given: the data it was made from; models in it have been checked already.
        place: their path, for errors.

    Raises:
        ValueError: the type of a value is not that of its field.
    """
    if isinstance(given, dict):
        fields = made.__dict__ if isinstance(made, Model) else made if isinstance(made, dict) else {}
        for key, item in given.items():
            check_types(fields.get(key), item, place + step(str(key)))
    elif isinstance(given, list | tuple) and isinstance(made, list | tuple):
        for i, (one, item) in enumerate(zip(made, given, strict=False)):
            check_types(one, item, f"{place}[{i}]")
    elif isinstance(given, Decision) and isinstance(made, Decision):
        for (label, item), (_, one) in zip(given.parts(), made.parts(), strict=False):
            check_types(one, item, f"{place}[{label}]")
    elif isinstance(made, bool) and isinstance(given, int | float | str) and not isinstance(given, bool):
        raise ValueError(f"{place.lstrip('.')}: expected true or false (found {shortened(given)})")
    elif isinstance(made, int | float) and not isinstance(made, bool) and isinstance(given, bool | str):
        raise ValueError(f"{place.lstrip('.')}: expected a number (found {shortened(given)})")


def _validate(model: Model, data: dict[str, Any]) -> None:
    holes = list(_direct_holes(data))
    if holes:
        _validate_open(model, data, holes)
    else:
        model.__pydantic_validator__.validate_python(data, self_instance=model)
    check_types(model, data)


def _validate_open(model: Model, data: dict[str, Any], holes: list[tuple[Place, Hole]]) -> None:
    """Validate every value of every hole, one hole at a time, then put the holes with validated options back."""
    filled: Any = data
    for place, hole in holes:
        filled = _replace(filled, place, next(_values(place, hole))[1])
    checked = {place: _checked(model, place, hole, filled) for place, hole in holes}
    model.__pydantic_validator__.validate_python(filled, self_instance=model)
    for (field, *rest), hole in checked.items():
        model.__dict__[str(field)] = _replace(model.__dict__[str(field)], tuple(rest), hole)


def _checked(model: Model, place: Place, hole: Hole, data: Any) -> Hole:
    """The hole with its options validated by its field."""
    options = []
    for label, value in _values(place, hole):
        if isinstance(value, Hole):
            raise ValueError(f"{_path(place)}: a hole cannot be an option of a choice; write its values as options")
        try:
            model.__pydantic_validator__.validate_python(_replace(data, place, value), self_instance=model)
        except ValidationError as error:
            elsewhere = any(found["loc"][:1] not in ((), place[:1]) for found in error.errors())
            if elsewhere or not isinstance(value, int | float | str):
                raise
            reason = remedy(error.errors()[0])
            reason = reason if len(reason) <= 160 else f"{reason[:159]}…"  # it may hold a whole body
            raise ValueError(f"{_path(place)}: the value {shortened(label)[1:-1]} does not fit: {reason}") from None
        options.append(_at(model.__dict__, place))
    checked = hole.with_options(tuple(options))
    if checked is hole and any(isinstance(option, bool) for option in options):
        raise ValueError(f"{_path(place)}: expected true or false, not a number; write choice(True, False)")
    return checked


def _values(place: Place, hole: Hole) -> Iterator[tuple[str, Any]]:
    """The values of a hole to check; an error in working one out begins with the path of the hole."""
    try:
        yield from hole.values_to_check()
    except ValueError as error:
        raise ValueError(f"{_path(place)}: {error}") from None


def _direct_holes(data: dict[str, Any]) -> Iterator[tuple[Place, Hole]]:
    return _holes_in(data, ())


def _holes_in(value: Any, place: Place) -> Iterator[tuple[Place, Hole]]:
    if isinstance(value, Hole):
        yield place, value
    elif isinstance(value, list | tuple | dict):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(item, Hole | dict | list | tuple):
                yield from _holes_in(item, (*place, key))


def _is_open(value: Any) -> bool:
    if isinstance(value, BaseModel):
        value = value.__dict__.values()
    elif isinstance(value, Hole):
        return True
    elif isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return False
    return any(_is_open(x) for x in value if x.__class__ not in _PLAIN)


def _replace(container: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    key, *rest = place
    if isinstance(container, Model):
        return container.with_fields({str(key): _replace(getattr(container, str(key)), tuple(rest), value)})
    if isinstance(container, dict):
        return {**container, key: _replace(container[key], tuple(rest), value)}
    items = list(container)
    items[int(key)] = _replace(items[int(key)], tuple(rest), value)
    return items if isinstance(container, list) else tuple(items)


def _at(container: Any, place: Place) -> Any:
    for key in place:
        container = getattr(container, str(key)) if isinstance(container, Model) else container[key]
    return container


def _path(place: Place) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else step(key) for key in place).lstrip(".")
