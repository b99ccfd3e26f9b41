"""The typed graph of an architecture: signals on its edges, costs, its hash, and the passes that rewrite it."""

from archspec.graph.graph import INPUT, Builder, Graph, module_names, path, verify

__all__ = ["INPUT", "Builder", "Graph", "module_names", "path", "verify"]
