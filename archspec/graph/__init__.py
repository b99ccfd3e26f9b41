"""The typed graph of an architecture: signals on its edges, costs, its hash, and the passes that rewrite it."""

from typing import TYPE_CHECKING

from archspec.graph.graph import INPUT, Builder, Graph, module_names, path, verify
from archspec.moved import former_names

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)

__all__ = ["INPUT", "Builder", "Graph", "module_names", "path", "verify"]
