"""Old names of modules and of what is in them: they still work, with a DeprecationWarning that says the new name."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# The modules that replaced a module, by its old name.
MODULES: dict[str, list[str]] = {}
# What replaced an attribute, `module:name` or a sentence that says what to use, by the old module and name.
NAMES: dict[str, str] = {}


def keep_old_names(
    package: str, modules: Mapping[str, Sequence[str]], names: Mapping[str, Mapping[str, str]] | None = None
) -> None:
    """Make old names of a package work. All names of modules are without that of the package.

    Args:
        package: the package that contains them.
        modules: for each old name of a module, the names of the modules that replaced it.
        names: by the old name of a module, for each old name of an attribute what replaced it, as `module:name`, or
            where nothing did, what to use: words after `use`. A module that still exists needs `former_names`.
    """
    MODULES.update({f"{package}.{old}": [f"{package}.{n}" for n in new] for old, new in modules.items()})
    for old, renamed in (names or {}).items():
        module = f"{package}.{old}".rstrip(".")
        for name, now in renamed.items():
            NAMES[f"{module}.{name}"] = now if now.startswith("use ") else f"{package}.{now}"


def former(module: str, name: str) -> Any:
    """What an attribute of a module, called by its old name, is now; for the `__getattr__` of that module.

    Raises:
        AttributeError: it never existed, or it is gone; then the message says what to use instead.
    """
    old = f"{module}.{name}"
    if old in MODULES:
        return importlib.import_module(old)
    if old not in NAMES:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    now = NAMES[old]
    if now.startswith("use "):
        raise AttributeError(f"{old} is gone; {now}")
    place, _, attribute = now.partition(":")
    text = f"{old} is now {place}.{attribute}; the old name goes with version 1.0"
    warnings.warn(text, DeprecationWarning, stacklevel=3)
    return getattr(importlib.import_module(place), attribute)


def former_names(module: str) -> Callable[[str], Any]:
    """A `__getattr__` for a module of which some attributes had other names."""

    def __getattr__(name: str) -> Any:
        return former(module, name)

    return __getattr__


class _Old(ModuleType):
    """A module under its old name: attributes are looked up in the modules `now` that replaced it."""

    now: tuple[ModuleType, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if f"{self.__name__}.{name}" not in NAMES:
            for module in self.now:
                if hasattr(module, name):
                    return getattr(module, name)
        return former(self.__name__, name)


class _Finder(MetaPathFinder, Loader):
    """Finds modules by their old names."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a module with an old name; None for any other name."""
        return ModuleSpec(name, self) if name in MODULES else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module that looks up its attributes elsewhere."""
        return _Old(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Import the modules that replaced it, and warn."""
        old = module.__name__
        text = f"{old} is now {' and '.join(MODULES[old])}; the old name goes with version 1.0"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        assert isinstance(module, _Old)
        module.now = tuple(importlib.import_module(name) for name in MODULES[old])
        renamed = [name.rpartition(".") for name, now in NAMES.items() if not now.startswith("use ")]
        public = {name for now in module.now for name in getattr(now, "__all__", vars(now)) if name[0] != "_"}
        # What `from … import *` takes.
        vars(module)["__all__"] = sorted(public | {name for place, _, name in renamed if place == old})


# Before all others: these would find the file of a new module under an old package, and load it twice.
sys.meta_path.insert(0, _Finder())
