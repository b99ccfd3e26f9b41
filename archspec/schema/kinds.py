"""Families of models told apart by `kind`: unions that grow when people register kinds of their own."""

from __future__ import annotations

import warnings
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic_core import CoreSchema, core_schema

from archspec.doors import Door, Unknown

MODELS: list[type[BaseModel]] = []  # all that may hold models of a family, in the order in which they were defined


class Kinds(Door[type[BaseModel]]):
    """The models of one family by their `kind`. `Annotated[Base, kinds]` is a field that holds any of them.

    Args:
        group: of the entry points by which packages add to it, such as `archsearch.blocks`.
        noun: what one of them is called.
    """

    def __init__(self, group: str, noun: str) -> None:
        super().__init__(group, noun, {})
        self._complete = False
        FAMILIES.append(self)

    def write_out(self, *models: type[BaseModel]) -> None:
        """Say which kinds are ours, once; before that, fields that hold them are not complete."""
        self.known.update({kind_of(model): model for model in models})
        self._complete = True

    def name_of(self, thing: type[BaseModel]) -> str:
        """Its kind."""
        return kind_of(thing)

    def add(self, name: str, thing: type[BaseModel]) -> None:
        """Add a kind: every model that may hold it knows it from now on; ValueError if there is another of that name.

        `name` is the model's `kind`.
        """
        if name != kind_of(thing):
            raise ValueError(f"{thing.__name__} has the kind {kind_of(thing)!r}, not {name!r}; register it under that")
        super().add(name, thing)
        rebuild()

    def take_in(self) -> bool:
        """Take in the entry points of installed packages, once; whether that added anything."""
        new = super().take_in()
        if new:
            for name in list(self.known):
                try:
                    _ = self[name]  # imports it
                except Unknown as error:
                    warnings.warn(str(error), RuntimeWarning, stacklevel=2)
                    del self.known[name]
            rebuild()
        return new

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not self._complete:
            raise PydanticUndefinedAnnotation(self.noun, f"which {self.noun}s there are is not known yet")
        choices = {name: handler.generate_schema(self[name]) for name in self.known}
        return core_schema.tagged_union_schema(choices, discriminator="kind")


FAMILIES: list[Kinds] = []


def model_of(kind: object) -> type[BaseModel] | None:
    """The model of any family with this `kind`; None if there is none."""
    for family in FAMILIES:
        if isinstance(kind, str) and kind in family.known:
            return family[kind]
    return model_of(kind) if isinstance(kind, str) and take_in() else None


def take_in() -> bool:
    """Take in what installed packages add to any family, once; whether that added anything.

    Asked when something is not understood, so that nobody waits for it who has no such packages.
    """
    return sum(family.take_in() for family in FAMILIES) > 0


def kind_of(model: type[BaseModel]) -> str:
    """The literal that tells a model apart from others of its family."""
    return str(model.model_fields["kind"].default)


def rebuild() -> None:
    """Have every model look again at what the fields of a family can hold."""
    for model in MODELS:
        if "__pydantic_core_schema__" in model.__dict__:
            del model.__pydantic_core_schema__
    for model in MODELS:
        model.model_rebuild(force=True)
