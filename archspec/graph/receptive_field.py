"""How far an output looks: its receptive field, and whether ahead."""

from __future__ import annotations

from archspec.graph.graph import Graph


def receptive_field(graph: Graph) -> float:
    """The share of its input's extent over which an output depends on it, before any pooling over the whole grid.

    Of an axis of n points that is n times the share and one point: the sum, over blocks one after another, of the share
    of its grid that each reads around a point; on the longest path.
    """
    found: dict[str, float] = {}
    for name, node in graph.nodes.items():
        found[name] = max((found[read] for read in node.inputs), default=0.0) + node.facts.receptive_field
    return found[graph.output]


def looking_ahead(graph: Graph) -> str | None:
    """The first node whose output depends, on a series, on later points than its own; None if there is none."""
    blocks = {name: node.block for name, node in graph.nodes.items() if node.block}
    return next((name for name, block in blocks.items() if block.reads_ahead(graph.source(name))), None)
