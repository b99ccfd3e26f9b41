"""Read a user's file: an architecture or a space (JSON, YAML), or a search (Python)."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from archspec.architecture import Architecture
from archspec.graph.signal import SignalError
from archspec.schema.document import SpecError, has_holes, parsed, read_file
from search.errors import RunError
from search.tasks.named import TASKS

if TYPE_CHECKING:
    from search.result import Result
    from search.search import Search
    from spaces import Space


def read_spec(path: Path) -> Architecture | Space:
    """The architecture or the space in a file; SpecError, which names the file, if it holds neither."""
    data = read_file(path)
    try:
        if has_holes(data):
            from spaces import Space

            return Space.from_data(data)
        architecture = parsed(Architecture, data)
        _ = architecture.graph
        return architecture
    except (SpecError, SignalError) as error:
        raise SpecError(f"{path}: {error}") from None


def load_search(path: Path, task: str | None = None) -> Search:
    """The search that a file defines.

    A Python file has it in its variable `search`, or as its only variable that is a `Search`. A space (JSON, YAML) is
    searched on the task named `task`, with the default objectives.

    Raises:
        RunError: the file cannot be imported (the message names the line), or defines no search.
        SpecError: the file is not a space.
    """
    if not path.exists():
        raise RunError(f"{path}: there is no such file")
    if path.suffix in (".json", ".yaml", ".yml"):
        return _over_a_space(path, task)
    if task is not None:
        raise RunError(f"{path} defines the task of its search itself; leave --task out")
    return _in_python(path)


def _over_a_space(path: Path, task: str | None) -> Search:
    from search.search import Search

    space = read_spec(path)
    if isinstance(space, Architecture):
        raise SpecError(f"{path} is an architecture without holes; there is nothing to search")
    if task is None or task not in TASKS:
        wrong = f"there is no task {task!r}" if task else f"{path} is a space"
        raise RunError(f"{wrong}; name the task to search it on: --task with one of {', '.join(TASKS)}")
    return Search(space, task)


def _in_python(path: Path) -> Search:
    from search.search import Search

    module = load_module(path)
    found = getattr(module, "search", None)
    if not isinstance(found, Search):
        all_ = [value for value in vars(module).values() if isinstance(value, Search)]
        if len(all_) != 1:
            raise RunError(f"{path}: there is no variable called search that holds a Search")
        (found,) = all_
    return found


def open_run(directory: Path, file: Path | None) -> Result:
    """The result of the run in a directory, once the file that registers blocks of its own was read, if one is given.

    Raises:
        RunError: the file cannot be imported, or the run cannot be read.
    """
    from search.result import Result

    if file is not None:
        load_module(file)
    return Result.open(directory)


def load_module(path: Path) -> ModuleType:
    """What a Python file defines; RunError if it cannot be imported (the message names the line)."""
    if not path.exists():
        raise RunError(f"{path}: there is no such file")
    known = sys.modules.get(path.stem)
    if known is not None and Path(getattr(known, "__file__", None) or "").resolve() == path.resolve():
        del sys.modules[path.stem]  # the same file, read again
    elif known is not None or not path.stem.isidentifier():
        raise RunError(f"{path}: a module cannot be called {path.stem}; rename the file, for example to my_search.py")
    # Worker processes import the file again, by its name, to unpickle the task.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        return importlib.import_module(path.stem)
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).resolve() == path.resolve()]
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        message = " ".join(str(error).split())
        raise RunError(f"{path}{f', line {line}' if line else ''}: {type(error).__name__}: {message}") from None
