"""Families of models distinguished by their field `kind`: tagged unions to which packages can add kinds."""

from __future__ import annotations

import warnings
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic_core import CoreSchema, core_schema

from archspec.doors import Door, Unknown

MODELS: list[type[BaseModel]] = []  # all models, in the order of their definition; a field of each may hold a family


class Kinds(Door[type[BaseModel]]):
    """The models of one family by their `kind`. `Annotated[Base, kinds]` is the type of a field for any of them.

    Args:
        group: name of the entry-point group by which packages add kinds, such as `archsearch.blocks`.
        noun: word for one of its models in errors, such as `block`.
    """

    def __init__(self, group: str, noun: str) -> None:
        super().__init__(group, noun, {})
        self._complete = False
        FAMILIES.append(self)

    def write_out(self, *models: type[BaseModel]) -> None:
        """Define the built-in kinds, once; before that, pydantic cannot complete fields of this family."""
        self.known.update({kind_of(model): model for model in models})
        self._complete = True

    def name_of(self, thing: type[BaseModel]) -> str:
        """The kind of a model."""
        return kind_of(thing)

    def add(self, name: str, thing: type[BaseModel]) -> None:
        """Add a model to the family, so that every field of this family accepts it from now on.

        Args:
            name: the model's `kind`.
            thing: the model.

        Raises:
            ValueError: the name is not the model's kind, or another model has it.
        """
        if name != kind_of(thing):
            raise ValueError(f"{thing.__name__} has the kind {kind_of(thing)!r}, not {name!r}; register it under that")
        super().add(name, thing)
        rebuild()

    def take_in(self) -> bool:
        """Load the entry points of installed packages, once; returns whether that added a kind.

        An entry point that cannot be imported is left out, with a RuntimeWarning.
        """
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
    """Load the entry points of installed packages for all families, once; returns whether that added a kind.

    It is called only when data cannot be read without, so that it costs no time where no package adds kinds.
    """
    return sum(family.take_in() for family in FAMILIES) > 0


def kind_of(model: type[BaseModel]) -> str:
    """The default of a model's field `kind`, which distinguishes it from others of its family."""
    return str(model.model_fields["kind"].default)


def rebuild() -> None:
    """Rebuild the validators of all models, after a family has changed."""
    for model in MODELS:
        if "__pydantic_core_schema__" in model.__dict__:
            del model.__pydantic_core_schema__
    for model in MODELS:
        model.model_rebuild(force=True)
