"""Pickles of earlier versions: what was added to a class since then has its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Pickled:
    """A dataclass whose pickles of earlier versions can be read, as far as its further fields have defaults."""

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take the fields of a pickle.

        Raises:
            ValueError: it lacks a field that has no default.
        """
        values = dict(state)
        for own in fields(self):
            if own.name in values:
                continue
            if own.default is MISSING and own.default_factory is MISSING:
                raise ValueError(
                    f"this pickle of a {type(self).__name__} is of an earlier version, without its {own.name}; make it "
                    "again, or open its run: Result.open(directory)"
                )
            values[own.name] = own.default if own.default_factory is MISSING else own.default_factory()
        vars(self).update(values)
