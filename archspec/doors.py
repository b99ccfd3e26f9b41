"""Doors: names of blocks, kernels, strategies … that people's own packages add to, without a change here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class Unknown(ValueError):
    """There is nothing of that name; the message says what there is."""


class Door(Mapping[str, T], Generic[T]):
    """A dictionary of names. An installed package adds to it by an entry point, a script by `add`.

    Looking up a name that is not ours loads the entry points of the group; iterating loads all of them.

    Args:
        group: of the entry points, such as `archsearch.strategies`.
        noun: what one of its things is called, in errors.
        known: ours; text `module:name` stands for what is imported when it is first looked up.
    """

    def __init__(self, group: str, noun: str, known: Mapping[str, T | str]) -> None:
        self.group, self.noun = group, noun
        self._known: dict[str, T | str] = dict(known)
        self._complete = False

    def add(self, name: str, thing: T) -> None:
        """Add a thing under a name.

        Raises:
            ValueError: the name stands for another thing already.
        """
        if name in self._known and self[name] is not thing:
            raise ValueError(f"there is another {self.noun} called {name!r} already; give yours another name")
        self._known[name] = thing

    def __getitem__(self, name: str) -> T:
        if name not in self._known:
            self._complete_with_entry_points()
        if name not in self._known:
            raise Unknown(f"there is no {self.noun} {name!r}; use one of {', '.join(self._known)}")
        thing = self._known[name]
        if isinstance(thing, str):
            module, _, attribute = thing.partition(":")
            thing = self._known[name] = cast(T, getattr(import_module(module), attribute))
        return thing

    def __iter__(self) -> Iterator[str]:
        self._complete_with_entry_points()
        return iter(self._known)

    def __len__(self) -> int:
        self._complete_with_entry_points()
        return len(self._known)

    def __contains__(self, name: object) -> bool:
        self._complete_with_entry_points()
        return name in self._known

    def _complete_with_entry_points(self) -> None:
        if not self._complete:
            self._complete = True
            for entry in entry_points(group=self.group):
                if entry.name not in self._known:
                    self._known[entry.name] = entry.value
