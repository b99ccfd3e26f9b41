"""Families of models distinguished by their field `kind`: tagged unions to which packages can add kinds."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic_core import CoreSchema, core_schema

from archspec.doors import Door

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

    def check(self, name: str, thing: type[BaseModel]) -> None:
        """Raise ValueError if it is no finished model of this family, or `name` is not its kind or another family's."""
        kind = kind_of(thing)
        if getattr(thing, "family", None) is not self:
            raise ValueError(f"{thing.__name__} is not a {self.noun}")
        if name != kind:
            raise ValueError(f"{thing.__name__} has the kind {kind!r}, not {name!r}; register it under that")
        for family in FAMILIES:
            if family is not self and kind in family.known:
                raise ValueError(f"there is a {family.noun} called {kind!r} already; give yours another name")
        try:
            thing.model_rebuild()
        except PydanticUndefinedAnnotation as error:
            raise ValueError(f"{thing.__name__} has a field whose type {error.name!r} is not defined") from None

    def add(self, name: str, thing: type[BaseModel]) -> None:
        """Add a model to the family, so that every field of this family accepts it from now on.

        Args:
            name: the model's `kind`.
            thing: the model.

        Raises:
            ValueError: the name is not the model's kind, another model has it, or it is no model of this family.
        """
        super().add(name, thing)
        rebuild()

    def take_in(self) -> bool:
        """Load the entry points of installed packages, once; returns whether that added a kind."""
        new = super().take_in()
        if new:
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
    """The default of a model's field `kind`, which distinguishes it from others of its family.

    Raises:
        ValueError: it is no model, or its kind has no default.
    """
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        raise ValueError(f"{model!r} is not a class of models; write a subclass of Primitive, Kernel or Window")
    kind = model.model_fields["kind"].default if "kind" in model.model_fields else None
    if not isinstance(kind, str):
        raise ValueError(f'{model.__name__} has no kind; give it one: kind: Literal["mine"] = "mine"')
    return kind


def rebuild() -> None:
    """Rebuild the validators of all models, after a family has changed.

    A model with a field whose type is not defined yet is left as it is: incomplete.
    """
    for model in MODELS:
        if "__pydantic_core_schema__" in model.__dict__:
            del model.__pydantic_core_schema__
    for model in MODELS:
        model.model_rebuild(force=True, raise_errors=False)
