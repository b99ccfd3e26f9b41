"""The source of a person's own pieces (blocks, kernels, strategies, tasks), with all of theirs that these refer to."""

from __future__ import annotations

import dis
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from archspec.schema.kinds import model_of
from search.errors import OTHERS
from search.identity import of_function, of_parts
from search.strategies.strategy import STRATEGIES, Strategy
from search.tasks.named import AnyTask


def sources(space: Any, task: AnyTask, strategy: str | Strategy | None = None) -> dict[str, str]:
    """By what they are, texts that change with the source of what is a person's own; nothing of installed packages.

    Args:
        space: the space, as plain data.
        task: its class counts.
        strategy: its class counts, or the function that is registered under its name.
    """
    found: dict[str, Any] = {kind: model_of(kind) for kind in sorted(set(kinds_in(space)))}
    found["task"] = type(task)
    if strategy is not None:
        found["strategy"] = STRATEGIES[strategy] if isinstance(strategy, str) else type(strategy)
    told = {name: _source(thing) for name, thing in found.items() if thing is not None}
    return {name: text for name, text in told.items() if text}


def kinds_in(data: Any) -> Iterator[str]:
    """All kinds that plain data name, those of the options of choices too."""
    if isinstance(data, dict):
        if isinstance(kind := data.get("kind"), str):
            yield kind
        for value in data.values():
            yield from kinds_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from kinds_in(value)


def _source(thing: Any) -> str:
    """A text that changes with the source of a thing, and of all of its owner's that it refers to; empty for ours."""
    known: dict[int, Any] = {}
    _collect(thing, known)
    return of_parts(sorted(map(of_function, known.values()))) if known else ""


def _collect(thing: Any, known: dict[int, Any]) -> None:
    thing = inspect.unwrap(getattr(thing, "__func__", thing)) if callable(thing) else thing
    if id(thing) in known or not isinstance(thing, type | FunctionType) or not _is_own(thing):
        return
    known[id(thing)] = thing
    if isinstance(thing, FunctionType):
        for other in _referred(thing.__code__, thing):
            _collect(other, known)
        return
    parts = [getattr(part, name, None) for part in vars(thing).values() for name in ("__func__", "fget", "func")]
    for other in (*thing.__mro__[1:], *vars(thing).values(), *parts):
        _collect(other, known)


def _referred(code: CodeType, function: FunctionType) -> Iterator[Any]:
    """What the code of a function names: its globals, what it encloses, what it imports, and members of own modules."""
    names = {*code.co_names}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    found = [function.__globals__.get(name) for name in names]
    found += [cell.cell_contents for _, cell in cells if _is_filled(cell)]
    found += [_imported(str(one.argval), function) for one in dis.get_instructions(code) if one.opname == "IMPORT_NAME"]
    for one in found:
        if isinstance(one, ModuleType):
            yield from (vars(one)[name] for name in names & vars(one).keys() if _is_own(one))
        else:
            yield one
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _referred(inner, function)


def _imported(name: str, function: FunctionType) -> Any:
    """The module that a function imports when it is called, if it is a person's own; else None."""
    within = function.__globals__.get("__package__")
    for full in (f"{within}.{name}", name) if within else (name,):
        try:
            first = importlib.util.find_spec(full.partition(".")[0])
            if first is not None and not _is_of_others(first.origin or ""):
                return importlib.import_module(full)
        except Exception:  # whatever its code raises: the function says so when it is called
            continue
    return None


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _is_own(thing: Any) -> bool:
    """Whether a class, a function or a module is of a file that is neither ours nor an installed package's."""
    code = getattr(thing, "__code__", None)
    module = thing if isinstance(thing, ModuleType) else sys.modules.get(getattr(thing, "__module__", None) or "")
    file = code.co_filename if isinstance(code, CodeType) else getattr(module, "__file__", None)
    if file is None:  # built in, or of a notebook or the standard input
        return not isinstance(thing, ModuleType) and getattr(thing, "__module__", "") == "__main__"
    return not _is_of_others(file)


def _is_of_others(file: str) -> bool:
    """Whether a file is ours, of an installed package, or none, as of what a dataclass generates."""
    return file.startswith((*OTHERS, "<string>", "<attrs", "built-in", "frozen")) or "-packages/" in file
