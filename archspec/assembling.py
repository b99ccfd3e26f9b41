"""From a typed graph to modules and the code that calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn

from archspec.graph import INPUT, Graph, module_names, partial_source
from archspec.sectors import told

_MERGES: dict[str, Callable[..., Any]] = {"add": torch.add, "multiply": torch.mul}


def assembled(graph: Graph, kind: type[fx.GraphModule] = fx.GraphModule) -> fx.GraphModule:
    """A module with random weights that computes the graph; its `meta["graph"]` is that graph."""
    targets = module_names(graph)
    modules: dict[str, nn.Module] = {
        targets[name]: node.block.lower(graph.source(name)) for name, node in graph.nodes.items() if node.block
    }
    code = fx.Graph()
    values: dict[str, fx.Node] = {INPUT: code.placeholder("x")}
    kept: dict[str, fx.Node] = {}  # which elements count, or at which turns they are, by the node that says it
    for name, node in graph.nodes.items():
        if name == INPUT:
            continue
        value = merged_value(code, node.merge, [values[i] for i in node.inputs])
        said = kept.get(partial_source(graph.nodes, node.inputs[0]) or "")
        if node.block and node.block.kind == "partial":
            kept[name] = code.call_module(targets[name], () if said is None else (said,))
            values[name] = value
        elif turns := told(graph.nodes, name):
            at = tuple(kept.get(source or "") for source in turns)
            values[name] = code.call_module(targets[name], (value, *at))
        elif node.block:
            values[name] = code.call_module(targets[name], _told(code, node.block.reads_partial, value, said))
        else:
            values[name] = value
    code.output(values[graph.output])
    module = kind(modules, code, class_name=kind.__name__)
    module.meta["graph"] = graph
    return module


def merged_value(code: fx.Graph, merge: str, values: list[fx.Node]) -> fx.Node:
    """The merge of several values."""
    if len(values) == 1:
        return values[0]
    if merge == "concat":
        return code.call_function(torch.cat, (values, 1))
    total = values[0]
    for value in values[1:]:
        total = code.call_function(_MERGES[merge], (total, value))
    return total


def _told(code: fx.Graph, reads: str, value: fx.Node, kept: fx.Node | None) -> tuple[fx.Node, ...]:
    """What a layer is called with, where only some elements of what it reads count."""
    if kept is None or reads == "unaffected":
        return (value,)
    return (value, kept) if reads == "given" else (code.call_function(torch.mul, (value, kept)),)
