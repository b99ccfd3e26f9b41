"""Where sizes show in an architecture, and where masks act in its network.

Nothing here knows the kinds of blocks but by their fields: what a decision changes is found by comparing two fillings
that differ in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from archspec.architecture import Architecture
from archspec.graph.graph import Graph, module_names
from archspec.layers.layer import Layer
from archspec.lowering import Network
from archspec.schema.model import Model

COPY = re.compile(r"\.copy(\d+)")


class Change(NamedTuple):
    """A field that differs between two fillings.

    Attributes:
        path: of the model that has the field, as the name of a node.
        model: this model in the first of them.
        field: the name of the field.
    """

    path: str
    model: Model
    field: str


def changes(first: Any, second: Any, path: str = "") -> Iterator[Change]:
    """The fields that differ between two architectures, in the order of the fields."""
    if isinstance(first, Model) and type(first) is type(second):
        for name in type(first).model_fields:
            a, b = getattr(first, name), getattr(second, name)
            if a == b:
                continue
            inside = f"{path}.{name}".lstrip(".")
            if isinstance(a, Model) and type(a) is type(b):
                yield from changes(a, b, inside)
            elif isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
                for i, pair in enumerate(zip(a, b, strict=True)):
                    if isinstance(pair[0], Model) and type(pair[0]) is type(pair[1]):
                        yield from changes(*pair, f"{inside}.{i}")
                    elif pair[0] != pair[1]:
                        yield Change(path, first, name)
            else:
                yield Change(path, first, name)


def is_extent(change: Change) -> bool:
    """Whether it is the size of a kernel that a window can limit: it has none, and is equally long per axis."""
    fields = type(change.model).model_fields
    known = change.field == "kernel_size" and "window" in fields and getattr(change.model, "window", 0) is None
    return known and isinstance(getattr(change.model, "kernel_size", None), int)


def is_depth(change: Change) -> bool:
    """Whether it is the number of times that blocks are repeated."""
    return change.field == "times"


def is_grid(change: Change) -> bool:
    """Whether it is the number of points that a spectrum is cropped to, the same per axis."""
    return change.field == "points" and isinstance(getattr(change.model, "points", None), int)


def is_width(change: Change) -> bool:
    """Whether it is a number of channels."""
    return change.field == "channels"


def edited(value: Any, edits: Mapping[str, Callable[[Model], dict[str, Any]]], path: str = "") -> Any:
    """An architecture in which blocks have other fields.

    Args:
        value: the architecture, or a part of it.
        edits: by the path of a block, as the name of a node, what returns the fields that it gets.
        path: path of this part.
    """
    if isinstance(value, tuple):
        return tuple(edited(item, edits, f"{path}.{i}") for i, item in enumerate(value))
    if not isinstance(value, Model):
        return value
    changed = {}
    for name in type(value).model_fields:
        part = getattr(value, name)
        if isinstance(part, Model | tuple):
            found = edited(part, edits, f"{path}.{name}".lstrip("."))
            if found is not part and found != part:
                changed[name] = found
    changed |= edits[path](value) if path in edits else {}
    return value.with_fields(changed) if changed else value


class Masked(NamedTuple):
    """A layer whose outgoing rows are masked.

    Attributes:
        module: the name of the layer.
        width: the node whose number of channels the mask of width follows; None without one.
        reads: the node that it reads, whose mask is also on its parameters between stages; None if there are none.
        depth: the path of the repeat and the number of the copy that it is the end of, for each that a mask of depth is
            on.
    """

    module: str
    width: str | None
    reads: str | None
    depth: tuple[tuple[str, int], ...]


def plain_path(name: str) -> str:
    """The path of a node in the architecture, in which the copies of a repeat are one."""
    return COPY.sub("", name)


def ends(network: Network, path: str) -> Iterator[tuple[str, int]]:
    """The layers, by node, that the copies of a repeat add to their residual stream, with the number of the copy.

    Raises:
        ValueError: some copy has another way through it than residual sums, so that it cannot fade out.
    """
    graph = network.typed
    last: dict[str, tuple[str, int]] = {}  # the last node of each copy
    for name in graph.nodes:
        for found in COPY.finditer(name):
            if plain_path(name[: found.start()]) == path:
                last[name[: found.end()]] = name, int(found.group(1))
    for copy, (name, number) in last.items():
        inside = f"{copy}."
        while name.startswith(inside):
            node = graph.nodes[name]
            if node.block is not None or node.merge != "add" or len(node.inputs) < 2:
                raise ValueError(f"{plain_path(copy)} has {plain_path(name)} outside of a residual")
            for branch in node.inputs[1:]:
                yield _last_map(network, branch, inside), number
            name = node.inputs[0]


def _last_map(network: Network, name: str, inside: str) -> str:
    """The last node of a branch whose layer has outgoing rows."""
    graph, modules = network.typed, module_names(network.typed)
    while name.startswith(inside) and graph.nodes[name].block is not None:
        layer = network.get_submodule(modules[name])
        if isinstance(layer, Layer) and layer.outgoing():
            return name
        if any(True for _ in layer.parameters()):
            break
        name = graph.nodes[name].inputs[0]
    raise ValueError(f"{plain_path(name)} ends with a layer that cannot fade out")


def masked_nodes(network: Network, varying: frozenset[str]) -> Iterator[str]:
    """The nodes where a mask of width acts: norms, and what is not read by a norm alone.

    Args:
        network: the network.
        varying: the nodes whose number of channels is learned.

    Raises:
        ValueError: at some node a layer with parameters has no outgoing rows.
    """
    graph, modules = network.typed, module_names(network.typed)
    readers: dict[str, list[str]] = {}
    for name, node in graph.nodes.items():
        for source in node.inputs:
            readers.setdefault(source, []).append(name)
    for name in graph.nodes:
        if name not in varying or name not in modules:
            continue
        layer = network.get_submodule(modules[name])
        rows = layer.outgoing() if isinstance(layer, Layer) else {}
        if not rows and any(True for _ in layer.parameters()):
            raise ValueError(f"{plain_path(name)} has channels that cannot fade out")
        normed = all(_is_norm(graph, reader) for reader in readers.get(name, ["output"]))
        if rows and (_is_norm(graph, name) or not normed):
            yield name


def _is_norm(graph: Graph, name: str) -> bool:
    node = graph.nodes.get(name)
    return node is not None and node.block is not None and node.block.kind == "norm"


def placed(network: Network, varying: frozenset[str], repeats: frozenset[str]) -> list[Masked]:
    """Every layer of a network on which masks act.

    Args:
        network: the network.
        varying: the nodes whose number of channels is learned.
        repeats: paths of the repeats whose number of copies is learned.
    """
    wide = set(masked_nodes(network, varying))
    deep: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(repeats):
        for name, copy in ends(network, path):
            deep.setdefault(name, []).append((path, copy))
    found = []
    for name, module in module_names(network.typed).items():
        layer, source = network.get_submodule(module), network.typed.nodes[name].inputs[0]
        staged = source in varying and isinstance(layer, Layer) and bool(layer.between_stages())
        place = Masked(module, name if name in wide else None, source if staged else None, tuple(deep.get(name, ())))
        if place[1:] != (None, None, ()):
            found.append(place)
    return found


def varying(architecture: Architecture, other: Architecture) -> frozenset[str]:
    """The nodes whose number of channels differs between two architectures that are built alike."""
    first, second = architecture.graph.nodes, other.graph.nodes
    return frozenset(
        name for name, node in first.items() if name in second and second[name].signal.channels != node.signal.channels
    )
