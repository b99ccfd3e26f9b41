"""Group order as sampling: kernels sampled between the elements of C_n, statistics for another order."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from archspec.blocks import Activation, Dropout, GroupPool, Norm, Pointwise, Pool, Restrict
from archspec.blocks.conv.conv import Convolution
from archspec.graph.graph import INPUT, Graph, module_names
from archspec.graph.signal import SignalError
from archspec.layers.bank import Bank
from archspec.layers.norm import BatchNorm
from archspec.network.lowering import Network
from archspec.network.scopes import in_evaluation, kept_kernels

_UNMOVED = (Activation, Dropout, GroupPool, Norm, Pointwise, Pool)


def turn(model: Network, rng: np.random.Generator | None) -> None:
    """Sample the continuous kernels of a network on C_n anew, at turns that lie between those of its elements.

    Each stretch between two convolutions gets a random offset of its own, the same for what gives and for what reads
    it, so that kernels are trained all along the circle and not at n places only. None goes back to the elements.

    Raises:
        SignalError: a block on the group has no kernel that can be sampled at any turn.
    """
    graph = model.architecture.graph
    stretch = _stretches(graph)
    offsets = {s: 0.0 if rng is None else float(rng.uniform()) for s in sorted(set(stretch.values()))}
    targets = module_names(graph)
    for name, node in graph.nodes.items():
        if not isinstance(node.block, Convolution) or name not in stretch:
            continue
        source = node.inputs[0]
        out = _turns(node.signal.group.turning.order, offsets[stretch[name]])
        read = _turns(graph.source(name).group.turning.order, offsets[stretch[source]]) if source in stretch else ()
        for bank in _banks(model.get_submodule(targets[name])):
            if not bank.where.group.trivial:
                # Of two stages the second, over space, gives and reads what the first gives.
                turned = (out, read if bank.where.mixes else ()) if rng is not None else ((), ())
                bank.where = bank.where._replace(out=turned[0], read=turned[1])
                bank.place(bank.kept)


def turns(model: Network) -> bool:
    """Whether a network is on C_n in such a way that it can be turned."""
    try:
        return bool(_stretches(model.architecture.graph))
    except SignalError:
        return False


def reestimate(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give every batch norm the statistics of these batches, each counting the same; weights stay as they are.

    After weights were carried to another group order or kernel size, and wherever the data have changed.
    """
    norms = [module for module in model.modules() if isinstance(module, BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    with torch.no_grad(), in_evaluation(model), kept_kernels(model):
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        for x in batches:
            model(x)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _turns(order: int, offset: float) -> tuple[float, ...]:
    return tuple(2 * math.pi * (n + offset) / order for n in range(order))


def _banks(module: nn.Module) -> list[Bank]:
    return [part for part in module.modules() if isinstance(part, Bank)]


def _stretches(graph: Graph) -> dict[str, str]:
    """For each node on a group, the first node of the stretch whose elements are the same turns."""
    first: dict[str, str] = {}
    for name, node in graph.nodes.items():
        block = node.block
        if name == INPUT or node.signal.group.trivial:
            continue
        if not node.signal.group.turning.cyclic or node.signal.dims != 2:
            raise SignalError(f"offsets are for turns of images, C_n; this network is on {node.signal.group}")
        if isinstance(block, Convolution):
            if not block.kernel.continuous or block.factorisation == "depthwise_separable":
                raise SignalError(
                    f"a {block.kernel.kind} kernel, {block.factorisation}, has weights at the elements only; use Siren "
                    "or Magnet, full or group_separable"
                )
            first[name] = name
            _join(first, node.inputs)
            continue
        if isinstance(block, Restrict):
            raise SignalError("offsets are for a group that is kept; Restrict keeps some of its elements only")
        if block is not None and not isinstance(block, _UNMOVED):
            raise SignalError(f"a {block.kind} has no kernel that can be sampled between the elements")
        first[name] = name
        _join(first, (*node.inputs, name))
    return first


def _join(first: dict[str, str], names: tuple[str, ...]) -> None:
    """Make one stretch of those that these nodes are in; what is lifted from has none."""
    joined = {first[name] for name in names if name in first}
    for other, start in first.items():
        if start in joined:
            first[other] = min(joined)
