"""Pruning: a network that computes active group elements only, and convolutions fixed at their learned turns."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, fx, nn

from archspec.graph.graph import INPUT, Graph, module_names
from archspec.graph.sectors import stating_nodes
from archspec.layers.fibre import SelectElements, Weighted
from archspec.layers.layer import Layer, Places
from archspec.network.active_elements import active_elements, needed_elements, prunable, stated
from archspec.network.code import merged_value


def pruned(model: fx.GraphModule) -> fx.GraphModule:
    """The same function in evaluation mode on active elements only; `model` itself if no elements were learned."""
    graph: Graph | None = model.meta.get("graph")
    active = active_elements(model, graph) if graph else {}
    if not graph or not active:
        return model
    able = prunable(model, graph)
    targets, needed = module_names(graph), needed_elements(graph, stated(model, graph), able)
    modules: dict[str, nn.Module] = {}
    code = fx.Graph()
    values = {INPUT: code.placeholder("x")}

    def added(target: str, module: nn.Module, value: fx.Node) -> fx.Node:
        modules[target] = module
        return code.call_module(target, (value,))

    def of(source: str, wanted: Places, reader: str) -> fx.Node:
        """The output of a node, restricted to the wanted elements."""
        given = needed[source]
        if given == wanted:
            return values[source]
        select = SelectElements([given.index(e) for e in wanted], len(given))
        return added(f"{reader}_of_{source}".replace(".", "_"), select, values[source])

    for name, node in graph.nodes.items():
        if name == INPUT:
            continue
        part = active.get(name)
        wanted = part.reads if part else needed[name]
        value = merged_value(code, node.merge, [of(i, wanted, name) for i in node.inputs])
        if part:
            module = copy.deepcopy(model.get_submodule(targets[name])).eval()
            if name in able:
                if isinstance(module, Layer):
                    module.prune(part)
            elif part.weights is not None:  # it cannot be pruned: it computes all elements, inactive ones times zero
                value = added(f"{targets[name]}_weighted", Weighted(part.weights), value)
            value = added(targets[name], module, value)
        values[name] = value
    code.output(values[graph.output])
    return fx.GraphModule(modules, code, class_name="Pruned").eval()


def settled(model: fx.GraphModule) -> fx.GraphModule:
    """The same function in evaluation mode, with convolutions sampled at the learned turns once and for all.

    Returns `model` itself if no turns were learned. Turns that no convolution reads are left out.
    """
    graph: Graph | None = model.meta.get("graph")
    if not graph or all(node.block is None or node.block.states != "turns" for node in graph.nodes.values()):
        return model
    found = {name: turns for name in graph.nodes if (turns := stating_nodes(graph.nodes, name))}
    other, targets = copy.deepcopy(model).eval(), module_names(graph)
    at = {name: _turns(other.get_submodule(targets[name])) for turns in found.values() for name in turns if name}
    for name, (given, read) in found.items():
        layer = other.get_submodule(targets[name])
        assert isinstance(layer, Layer), "a turnable block is lowered to a Layer"
        layer.resample(at[given], at[read] if read else ())
    for node in list(other.graph.nodes):
        if node.op == "call_module" and node.target in {targets[name] for name in found}:
            node.args = node.args[:1]
    unused = {targets[name] for name, node in graph.nodes.items() if node.block and node.block.states == "turns"}
    for node in reversed(list(other.graph.nodes)):
        if node.op == "call_module" and not node.users and node.target in unused:
            other.graph.erase_node(node)
    other.recompile()
    return other


def _turns(module: nn.Module) -> tuple[float, ...]:
    with torch.no_grad():
        turns: Tensor = module()
    return tuple(turns.cpu().tolist())
