"""What decides a result, as short texts: functions by name and source, data by a sample of their content."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sized
from functools import partial
from tokenize import TokenError
from types import CodeType
from typing import Any

import numpy as np

SAMPLED = 32  # examples of a dataset that are read to tell it from another


def of_function(function: Callable[..., Any]) -> str:
    """Name of a function and a hash of its source, or of its byte code where there is none.

    Of an object that is called, the class and its public attributes count; of a `partial`, its function and arguments.
    """
    if isinstance(function, partial):
        arguments = [*map(of_value, function.args), *(f"{k}={of_value(v)}" for k, v in function.keywords.items())]
        return f"{of_function(function.func)}({', '.join(arguments)})"
    if not inspect.isroutine(function) and not inspect.isclass(function):
        attributes = {k: v for k, v in sorted(getattr(function, "__dict__", {}).items()) if not k.startswith("_")}
        if hasattr(function, "reset"):  # what a metric of torchmetrics has seen so far is no part of it
            attributes = {k: v for k, v in attributes.items() if isinstance(v, str | int | float | None)}
        inside = ", ".join(f"{key}={of_value(value)}" for key, value in attributes.items())
        return f"{of_function(type(function))}({inside})"
    name = str(getattr(function, "__qualname__", type(function).__name__))
    try:
        source = inspect.getsource(function).strip()
    except (OSError, TypeError, SyntaxError, TokenError):  # no file, or one that has been changed since
        code = getattr(function, "__code__", None)
        source = _code(code) if isinstance(code, CodeType) else name
    closed = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if _is_plain(cell)]
    return f"{name} {_hash(source, *map(of_value, closed), *_globals(function))}"


def of_parts(texts: Iterable[str]) -> str:
    """A hash of texts, in their order."""
    return _hash(*texts)


def _globals(function: Any) -> list[str]:
    """The global numbers and texts that a function reads."""
    code, known = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    names = sorted({name for name in getattr(code, "co_names", ()) if name in known})
    plain = [name for name in names if isinstance(known[name], str | int | float | None)]
    return [f"{name}={known[name]!r}" for name in plain if not name.startswith("__")]


def of_value(value: Any) -> str:
    """A value as a short text: numbers and text as they are, functions by `of_function`, else the type."""
    if isinstance(value, str | int | float | bool | None):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(of_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{k}: {of_value(v)}' for k, v in value.items())}}}"
    if callable(value) and inspect.isroutine(value):
        return of_function(value)
    return of_array(value) if hasattr(value, "shape") else type(value).__qualname__


def of_array(array: Any) -> str:
    """Shape of an array and a hash of its content."""
    found = np.ascontiguousarray(np.asarray(array))
    return f"{tuple(found.shape)} {_hash(found.tobytes())}"


def of_data(data: Any) -> str:
    """Training or validation data as a short text.

    Of tensors the whole content counts; of a dataset its length and that of 32 examples spread evenly over it, without
    what is random in them; of a loader its length and its dataset.

    Raises:
        ValueError: an example cannot be read.
    """
    if isinstance(data, tuple):
        return " ".join(map(of_array, data))
    inner = getattr(data, "dataset", None)
    if inner is not None and not hasattr(data, "__getitem__"):
        return f"{_length(data)} batches of {of_data(inner)}"
    count = _length(data)
    if count is None or not hasattr(data, "__getitem__"):
        return f"{type(data).__qualname__} of {count}"
    digest = hashlib.blake2b(digest_size=8)
    for i in sorted({round(k * (count - 1) / (SAMPLED - 1)) for k in range(SAMPLED)} if count else ()):
        try:
            once, again = _content(data[i]), _content(data[i])
        except Exception as error:
            raise ValueError(f"example {i} of the data cannot be read: {type(error).__name__}: {error}") from error
        for part, same in zip(once, again, strict=False):
            digest.update(part if part == same else b"random")
    return f"{count} examples {digest.hexdigest()}"


def _content(example: Any) -> list[bytes]:
    """The bytes of an example; of nothing but arrays, numbers and text, however nested."""
    if isinstance(example, Mapping):
        return [part for key in example for part in (str(key).encode(), *_content(example[key]))]
    if isinstance(example, list | tuple):
        return [part for item in example for part in _content(item)]
    if isinstance(example, str | bytes):
        return [example if isinstance(example, bytes) else example.encode()]
    try:
        return [np.ascontiguousarray(np.asarray(example)).tobytes()]
    except (TypeError, ValueError):
        return [type(example).__qualname__.encode()]


def _length(data: Any) -> int | None:
    try:
        return len(data) if isinstance(data, Sized) else None
    except TypeError:  # a loader over a dataset without a length
        return None


def _is_plain(cell: Any) -> bool:
    try:
        value = cell.cell_contents
    except ValueError:  # not filled yet
        return False
    return isinstance(value, str | int | float | bool | None | list | tuple | Mapping) or hasattr(value, "shape")


def _code(code: CodeType) -> str:
    """Byte code, names and constants, those of functions inside too; no file names and lines."""
    inner = [_code(value) if isinstance(value, CodeType) else _constant(value) for value in code.co_consts]
    return repr((code.co_code, code.co_names, inner))


def _constant(value: object) -> str:
    """A constant as text; the members of a set are in another order in each process."""
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _hash(*parts: str | bytes) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
    return digest.hexdigest()
