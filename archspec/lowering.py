"""From the typed graph to torch: a GraphModule whose code reads like the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from archspec.architecture import Architecture
from archspec.graph import INPUT, Graph

_MERGES: dict[str, Callable[..., Any]] = {"add": torch.add, "multiply": torch.mul}


def lower(architecture: Architecture) -> fx.GraphModule:
    """A fresh network with random weights; draw them again under `torch.manual_seed` for the same ones.

    Modules carry the path and kind of their block: `state_dict` keys read `body_1_body_0_norm.weight`.
    Input (B, channels, *grid).

    Raises:
        SignalError: the architecture does not fit together.
    """
    graph = architecture.graph
    targets = module_names(graph)
    modules = {targets[name]: node.block.lower(graph.source(name)) for name, node in graph.nodes.items() if node.block}
    code = fx.Graph()
    values: dict[str, fx.Node] = {INPUT: code.placeholder("x")}
    for name, node in graph.nodes.items():
        if name == INPUT:
            continue
        value = _merged(code, node.merge, [values[i] for i in node.inputs])
        values[name] = code.call_module(targets[name], (value,)) if node.block else value
    code.output(values[graph.output])
    return fx.GraphModule(modules, code, class_name="Network")


def module_names(graph: Graph) -> dict[str, str]:
    """The name of the module of each node that has a block."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name, node in graph.nodes.items():
        if node.block:
            target = f"{name.replace('.', '_')}_{node.block.kind}"
            while target in taken:
                target += "_"
            taken.add(target)
            names[name] = target
    return names


def _merged(code: fx.Graph, merge: str, values: list[fx.Node]) -> fx.Node:
    if len(values) == 1:
        return values[0]
    if merge == "concat":
        return code.call_function(torch.cat, (values, 1))
    total = values[0]
    for value in values[1:]:
        total = code.call_function(_MERGES[merge], (total, value))
    return total
