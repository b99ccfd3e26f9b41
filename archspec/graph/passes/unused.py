"""Drop nodes that the output does not depend on (dead code elimination).

1. A node from which no path leads to the output is dropped; the input stays.
2. A graph whose nodes are all used is returned as it is.
"""

from archspec.graph.graph import INPUT, Graph, reachable


def drop_unused(graph: Graph) -> Graph:
    """The graph without the nodes that its output does not depend on."""
    used = reachable(graph.nodes, graph.output) | {INPUT}
    if len(used) == len(graph.nodes):
        return graph
    return Graph({name: node for name, node in graph.nodes.items() if name in used}, graph.output)
