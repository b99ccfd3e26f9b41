"""Doors: registries of blocks, kernels, strategies … by name, to which other packages can add by entry points."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class Unknown(KeyError, ValueError):
    """There is no entry with this name, or it cannot be used; the message is one sentence."""

    def __str__(self) -> str:
        return str(self.args[0])


class Door(Mapping[str, T], Generic[T]):
    """A dictionary of things by name. An installed package adds to it by an entry point, a script by `add`.

    Entry points are loaded when an unknown name is looked up, or on iteration. One that cannot be used is left out,
    with a RuntimeWarning, so that it does not stop those who do not use it; looking it up raises `Unknown`.

    Args:
        group: name of the entry-point group, such as `archsearch.strategies`.
        noun: word for one of its things in errors, such as `strategy`.
        known: the built-in things; a text `module:name` is imported when it is first looked up.
    """

    def __init__(self, group: str, noun: str, known: Mapping[str, T | str]) -> None:
        self.group, self.noun = group, noun
        self.known: dict[str, T | str] = dict(known)
        # Why an entry point was left out, in a sentence, by its name.
        self.left_out: dict[str, str] = {}
        # The entry points that are not loaded yet; None before they are looked for.
        self._entries: list[EntryPoint] | None = None

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def name_of(self, thing: T) -> str:
        """The name under which a thing is registered: its attribute `name` or, without one, its class name."""
        return str(getattr(thing, "name", type(thing).__name__.lower()))

    def check(self, name: str, thing: T) -> None:
        """Raise ValueError if the thing cannot be registered under this name; the message is a sentence."""

    def same(self, old: T, new: T) -> bool:
        """Whether two things are one: the same object, or a class whose definition was run once more."""
        if isinstance(old, type) and isinstance(new, type):
            return (old.__module__, old.__qualname__) == (new.__module__, new.__qualname__)
        return old is new

    def add(self, name: str, thing: T) -> None:
        """Add a thing under a name. A class whose definition was run once more, as in a notebook, replaces the former.

        Raises:
            ValueError: another thing has this name, or it cannot be registered.
        """
        self.check(name, thing)
        if name in self.known and not self.same(self[name], thing):
            raise ValueError(f"there is another {self.noun} called {name!r} already; give yours another name")
        self.known[name] = thing
        _added.append(name)

    def take_in(self) -> bool:
        """Load the entry points of installed packages, once; returns whether any was added.

        They cannot replace things that are already known.
        """
        if self._entries is None:
            self._entries = sorted(entry_points(group=self.group), key=_package)  # the same order on every machine
        before = len(self.known)
        while self._entries:
            self._load(self._entries.pop(0))
        return len(self.known) > before

    def _load(self, entry: EntryPoint) -> None:
        try:
            thing = cast(T, entry.load())
            self.check(entry.name, thing)
            if entry.name in self.known and not self.same(self[entry.name], thing):
                raise ValueError(f"{_described(self[entry.name])} has this name already")
            self.known.setdefault(entry.name, thing)
        except Exception as error:  # whatever the code of another package raises
            reason = " ".join(str(error).split()) or "no reason given"
            kind = "" if isinstance(error, ValueError | ImportError | AttributeError) else f"{type(error).__name__}: "
            where = f"{entry.name!r} of the package {_package(entry)} ({entry.value})"
            sentence = f"the {self.noun} {where} cannot be used: {kind}{reason}"
            self.left_out[entry.name] = sentence
            warnings.warn(sentence, RuntimeWarning, stacklevel=4)

    def __contains__(self, name: object) -> bool:
        """Whether there is an entry with this name, even one that cannot be used."""
        if name not in self.known:
            self.take_in()
        return name in self.known or name in self.left_out

    def __getitem__(self, name: str) -> T:
        if name not in self.known:
            self.take_in()
        if name not in self.known:
            if name in self.left_out:
                raise Unknown(self.left_out[name])
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
        return iter(tuple(self.known))

    def __len__(self) -> int:
        self.take_in()
        return len(self.known)


def register(thing: T) -> T:
    """Register a block, head, kernel or window (a class) or a group (a `Finite`) under its own name, and return it.

    Then architectures can contain it, and specifications, spaces, prices and exports support it. A search registers it
    in the processes that train for it; any other process that reads its architectures has to do so itself: call this at
    the top level of a module, or use an entry point.

    Raises:
        ValueError: it is none of these, it has no name, or another one has its name.
    """
    family = getattr(thing, "family", None)
    if not isinstance(family, Door):
        raise ValueError(f"{thing!r} belongs to no family; register a block, head, kernel or window, or a group")
    name = family.name_of(thing)
    family.add(name, thing)
    _registered[family.group, name] = thing
    return thing


@dataclass(frozen=True)
class Registered:
    """What a process has registered; a process that unpickles it registers it too.

    Attributes:
        things: blocks, heads, kernels, windows and groups, in the order in which they were first registered.
    """

    things: tuple[object, ...]

    @classmethod
    def here(cls) -> Registered:
        """What this process has registered so far."""
        return cls(tuple(_registered.values()))

    def __reduce__(self) -> tuple[Callable[[tuple[object, ...]], Registered], tuple[tuple[object, ...]]]:
        return _registering, (self.things,)


def additions() -> int:
    """How often something was added to a door: what is remembered by name may mean another thing since."""
    return len(_added)


# The names of all that was added to a door.
_added: list[str] = []
# What was registered here, the last of each name, by the group of its door and its name.
_registered: dict[tuple[str, str], object] = {}


def _registering(things: tuple[object, ...]) -> Registered:
    for thing in things:
        register(thing)
    return Registered(things)


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "?"


def _described(thing: object) -> str:
    """What a person can find it by: its module and name."""
    name = getattr(thing, "__qualname__", None)
    return f"{getattr(thing, '__module__', '?')}.{name}" if name else repr(thing)
