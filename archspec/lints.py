"""What is allowed but approximate, or keeps less symmetry than it seems to."""

from __future__ import annotations

from archspec.graph import INPUT, Graph, path, reachable


def warnings(graph: Graph) -> list[str]:
    """Sentences, each with the path of its node."""
    found = []
    for name, node in graph.nodes.items():
        if node.block is None:
            continue
        x = graph.source(name)
        texts = list(node.block.warnings(x))
        given = node.signal.group
        if x.group.trivial and not given.trivial and (before := _oriented(graph, name)):
            texts.append(
                f"{path(before)} before it looks in one direction, so only what follows it has the symmetry {given}, "
                "not the network; lift the input itself, or take linear maps at each position before it"
            )
        found += [f"{path(name)} ({node.block.kind}): {text}" for text in texts]
    return found


def _oriented(graph: Graph, name: str) -> str | None:
    """The first node below `name` that looks in one direction of the grid."""
    below = reachable(graph.nodes, name) - {name, INPUT}
    for other in graph.nodes:
        block = graph.nodes[other].block
        if other in below and block is not None and block.looks(graph.source(other)):
            return other
    return None
