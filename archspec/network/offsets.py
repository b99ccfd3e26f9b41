"""Offsets: in training, continuous kernels on C_n are sampled at turns between those of the elements."""

from __future__ import annotations

import math

import numpy as np

from archspec.graph.graph import INPUT, Graph, module_names
from archspec.graph.signal import SignalError
from archspec.layers.layer import Layer
from archspec.network.assembling import Assembled


def turn(model: Assembled, rng: np.random.Generator | None) -> None:
    """Sample the continuous kernels of a network on C_n at turns with random offsets from those of its elements.

    All signals between two convolutions have one random offset, which is the output offset of the first convolution
    and the input offset of the second. So kernels are trained all along the circle, not at n angles only.

    Args:
        model: the network, changed in place.
        rng: draws the offsets; None resets all to zero.

    Raises:
        SignalError: a block on the group has no kernel that can be sampled at any turn.
    """
    graph = model.typed
    stretch, sampled = _stretches(graph)
    offsets = {s: 0.0 if rng is None else float(rng.uniform()) for s in sorted(set(stretch.values()))}
    targets = module_names(graph)
    for name in sampled:
        source = graph.nodes[name].inputs[0]
        out = _turns(graph.nodes[name].signal.group.turning.order, offsets[stretch[name]])
        read = _turns(graph.source(name).group.turning.order, offsets[stretch[source]]) if source in stretch else ()
        layer = model.get_submodule(targets[name])
        assert isinstance(layer, Layer), "a block with has_kernel_at_turns is lowered to a Layer"
        layer.resample(*((out, read) if rng is not None else ((), ())))


def turns(model: Assembled) -> bool:
    """Whether `turn` can be used: some signals are on C_n, and all blocks on it support offsets."""
    try:
        return bool(_stretches(model.typed)[0])
    except SignalError:
        return False


def _turns(order: int, offset: float) -> tuple[float, ...]:
    return tuple(2 * math.pi * (n + offset) / order for n in range(order))


def _stretches(graph: Graph) -> tuple[dict[str, str], list[str]]:
    """Stretches of nodes on a group whose elements are the same turns: the first node of each node's stretch.

    Also the names of the nodes with kernels, which begin stretches.
    """
    first: dict[str, str] = {}
    sampled = []
    for name, node in graph.nodes.items():
        if name == INPUT or node.signal.group.trivial:
            continue
        if not node.signal.group.turning.cyclic or node.signal.dims != 2:
            raise SignalError(f"offsets are for turns of images, C_n; this network is on {node.signal.group}")
        first[name] = name
        if node.block is not None and node.block.has_kernel_at_turns(graph.source(name)):
            sampled.append(name)
            _join(first, node.inputs)
        else:
            _join(first, (*node.inputs, name))
    return first, sampled


def _join(first: dict[str, str], names: tuple[str, ...]) -> None:
    """Join the stretches of these nodes into one; plain nodes are in none."""
    joined = {first[name] for name in names if name in first}
    for other, start in first.items():
        if start in joined:
            first[other] = min(joined)
