"""Which group elements each node of a network has to compute, where `Partial` has learned which are active."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.graph.graph import Graph, module_names, partial_source
from archspec.graph.node import Node
from archspec.layers.layer import Active, Layer, Places


def active_elements(model: nn.Module, graph: Graph) -> dict[str, Active]:
    """The active elements of each node with a block, by name of the node; empty if no node states any."""
    weights = stated(model, graph)
    if not weights:
        return {}
    able = prunable(model, graph)
    needed = needed_elements(graph, weights, able)
    found = {}
    for name, node in graph.nodes.items():
        if node.block and not node.block.states:
            reads, all_weights = _input_elements(graph, name, weights, needed, able)
            shares = None if all_weights is None else all_weights[list(reads)]
            found[name] = Active(reads, None if shares is None or bool((shares == 1).all()) else shares, needed[name])
    return found


def stated(model: nn.Module, graph: Graph) -> dict[str, Tensor]:
    """The present weights (N,) of the group elements in evaluation mode, for each node that states them."""
    targets = module_names(graph)
    weights: dict[str, Tensor] = {}
    for name, node in graph.nodes.items():
        if _states_elements(node):
            before = weights.get(partial_source(graph.nodes, node.inputs[0]) or "")
            module = model.get_submodule(targets[name])
            training = module.training
            with torch.no_grad():
                weights[name] = module.eval()().flatten()
            module.train(training)
            if before is not None:
                weights[name] = weights[name] * before
    return weights


def prunable(model: nn.Module, graph: Graph) -> set[str]:
    """The nodes that can compute a subset of the elements; modules of torch itself accept any number of maps."""
    modules = {name: model.get_submodule(target) for name, target in module_names(graph).items()}
    able = {
        name: module.prunable if isinstance(module, Layer) else not hasattr(module, "plain")
        for name, module in modules.items()
    }
    return {
        name
        for name, node in graph.nodes.items()
        if node.block is None or node.block.states or (node.block.reads_partial != "refused" and able[name])
    }


def needed_elements(graph: Graph, weights: dict[str, Tensor], able: set[str]) -> dict[str, Places]:
    """The elements of each node's output that some node depending on it needs; all where there is no group."""
    needed: dict[str, set[int]] = {name: set() for name in graph.nodes}
    needed[graph.output] = set(range(graph.signal.group.order))
    for name in reversed(list(graph.nodes)):
        node = graph.nodes[name]
        if name not in able or not node.inputs:
            needed[name] = set(range(node.signal.group.order))
        now = {n: tuple(sorted(places)) for n, places in needed.items()}
        for source in node.inputs:
            needed[source] |= set(_input_elements(graph, name, weights, now, able)[0])
    return {name: tuple(sorted(places)) for name, places in needed.items()}


def _input_elements(
    graph: Graph, name: str, weights: dict[str, Tensor], needed: dict[str, Places], able: set[str]
) -> tuple[Places, Tensor | None]:
    """The elements that a node needs of its input, and the weights of all of the input's elements if not all are 1."""
    node = graph.nodes[name]
    source = graph.source(name)
    given = weights.get(partial_source(graph.nodes, node.inputs[0]) or "") if source.partial else None
    if name not in able:
        masked = node.block is not None and node.block.reads_partial == "masked"
        return tuple(range(source.group.order)), given if masked else None
    active = tuple(range(source.group.order)) if given is None else tuple(torch.nonzero(given).flatten().cpu().tolist())
    if _states_elements(node):
        return tuple(e for e in needed[name] if weights[name][e] != 0), None
    if (node.block is None or node.block.elementwise) and source.group == node.signal.group:
        return needed[name], None
    return active, given


def _states_elements(node: Node) -> bool:
    return node.block is not None and node.block.states == "elements"
