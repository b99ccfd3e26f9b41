"""The law of symmetry, as something to measure: used on true networks, and on broken ones that must fail it."""

from __future__ import annotations

import torch
from torch import Tensor, fx

from archspec import Architecture, Group, Network, Signal
from archspec.geometry.groups import is_subgroup
from archspec.layers.border import bordered
from archspec.symmetry.certifying import node_values
from archspec.symmetry.signals import transformed
from tests.examples import built, seeded

EXACT = 1e-10
BROKEN = 1e-3


def oriented(architecture: Architecture, batch: int, seed: int, grid: tuple[int, ...] | None = None) -> Tensor:
    """Noise on a ramp along the last axis: data whose statistics are not symmetric."""
    grid = grid or architecture.input.grid
    x = torch.randn((batch, architecture.input.channels, *grid), generator=seeded(seed), dtype=torch.float64)
    return x + torch.linspace(-2, 2, grid[-1], dtype=torch.float64)


def settled(architecture: Architecture, seed: int = 0) -> Network:
    """A random network whose running statistics have seen oriented data, in evaluation mode."""
    model = built(architecture, seed)
    with torch.no_grad():
        for step in range(3):
            model.train()(oriented(architecture, 8, seed=100 + step))
    return model.eval()


def turned(x: Tensor, signal: Signal, group: Group) -> Tensor:
    """Example i moved by element i of the group: one batch holds every orientation, each on another example."""
    return torch.cat([transformed(x[i : i + 1], signal, group, i % group.order) for i in range(len(x))])


def held(architecture: Architecture, group: Group) -> set[str]:
    """Names of the nodes at which `group` is kept; the answer keeps it where what it reads did."""
    graph = architecture.graph
    dims = len(architecture.input.grid)
    names: set[str] = set()
    for name, node in graph.nodes.items():
        signal = node.signal if node.signal.grid else graph.source(name)
        if node.block and is_subgroup(group, signal.symmetry, dims):
            names.add(name)
    return names


def deviations(
    model: fx.GraphModule, architecture: Architecture, group: Group, grid: tuple[int, ...] | None = None
) -> dict[str, float]:
    """Largest relative error at every node that keeps the group: turned first or turned last."""
    if grid is not None:
        without_border(model)
    x = oriented(architecture, max(group.order, 3), seed=7, grid=grid)
    before = node_values(model, architecture, x)
    after = node_values(model, architecture, turned(x, architecture.signal, group))
    errors = {}
    for name in held(architecture, group):
        wanted = turned(before[name], architecture.graph.nodes[name].signal, group)
        largest = wanted.abs().max().clamp(min=1e-30)  # a unit that is never active is zero, and must stay so
        errors[name] = float((after[name] - wanted).abs().max() / largest)
    return errors


def without_border(model: fx.GraphModule) -> None:
    """Let it take any shape that its layers can."""
    for node in [node for node in model.graph.nodes if node.target is bordered]:
        node.replace_all_uses_with(node.args[0])
        model.graph.erase_node(node)
    model.recompile()


def groups_of(architecture: Architecture) -> set[Group]:
    """The groups that some node of the network keeps."""
    return {node.signal.symmetry for node in architecture.graph.nodes.values() if not node.signal.symmetry.trivial}
