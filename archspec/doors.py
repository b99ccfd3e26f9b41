"""Doors: registries of blocks, kernels, strategies … by name, to which other packages can add by entry points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class Unknown(KeyError, ValueError):
    """There is no entry with this name; the message lists the names that exist."""

    def __str__(self) -> str:
        return str(self.args[0])


class Door(Mapping[str, T], Generic[T]):
    """A dictionary of things by name. An installed package adds to it by an entry point, a script by `add`.

    Entry points are loaded when an unknown name is looked up, or on iteration.

    Args:
        group: name of the entry-point group, such as `archsearch.strategies`.
        noun: word for one of its things in errors, such as `strategy`.
        known: the built-in things; a text `module:name` is imported when it is first looked up.
    """

    def __init__(self, group: str, noun: str, known: Mapping[str, T | str]) -> None:
        self.group, self.noun = group, noun
        self.known: dict[str, T | str] = dict(known)
        self._asked = False

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def name_of(self, thing: T) -> str:
        """The name under which a thing is registered: its attribute `name` or, without one, its class name."""
        return str(getattr(thing, "name", type(thing).__name__.lower()))

    def add(self, name: str, thing: T) -> None:
        """Add a thing under a name.

        Raises:
            ValueError: another thing has this name.
        """
        if name in self.known and self[name] is not thing:
            raise ValueError(f"there is another {self.noun} called {name!r} already; give yours another name")
        self.known[name] = thing

    def take_in(self) -> bool:
        """Load the entry points of installed packages, once; returns whether any was added.

        They cannot replace things that are already known.
        """
        if self._asked:
            return False
        self._asked = True
        new = {entry.name: entry.value for entry in entry_points(group=self.group) if entry.name not in self.known}
        self.known.update(new)
        return bool(new)

    def __getitem__(self, name: str) -> T:
        if name not in self.known:
            self.take_in()
        if name not in self.known:
            raise Unknown(f"there is no {self.noun} {name!r}; use one of {', '.join(self.known)}")
        thing = self.known[name]
        if isinstance(thing, str):
            module, _, attribute = thing.partition(":")
            try:
                thing = cast(T, getattr(import_module(module), attribute))
            except (ImportError, AttributeError) as error:
                raise Unknown(f"the {self.noun} {name!r} ({thing}) cannot be imported: {error}") from None
            self.known[name] = thing
        return thing

    def __iter__(self) -> Iterator[str]:
        self.take_in()
        return iter(self.known)

    def __len__(self) -> int:
        self.take_in()
        return len(self.known)


def register(thing: T) -> T:
    """Register a block, head, kernel or window (a class) or a group (a `Finite`) under its own name, and return it.

    Then architectures can contain it, and specifications, spaces, prices and exports support it. A search trains in
    other processes, where it must be registered too: call this at the top level of a module, or use an entry point.

    Raises:
        ValueError: it is none of these, or another one has its name.
    """
    family = getattr(thing, "family", None)
    if not isinstance(family, Door):
        raise ValueError(f"{thing!r} belongs to no family; register a block, head, kernel or window, or a group")
    family.add(family.name_of(thing), thing)
    return thing
