"""What is allowed but approximate, or keeps less symmetry than it seems to."""

from __future__ import annotations

from archspec.graph import INPUT, Graph, path, reachable
from archspec.groups import Group
from archspec.merging import turns


def warnings(graph: Graph) -> list[str]:
    """Sentences, each with the path of its node."""
    found = []
    for name, node in graph.nodes.items():
        if node.block is None:
            continue
        x = graph.source(name)
        texts = list(node.block.warnings(x))
        given = node.signal.symmetry
        if x.symmetry.trivial and not given.trivial and (before := _oriented(graph, name, given)):
            texts.append(
                f"{path(before)} before it looks in one direction, so only what follows it has the symmetry {given}, "
                "not the network; begin with it, or take linear maps at each position before it"
            )
        found += [f"{path(name)} ({node.block.kind}): {text}" for text in texts]
    return found


def _oriented(graph: Graph, name: str, group: Group) -> str | None:
    """The first node below `name` that does not turn with what it reads."""
    below = reachable(graph.nodes, name) - {name, INPUT}
    return next((other for other in graph.nodes if other in below and not turns(graph.nodes, other, group)), None)
