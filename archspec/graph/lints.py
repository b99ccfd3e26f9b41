"""Warnings: what is allowed but approximate, keeps less symmetry than it seems to, or lets signals grow."""

from __future__ import annotations

import math
from collections.abc import Callable

from archspec.geometry.groups import Group
from archspec.graph.graph import INPUT, Graph, path, reachable
from archspec.graph.merging import turns
from archspec.graph.receptive_field import looking_ahead
from archspec.graph.sectors import stating_nodes

FAR = 100.0  # a warning is due where signals grow or shrink by this factor
_MERGED: dict[str, Callable[..., float]] = {"add": math.hypot, "multiply": lambda *read: math.prod(read), "concat": max}


def warnings(graph: Graph) -> list[str]:
    """The warnings of a graph, one sentence each, beginning with the path of the node."""
    found = []
    for name, node in graph.nodes.items():
        if node.block is None:
            continue
        x = graph.source(name)
        texts = list(node.block.warnings(x))
        given = node.signal.symmetry
        if x.symmetry.trivial and not given.trivial and (before := _oriented(graph, name, given)):
            texts.append(
                f"{path(before)} before it looks in one direction, so only what follows it has the symmetry {given}, "
                "not the network; begin with it, or take linear maps at each position before it"
            )
        found += [f"{path(name)} ({node.block.kind}): {text}" for text in texts]
    return [*found, *_unread_turns(graph), *_without_norms(graph), *_looking_ahead(graph)]


def spreads(graph: Graph, given: float = 1.0) -> dict[str, float]:
    """Approximate standard deviation of each node's output before training, where that of the input is `given`."""
    found: dict[str, float] = {INPUT: given}
    for name, node in graph.nodes.items():
        if read := [found[i] for i in node.inputs]:
            spread = _MERGED[node.merge](*read) if len(read) > 1 else read[0]
            found[name] = node.block.spread(graph.source(name), spread) if node.block else spread
    return found


def _unread_turns(graph: Graph) -> list[str]:
    """A warning at each node whose learned turns no convolution outputs, so that nothing is learned."""
    read = {stating for name in graph.nodes for stating in stating_nodes(graph.nodes, name) or ()}
    return [
        f"{path(name)} ({node.block.kind}): no convolution follows that outputs its turns, so it changes nothing and "
        "learns nothing; put a Conv with a continuous kernel after it, or remove it"
        for name, node in graph.nodes.items()
        if node.block and node.block.states == "turns" and node.signal.ahead and name not in read
    ]


def _without_norms(graph: Graph) -> list[str]:
    """A warning at the first node where signals have grown or shrunk by the factor `FAR`."""
    for name, spread in spreads(graph).items():
        if (block := graph.nodes[name].block) and not 1 / FAR < spread < FAR:
            text = (
                f"so deep without a norm, signals begin about {spread:.2g} times as large as the input; put Norm() "
                "among the blocks before it"
            )
            return [f"{path(name)} ({block.kind}): {text}"]
    return []


def _looking_ahead(graph: Graph) -> list[str]:
    """A warning at the first node that reads later points, where others are causal and there is an output at each."""
    if len(graph.signal.grid) != 1 or not any(getattr(node.block, "causal", False) for node in graph.nodes.values()):
        return []
    if (name := looking_ahead(graph)) is None or (block := graph.nodes[name].block) is None:
        return []
    text = (
        "it reads later points of the series, so outputs depend on later inputs although there are causal "
        "convolutions; take what does not (Conv(causal=True), Norm(type='layer'), no pooling), or none that is causal"
    )
    return [f"{path(name)} ({block.kind}): {text}"]


def _oriented(graph: Graph, name: str, group: Group) -> str | None:
    """The first node that `name` depends on whose output does not turn when its input does."""
    below = reachable(graph.nodes, name) - {name, INPUT}
    return next((other for other in graph.nodes if other in below and not turns(graph.nodes, other, group)), None)
