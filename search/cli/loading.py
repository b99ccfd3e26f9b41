"""Read the search that a person wrote as a Python file."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path

from search.errors import RunError
from search.search import Search


def load_search(path: Path) -> Search:
    """The `Search` that a Python file defines under the name `search`, or the only one in it.

    Raises:
        RunError: the file cannot be imported, or defines none; with the line of the mistake.
    """
    if not path.exists():
        raise RunError(f"{path}: there is no such file")
    if path.stem in sys.modules or not path.stem.isidentifier():
        raise RunError(f"{path}: a module cannot be called {path.stem}; rename the file, to my_search.py say")
    # Worker processes import the file again, by its name, to find what the task is made of.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        module = importlib.import_module(path.stem)
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).resolve() == path.resolve()]
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        message = " ".join(str(error).split())
        raise RunError(f"{path}{f', line {line}' if line else ''}: {type(error).__name__}: {message}") from None
    found = getattr(module, "search", None)
    if not isinstance(found, Search):
        all_ = [value for value in vars(module).values() if isinstance(value, Search)]
        if len(all_) != 1:
            raise RunError(f"{path}: there is no variable called search that holds a Search")
        (found,) = all_
    return found
