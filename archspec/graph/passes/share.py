"""Compute equal nodes once (common subexpression elimination).

1. Nodes without parameters that apply equal blocks to the same inputs become one; the order of the inputs matters for
   concat only.
2. Nodes with parameters stay separate, since their weights are independent. So do nodes that draw random numbers
   (Dropout), since their masks are independent.
3. A graph with no such nodes is returned as it is.
"""

from archspec.graph.graph import Graph
from archspec.graph.node import Node


def share_equal(graph: Graph) -> Graph:
    """The graph with equal parameter-free nodes merged into one."""
    if not _has_fork(graph):
        return graph
    nodes: dict[str, Node] = {}
    first: dict[object, str] = {}
    stands_for: dict[str, str] = {}
    for name, old in graph.nodes.items():
        inputs = tuple(stands_for.get(i, i) for i in old.inputs)
        node = old if inputs == old.inputs else old._replace(inputs=inputs)
        if _free(graph, name):
            read = inputs if node.merge == "concat" else tuple(sorted(inputs))
            key = (node.facts.text, read, node.merge)
            if key in first:
                stands_for[name] = first[key]
                continue
            first[key] = name
        nodes[name] = node
    return Graph(nodes, stands_for.get(graph.output, graph.output)) if stands_for else graph


def _has_fork(graph: Graph) -> bool:
    """Whether any node has two readers; without that no node is computed twice."""
    seen: set[str] = set()
    count = 0
    for node in graph.nodes.values():
        seen.update(node.inputs)
        count += len(node.inputs)
    return len(seen) < count


def _free(graph: Graph, name: str) -> bool:
    node = graph.nodes[name]
    return bool(node.inputs) and node.facts.cost.params == 0 and not (node.block and node.block.draws)
