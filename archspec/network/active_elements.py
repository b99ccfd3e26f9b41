"""Which elements of a group each node of a network has to compute, where it was learned which of them count."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from archspec.blocks import Norm, Partial
from archspec.graph.graph import Graph, module_names, partial_source
from archspec.graph.node import Node

Places: TypeAlias = tuple[int, ...]


class Elements(NamedTuple):
    """The elements that a layer reads, with their weights (None: 1 each), and those it gives."""

    reads: Places
    weights: Tensor | None
    gives: Places


def elements(model: nn.Module, graph: Graph) -> dict[str, Elements]:
    """Of each node with a block and a group; empty where nothing is learned."""
    weights = learned(model, graph)
    if not weights:
        return {}
    needed = needed_elements(graph, weights)
    found = {}
    for name, node in graph.nodes.items():
        if node.block and not isinstance(node.block, Partial):
            reads, said = _reads(graph, name, weights, needed)
            shares = None if said is None else said[list(reads)]
            found[name] = Elements(reads, None if shares is None or bool((shares == 1).all()) else shares, needed[name])
    return found


def learned(model: nn.Module, graph: Graph) -> dict[str, Tensor]:
    """The weights (N,) that each Partial node says by now."""
    targets = module_names(graph)
    weights: dict[str, Tensor] = {}
    for name, node in graph.nodes.items():
        if isinstance(node.block, Partial) and not node.block.continuous:
            before = weights.get(partial_source(graph.nodes, node.inputs[0]) or "")
            module = model.get_submodule(targets[name])
            training = module.training
            with torch.no_grad():
                weights[name] = module.eval()().flatten()
            module.train(training)
            if before is not None:
                weights[name] = weights[name] * before
    return weights


def needed_elements(graph: Graph, weights: dict[str, Tensor]) -> dict[str, Places]:
    """The elements that some reader needs of each node; all of those without a group."""
    needed: dict[str, set[int]] = {name: set() for name in graph.nodes}
    needed[graph.output] = set(range(graph.signal.group.order))
    for name in reversed(list(graph.nodes)):
        node = graph.nodes[name]
        if not _gives_some(node):
            needed[name] = set(range(node.signal.group.order))
        now = {n: tuple(sorted(places)) for n, places in needed.items()}
        for source in node.inputs:
            needed[source] |= set(_reads(graph, name, weights, now)[0])
    return {name: tuple(sorted(places)) for name, places in needed.items()}


def _reads(
    graph: Graph, name: str, weights: dict[str, Tensor], needed: dict[str, Places]
) -> tuple[Places, Tensor | None]:
    """The elements that a node needs of what it reads, and the weights of all elements where not all count."""
    node = graph.nodes[name]
    source = graph.source(name)
    said = weights.get(partial_source(graph.nodes, node.inputs[0]) or "") if source.partial else None
    counting = tuple(range(source.group.order)) if said is None else tuple(torch.nonzero(said).flatten().cpu().tolist())
    if isinstance(node.block, Partial) and not node.block.continuous:
        return tuple(e for e in needed[name] if weights[name][e] != 0), None
    if _element_by_element(node) and source.group == node.signal.group:
        return needed[name], None
    return counting, said


def _element_by_element(node: Node) -> bool:
    """Whether each element of what it gives comes of that element of what it reads."""
    block = node.block
    return block is None or block.reads_partial == "unaffected" or (isinstance(block, Norm) and block.type == "batch")


def _gives_some(node: Node) -> bool:
    """Whether it can give some of the elements only."""
    return node.block is None or node.block.reads_partial != "refused"
