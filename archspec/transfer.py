"""Weight transfer: from one kernel size, or group order, to another; and from any network to one that is like it."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from archspec.architecture import Architecture
from archspec.geometry.units import Units, same_units
from archspec.graph.graph import Graph, module_names
from archspec.graph.signal import Signal, SignalError
from archspec.layers.inheriting import copied
from archspec.layers.kernels.features import NotCarried
from archspec.layers.layer import Layer
from archspec.lowering import Network, lower


def carry(model: Network, architecture: Architecture) -> Network:
    """A network with the same blocks but other kernel sizes or group orders, whose kernels are the same functions.

    A larger kernel continues the function of the smaller one (a table: with zeros); a smaller kernel is cut off. On C_n
    and D_n a continuous kernel is sampled at more or fewer turns; use `reestimate` to adapt the statistics of norms to
    the new order.

    Args:
        model: the network whose weights are copied; it is not changed.
        architecture: the architecture of the new network.

    Raises:
        SignalError: the architectures differ in something else, or a kernel cannot have another size or order.
    """
    with torch.random.fork_rng(devices=[]):
        other = lower(architecture).to(next(model.parameters()))
    # Cropped sizes and offset turns are not transferred.
    state = {k: v.clone() for k, v in model.state_dict().items() if not k.endswith((".size", ".turns"))}
    wanted = {k: v for k, v in other.state_dict().items() if not k.endswith((".size", ".turns"))}
    if state.keys() != wanted.keys():
        raise SignalError(
            "only kernel sizes and group orders may differ between the two architectures; keep all other fields"
        )
    pairs = list(_pairs(other, model))
    try:
        for name, layer, mine in pairs:
            layer.take_over(mine, state, f"{name}.")
    except NotCarried as error:
        raise SignalError(f"{name}: {error}") from None
    try:
        other.load_state_dict(state)
    except RuntimeError:
        raise SignalError(
            "only kernel sizes and group orders may differ; keep channels, knots and hidden widths, and between "
            "orders use a continuous kernel, full or group_separable"
        ) from None
    for name, layer, mine in pairs:
        try:
            layer.stretch(mine)
        except NotCarried as error:
            raise SignalError(f"{name}: {error}") from None
    other.fit()
    return other.train(model.training)


def inherit(network: Network, parent: Network) -> float:
    """Start a new network from the weights of a trained one, as far as their blocks are at the same places.

    Groups, widths, kernel sizes, kinds of kernels and numbers of blocks may differ; docs/inheritance.md has a table of
    what stays the same function. Layers that the parent does not have stay as they were drawn; where they are the body
    of a residual, its last map becomes zero.

    Args:
        network: the new network, which is changed.
        parent: the trained network.

    Returns:
        The share of the network's parameters that were inherited, from 0 to 1.
    """
    count = sum(_taken_over(network, parent).values())
    if count:
        for name in network.typed.nodes.keys() - parent.typed.nodes.keys():
            _silence(network, name)
    network.fit()
    return count / max(1, sum(parameter.numel() for parameter in network.parameters()))


def beginning_anew(network: Network, parent: Network) -> list[str]:
    """Of the nodes that both networks have, those whose parameters stay as they were drawn if one inherits.

    Args:
        network: the network that inherits, as by `inherit`.
        parent: the network that it inherits from.
    """
    return [name for name, count in _taken_over(network, parent).items() if not count]


def _taken_over(network: Network, parent: Network) -> dict[str, int]:
    """Let layers inherit; returns how many parameters each takes over that has any and is in both networks, by node."""
    graph, before = network.typed, parent.typed
    theirs, counts = module_names(before), dict[str, int]()
    for name, target in module_names(graph).items():
        layer = network.get_submodule(target)
        if name not in theirs or not layer.state_dict():
            continue
        other = parent.get_submodule(theirs[name])
        taken = layer.inherit(other, *_units(graph, before, name)) if isinstance(layer, Layer) else copied(layer, other)
        if any(True for _ in layer.parameters()):
            counts[name] = taken
    return counts


def _units(graph: Graph, before: Graph, name: str) -> tuple[Units, Units]:
    """Which units of the parent a node reads and gives."""
    (mine, pooled), (theirs, were) = _read(graph, name), _read(before, name)
    reads = _same(mine, theirs)._replace(pooled=pooled, parent_pooled=were)
    block = graph.nodes[name].block
    elementwise = block is not None and block.elementwise
    return reads, reads if elementwise else _same(graph.nodes[name].signal, before.nodes[name].signal)


def _same(signal: Signal, parent: Signal) -> Units:
    return same_units(signal.group, signal.channels, parent.group, parent.channels, max(signal.dims, parent.dims))


def _read(graph: Graph, name: str) -> tuple[Signal, bool]:
    """The signal that a node reads; if it was pooled over its group, as it was before, and True."""
    at = graph.nodes[name]
    while len(at.inputs) == 1:
        source = at.inputs[0]
        at = graph.nodes[source]
        if at.block is None:
            break
        given = graph.source(source)
        if at.signal.group.trivial and not given.group.trivial and at.signal.channels == given.channels:
            return given, True
        if not at.block.elementwise:
            break
    return graph.source(name), False


def _silence(network: Network, name: str) -> None:
    """If a node is the sum of a residual, let its body begin as zero."""
    node = network.typed.nodes[name]
    inside = f"{name.rpartition('.')[0]}."
    if node.block is not None or node.merge != "add" or len(node.inputs) < 2 or node.inputs[0].startswith(inside):
        return
    names = module_names(network.typed)
    for source in node.inputs[1:]:
        while source in names:
            layer, at = network.get_submodule(names[source]), network.typed.nodes[source]
            if not source.startswith(inside) or (isinstance(layer, Layer) and layer.silence()):
                break
            source = at.inputs[0]


def _pairs(other: Network, model: Network) -> Iterator[tuple[str, Layer, Layer]]:
    """The name of each layer, and the layers of that name in both networks."""
    for name, layer in other.named_modules():
        mine = model.get_submodule(name)
        if name and isinstance(layer, Layer) and isinstance(mine, Layer):
            yield name, layer, mine
