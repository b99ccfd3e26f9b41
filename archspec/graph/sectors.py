"""Which turns the elements of a signal are, where they are spread over a sector of the circle (see Partial)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.graph.node import Node


def source(nodes: dict[str, Node], name: str) -> str | None:
    """The node over whose sector the elements of node `name` are spread; None where they are those of the group."""
    while nodes[name].signal.scattered:
        node = nodes[name]
        if not node.inputs:
            return name
        if _gives_turns(node) and nodes[node.inputs[0]].signal.ahead:
            return ahead(nodes, node.inputs[0])
        name = node.inputs[0]
    return None


def ahead(nodes: dict[str, Node], name: str) -> str | None:
    """The node over whose sector the next convolution will spread its elements; None where there is none."""
    while nodes[name].signal.ahead:
        block, inputs, *_ = nodes[name]
        if not inputs or (block is not None and block.states):
            return name
        name = inputs[0]
    return None


def told(nodes: dict[str, Node], name: str) -> tuple[str, str | None] | None:
    """The sources of the turns that a convolution gives and of those that it reads; None if it needs neither."""
    node = nodes[name]
    given = source(nodes, name) if _gives_turns(node) else None
    return None if given is None else (given, source(nodes, node.inputs[0]))


def _gives_turns(node: Node) -> bool:
    return node.block is not None and node.block.turnable
