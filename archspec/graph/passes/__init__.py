"""Passes: rewrites of a graph that keep what it computes. Each is a function whose result is verified."""

from archspec.graph.graph import Graph, verify
from archspec.graph.passes.by_block import follow, price_by_block
from archspec.graph.passes.share import share_equal
from archspec.graph.passes.simplify import simplify
from archspec.graph.passes.unused import drop_unused

# Unused nodes first, so that no time is spent on them; sharing last, when equal nodes have the same simplest form.
PASSES = (drop_unused, simplify, share_equal)


def optimise(graph: Graph) -> Graph:
    """The graph after all passes, in order."""
    for step in PASSES:
        after = step(graph)
        if after is not graph:
            verify(after)
        graph = after
    return graph


__all__ = ["PASSES", "drop_unused", "follow", "optimise", "price_by_block", "share_equal", "simplify"]
