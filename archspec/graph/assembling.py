"""From a typed graph to modules and the code that calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeVar

import torch
from torch import Tensor, fx, nn

from archspec.graph.graph import INPUT, Graph, module_names, partial_source
from archspec.graph.sectors import told
from archspec.layers.border import bordered

A = TypeVar("A", bound="Assembled")

_MERGES: dict[str, Callable[..., Any]] = {"add": torch.add, "multiply": torch.mul}


class Assembled(fx.GraphModule):
    """A module that computes a graph, which is its `meta["graph"]`; copied and pickled as what it is."""

    bordered: ClassVar[bool] = False

    def __reduce__(self) -> tuple[Any, ...]:
        kind = type(self).__mro__[1]  # torch makes each of its modules of this kind a class of its own
        own = dict(self.named_parameters(recurse=False)) | dict(self.named_buffers(recurse=False))
        return _put_together, (kind, dict(self.named_children()), self.meta, self.training, own)

    def __copy__(self) -> Self:
        put_together, arguments = self.__reduce__()
        copied: Self = put_together(*arguments)
        return copied


def assembled(graph: Graph, kind: type[A]) -> A:
    """A module with random weights that computes the graph."""
    targets = module_names(graph)
    modules: dict[str, nn.Module] = {
        targets[name]: node.block.lower(graph.source(name)) for name, node in graph.nodes.items() if node.block
    }
    return _put_together(kind, modules, {"graph": graph}, True)


def _put_together(
    kind: type[A],
    modules: dict[str, nn.Module],
    meta: dict[str, Any],
    training: bool,
    own: dict[str, Tensor] | None = None,
) -> A:
    graph: Graph = meta["graph"]
    module = kind(modules, _written(graph, kind.bordered), class_name=kind.__name__)
    module.meta.update(meta)
    module.training = training
    for name, value in (own or {}).items():  # what a person has added to it
        if isinstance(value, nn.Parameter):
            module.register_parameter(name, value)
        else:
            module.register_buffer(name, value)
    return module


def _written(graph: Graph, with_border: bool) -> fx.Graph:
    """The code that calls the modules of a graph; with a border, signals of another shape are refused first."""
    targets = module_names(graph)
    code = fx.Graph()
    x = code.placeholder("x")
    shape = graph.nodes[INPUT].signal.shape
    values: dict[str, fx.Node] = {INPUT: code.call_function(bordered, (x, shape)) if with_border else x}
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
    return code


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
