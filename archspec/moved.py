"""Old names of modules: importing one warns, and its attributes are looked up in the modules that replaced it."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Old(ModuleType):
    """A module under its old name: attributes are looked up in the modules `now` that replaced it."""

    now: tuple[ModuleType, ...] = ()

    def __getattr__(self, name: str) -> Any:
        for module in self.now:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


class _Finder(MetaPathFinder, Loader):
    """Finds modules by their old names.

    Args:
        package: the package that contains them.
        names: for each old name in the package, the names of the modules that replaced it.
    """

    def __init__(self, package: str, names: Mapping[str, Sequence[str]]) -> None:
        self.names = {f"{package}.{old}": [f"{package}.{n}" for n in new] for old, new in names.items()}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a module with an old name; None for any other name."""
        return ModuleSpec(name, self) if name in self.names else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module that looks up its attributes elsewhere."""
        return _Old(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Import the modules that replaced it, and warn."""
        now = self.names[module.__name__]
        text = f"{module.__name__} is now {' and '.join(now)}; the old name goes with version 1.0"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        assert isinstance(module, _Old)
        module.now = tuple(importlib.import_module(name) for name in now)


def keep_old_names(package: str, names: Mapping[str, Sequence[str]]) -> None:
    """Make modules of a package importable by their old names; see `_Finder` for the arguments."""
    # Before all others: these would find the file of a new module under an old package, and load it twice.
    sys.meta_path.insert(0, _Finder(package, names))
