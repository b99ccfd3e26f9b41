"""The folded form of a network: the same calls of plain modules, with signals on a group as (B, C·N, *S)."""

from __future__ import annotations

import copy

from torch import fx

from archspec.geometry.fourier import Target
from archspec.layers.border import bordered
from archspec.layers.layer import plain_of
from archspec.network.pruning import pruned, settled


def folded(model: fx.GraphModule, target: Target) -> fx.GraphModule:
    """The network with plain modules, active elements only, and without the border."""
    model = pruned(settled(model))
    modules = {
        str(node.target): plain_of(model.get_submodule(str(node.target)), target)
        for node in model.graph.nodes
        if node.op == "call_module"
    }
    calls = copy.deepcopy(model.graph)
    for node in [n for n in calls.nodes if n.target is bordered]:
        node.replace_all_uses_with(node.args[0])
        calls.erase_node(node)
    return fx.GraphModule(modules, calls, class_name="Frozen")
