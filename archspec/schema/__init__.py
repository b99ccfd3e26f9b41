"""The data layer of architectures: frozen pydantic models, holes, reading and writing, and readable errors."""

from typing import TYPE_CHECKING

from archspec.moved import former_names

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
