"""Only those elements of a group are computed that count, where these were learned."""

from __future__ import annotations

import copy

import torch
from torch import fx, nn

from archspec.graph.assembling import merged_value
from archspec.graph.graph import INPUT, Graph, module_names
from archspec.graph.sectors import told
from archspec.layers.conv import GroupConv
from archspec.layers.fibre import GroupPool, SelectElements
from archspec.layers.norm import BatchNorm
from archspec.layers.pointwise import SharedPointwise
from archspec.layers.turns import TurnedConv, Turns
from archspec.network.active_elements import Elements, Places, elements, learned, needed_elements


def narrowed(model: fx.GraphModule) -> fx.GraphModule:
    """The same function in evaluation mode by the elements that count; the given model where nothing is learned."""
    graph: Graph | None = model.meta.get("graph")
    found = elements(model, graph) if graph else {}
    if not graph or not found:
        return model
    targets, needed = module_names(graph), needed_elements(graph, learned(model, graph))
    modules: dict[str, nn.Module] = {}
    code = fx.Graph()
    values = {INPUT: code.placeholder("x")}

    def of(source: str, wanted: Places, reader: str) -> fx.Node:
        """The value of a node, of the wanted elements."""
        given = needed[source]
        if given == wanted:
            return values[source]
        target = f"{reader}_of_{source}".replace(".", "_")
        modules[target] = SelectElements([given.index(e) for e in wanted], len(given))
        return code.call_module(target, (values[source],))

    for name, node in graph.nodes.items():
        if name == INPUT:
            continue
        part = found.get(name)
        wanted = part.reads if part else needed[name]
        value = merged_value(code, node.merge, [of(i, wanted, name) for i in node.inputs])
        if part:
            module = copy.deepcopy(model.get_submodule(targets[name])).eval()
            _narrow(module, part)
            modules[targets[name]] = module
            value = code.call_module(targets[name], (value,))
        values[name] = value
    code.output(values[graph.output])
    return fx.GraphModule(modules, code, class_name="Narrowed").eval()


def settled(model: fx.GraphModule) -> fx.GraphModule:
    """The same function in evaluation mode, convolutions at the turns that were learned and told none any more."""
    graph: Graph | None = model.meta.get("graph")
    found = {name: turns for name in (graph.nodes if graph else ()) if graph and (turns := told(graph.nodes, name))}
    if not graph or not found:
        return model
    other, targets = copy.deepcopy(model).eval(), module_names(graph)
    with torch.no_grad():
        at = {
            name: tuple(other.get_submodule(targets[name])().cpu().tolist())
            for turns in found.values()
            for name in turns
            if name
        }
    for name, (given, read) in found.items():
        conv = other.get_submodule(targets[name])
        assert isinstance(conv, TurnedConv)
        conv.where = conv.where._replace(out=at[given], read=at[read] if read else conv.where.read)
        conv.place(())
    for node in list(other.graph.nodes):
        if node.op == "call_module" and node.target in {targets[name] for name in found}:
            node.args = node.args[:1]
    for node in reversed(list(other.graph.nodes)):
        if node.op == "call_module" and not node.users and isinstance(other.get_submodule(str(node.target)), Turns):
            other.graph.erase_node(node)
    other.recompile()
    return other


def _narrow(module: nn.Module, part: Elements) -> None:
    if isinstance(module, nn.Sequential):
        first, second = module
        between = _between(first, part)
        _narrow(first, Elements(part.reads, part.weights, between))
        _narrow(second, Elements(between, None, part.gives))
    elif isinstance(module, GroupConv | SharedPointwise | BatchNorm | GroupPool):
        module.narrow(*part)


def _between(first: nn.Module, part: Elements) -> Places:
    """The elements between two stages: all that the first lifts to, those it reads one by one, or those it mixes to."""
    if isinstance(first, GroupConv):
        if first.grouped and not first.grouped_input:
            return tuple(range(first.order))
        return part.reads if first.apart else part.gives
    return part.reads
