"""The command `archsearch`."""

from search.cli.main import main

__all__ = ["main"]
