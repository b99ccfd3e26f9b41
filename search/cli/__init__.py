"""The command `archsearch`."""

from typing import TYPE_CHECKING

from archspec.moved import former_names
from search.cli.main import main

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)

__all__ = ["main"]
