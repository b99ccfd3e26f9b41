"""Replace blocks by simpler ones that compute the same functions.

1. A block that is the identity (GroupPool over C1, a pool of one point, Dropout(0)) is left out.
2. Lift onto C1 becomes Conv; a table of one tap becomes Pointwise.
3. A graph with none of these is returned as it is.
"""

from archspec.graph.graph import Graph
from archspec.graph.node import Node, facts


def simplify(graph: Graph) -> Graph:
    """The graph with every block in its simplest form."""
    if all(node.facts.simple for node in graph.nodes.values()):
        return graph
    nodes: dict[str, Node] = {}
    stands_for: dict[str, str] = {}
    for name, node in graph.nodes.items():
        inputs = tuple(stands_for.get(i, i) for i in node.inputs)
        plain = node.facts.plain
        if node.facts.simple:
            nodes[name] = node._replace(inputs=inputs)
        elif plain is None:
            (stands_for[name],) = inputs
        else:
            nodes[name] = Node(plain, inputs, node.merge, facts(plain, graph.source(name)))
    return Graph(nodes, stands_for.get(graph.output, graph.output))
