"""Which nodes state the angles of a signal's elements, where these are spread over a learned sector (see Partial)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.graph.node import Node


def source(nodes: dict[str, Node], name: str) -> str | None:
    """The node that states the sector over which the elements of node `name` are spread; None where no node does."""
    while nodes[name].signal.scattered:
        node = nodes[name]
        if not node.inputs:
            return name
        if _outputs_turns(node) and nodes[node.inputs[0]].signal.ahead:
            return ahead(nodes, node.inputs[0])
        name = node.inputs[0]
    return None


def ahead(nodes: dict[str, Node], name: str) -> str | None:
    """The node that states the sector over which the next convolution will spread its elements; None if none does."""
    while nodes[name].signal.ahead:
        block, inputs, *_ = nodes[name]
        if not inputs or (block is not None and block.states):
            return name
        name = inputs[0]
    return None


def stating_nodes(nodes: dict[str, Node], name: str) -> tuple[str, str | None] | None:
    """The nodes that state the angles of a convolution's output elements and of its input elements.

    The second is None where the input elements are those of the group; the result is None where both are.
    """
    node = nodes[name]
    given = source(nodes, name) if _outputs_turns(node) else None
    return None if given is None else (given, source(nodes, node.inputs[0]))


def _outputs_turns(node: Node) -> bool:
    return node.block is not None and node.block.turnable
