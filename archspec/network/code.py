"""The code that calls the modules of a typed graph, as a graph of torch.fx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from archspec.graph.graph import INPUT, Graph, module_names, partial_source
from archspec.graph.sectors import stating_nodes
from archspec.layers.border import bordered

_MERGES: dict[str, Callable[..., Any]] = {"add": torch.add, "multiply": torch.mul}


def written(graph: Graph, with_border: bool) -> fx.Graph:
    """The calls of the modules of a typed graph; with a border, the shape of the input is checked first."""
    targets = module_names(graph)
    code = fx.Graph()
    x = code.placeholder("x")
    shape = graph.nodes[INPUT].signal.shape
    values: dict[str, fx.Node] = {INPUT: code.call_function(bordered, (x, shape)) if with_border else x}
    stated: dict[str, fx.Node] = {}  # weights or angles of the elements, by the node that states them
    for name, node in graph.nodes.items():
        if name == INPUT:
            continue
        value = merged_value(code, node.merge, [values[i] for i in node.inputs])
        weights = stated.get(partial_source(graph.nodes, node.inputs[0]) or "")
        if node.block and node.block.states:
            stated[name] = code.call_module(targets[name], () if weights is None else (weights,))
            values[name] = value
        elif turns := stating_nodes(graph.nodes, name):
            at = tuple(stated.get(source or "") for source in turns)
            values[name] = code.call_module(targets[name], (value, *at))
        elif node.block:
            values[name] = code.call_module(targets[name], _arguments(code, node.block.reads_partial, value, weights))
        else:
            values[name] = value
    code.output(values[graph.output])
    return code


def merged_value(code: fx.Graph, merge: str, values: list[fx.Node]) -> fx.Node:
    """The call that merges several values; a single value is returned as it is."""
    if len(values) == 1:
        return values[0]
    if merge == "concat":
        return code.call_function(torch.cat, (values, 1))
    total = values[0]
    for value in values[1:]:
        total = code.call_function(_MERGES[merge], (total, value))
    return total


def _arguments(code: fx.Graph, reads: str, value: fx.Node, weights: fx.Node | None) -> tuple[fx.Node, ...]:
    """The arguments of a layer, given the weights of its input's elements; `reads` is its block's `reads_partial`."""
    if weights is None or reads == "unaffected":
        return (value,)
    return (value, weights) if reads == "given" else (code.call_function(torch.mul, (value, weights)),)
