"""Measurement of the equivariance error of a network, element by element and node by node."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, fx, nn

from archspec.architecture import Architecture
from archspec.geometry.groups import Group, is_subgroup
from archspec.graph.graph import INPUT, Graph, module_names, path
from archspec.graph.signal import Signal
from archspec.layers.keeping import in_evaluation, kept_kernels
from archspec.lowering import Network
from archspec.symmetry.certificate import APPROXIMATE, EXACT, Certificate, largest
from archspec.symmetry.signals import Waves, still, transformed

EXAMPLES, CUTOFF = 4, 0.25


def certify(
    model: Network, group: Group | str | None = None, examples: Tensor | None = None, seed: int = 0
) -> Certificate:
    """Measure the equivariance error at every node, in evaluation mode: f(g·x) against g·f(x) for every element g.

    Within a batch, each example is moved by a different element. By default examples are smooth random functions that
    can be moved exactly. Given examples are interpolated where elements do not map the grid onto itself, and values are
    then compared inside a disc.

    Args:
        model: a network; its weights and running statistics affect the result.
        group: the group to measure; by default the largest of any signal in the graph.
        examples: (B, channels, *grid); by default smooth random functions.
        seed: seed of the random functions.

    Raises:
        ValueError: the group does not act on the architecture's grid, or has scales and examples are given.
    """
    architecture = model.architecture
    graph, signal = architecture.graph, architecture.signal
    group = largest(graph) if group is None else Group(str(group))
    if not group.acts_on(signal.dims):
        raise ValueError(f"{group} does not act on {signal.dims} axes")
    parameter = next(iter(model.parameters()), torch.zeros(()))
    if examples is not None and group.scaling:
        raise ValueError(f"given examples cannot be stretched; leave them out, or certify under {group.turning}")
    if examples is None:
        waves = Waves((EXAMPLES, *signal.shape), group, _band(group), seed)
        count, moved = EXAMPLES, waves.moved
    else:
        count, moved = len(examples), partial(_moved, examples, signal, group)
    with kept_kernels(model):
        before = node_values(model, architecture, moved([0] * count).to(parameter))
        errors = {name: [0.0] * group.order for name in before}
        for shift in range(1, group.order):
            elements = [(i + shift) % group.order for i in range(count)]
            after = node_values(model, architecture, moved(elements).to(parameter))
            for name, found in after.items():
                for i, element in enumerate(elements):
                    at = graph.nodes[name].signal
                    error = _error(before[name][i : i + 1], found[i : i + 1], at, group, element, signal.grid)
                    worst = errors[name][element]
                    errors[name][element] = error if math.isnan(error) else max(worst, error)
    return _certificate(graph, group, errors)


def _moved(examples: Tensor, signal: Signal, group: Group, elements: list[int]) -> Tensor:
    return torch.cat([transformed(examples[i : i + 1], signal, group, e) for i, e in enumerate(elements)])


def settle(model: Network, seed: int = 0, batches: int = 3) -> None:
    """Run the network in training mode on oriented data (noise on a ramp), so that running statistics adapt to it."""
    given = model.architecture.input
    generator = torch.Generator().manual_seed(seed)
    parameter, modes = next(iter(model.parameters()), torch.zeros(())), [(m, m.training) for m in model.modules()]
    with torch.no_grad():
        for _ in range(batches):
            x = torch.randn((8, given.channels, *given.grid), generator=generator)
            ramp = torch.linspace(-2, 2, given.grid[-1]) if given.grid else torch.zeros(())
            model.train()((x + ramp).to(parameter))
    for part, training in modes:
        part.training = training


def node_values(model: fx.GraphModule, architecture: Architecture, x: Tensor) -> dict[str, Tensor]:
    """The outputs of every block and of every merge before a block, by name of the node, in evaluation mode."""
    values: dict[str, Tensor] = {}
    hooks = []
    for name, target in module_names(architecture.graph).items():
        block, (read, *_), *_ = architecture.graph.nodes[name]
        if block is not None and block.kind != "partial":  # its module's output is weights, not a signal
            merge = read if architecture.graph.nodes[read].block is None and read != INPUT else None
            hooks.append(model.get_submodule(target).register_forward_hook(partial(_keep, values, name, merge)))
    with torch.no_grad(), in_evaluation(model):
        model(x)
    for hook in hooks:
        hook.remove()
    return values


def _keep(
    values: dict[str, Tensor],
    name: str,
    merge: str | None,
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    value: Tensor,
) -> None:
    if merge is not None:
        values[merge] = inputs[0]
    values[name] = value


def _band(group: Group) -> float:
    """Highest frequency of the examples, as a fraction of Nyquist, low enough for compressed examples too."""
    return CUTOFF / float(2 ** (group.scales - 1))


def _certificate(graph: Graph, group: Group, errors: dict[str, list[float]]) -> Certificate:
    output = graph.output if graph.output in errors else list(errors)[-1]
    maps = [name for name in errors if name != output and graph.nodes[name].signal.grid] or [output]
    measured = [[0.0 if math.isnan(e) else e for e in errors[name]] for name in (_last(maps, errors), output)]
    held = _includes(graph.source(graph.output).symmetry, group, graph.nodes[INPUT].signal.dims)
    certificate = Certificate(group, tuple(measured[0]), tuple(measured[1]), held)
    if certificate.verdict != "broken":
        return certificate
    worst = max(range(group.order), key=lambda e: max(measured[0][e], measured[1][e]))
    lost = (None if held else _given_up(graph, group)) or _large(errors, worst, APPROXIMATE if held else EXACT)
    return replace(certificate, breaks=path(lost or output))


def _includes(own: Group, group: Group, dims: int) -> bool:
    """Whether a signal's group `own` has all turns of `group`, and scales if `group` has; their number may differ."""
    return is_subgroup(group.turning, own.turning, dims) and (own.scaling or not group.scaling)


def _last(maps: list[str], errors: dict[str, list[float]]) -> str:
    """The last map whose error could be measured for every element."""
    return next((name for name in reversed(maps) if not any(map(math.isnan, errors[name]))), maps[-1])


def _given_up(graph: Graph, group: Group) -> str | None:
    """The first node whose signal no longer has the group, or has a smaller one."""
    for name, node in graph.nodes.items():
        own, dims = node.signal.symmetry, node.signal.dims
        if name == INPUT or not node.block or not node.signal.grid or _includes(own, group, dims):
            continue
        if not own.trivial or _includes(graph.source(name).symmetry, group, dims):
            return name
    return None


def _large(errors: dict[str, list[float]], element: int, large: float) -> str | None:
    """The first node whose error under an element is at least `large`."""
    return next((name for name in errors if errors[name][element] >= large), None)


def _error(before: Tensor, found: Tensor, signal: Signal, group: Group, element: int, grid: tuple[int, ...]) -> float:
    """Relative error at one node; NaN where it cannot be measured, since the group does not act on the node's fibre."""
    if not signal.grid:
        return _relative(found, before)
    if signal.partial:
        return math.nan
    scale, turn = divmod(element, group.turning.order)
    matrix = group.turning.action(signal.dims).matrices[turn]
    if not signal.group.turning.trivial:
        try:
            signal.group.turning.action(signal.dims).index_of(matrix[None])
        except ValueError:
            return math.nan
    wanted = transformed(before, signal, group.turning, turn)
    if wanted.shape != found.shape:
        return math.inf
    if scale:
        if scale >= signal.group.scales:  # also after pooling over scales, since the range of scales has moved
            return math.nan
        found, wanted = _compressed(found, wanted, signal, scale, grid)
    elif np.abs(matrix - np.rint(matrix)).max() > 1e-9:
        inside = _disc(signal.grid, found)
        found, wanted = found * inside, wanted * inside
    return _relative(found, wanted)


def _compressed(
    found: Tensor, wanted: Tensor, signal: Signal, scale: int, grid: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """The parts of two signals to compare where the input was compressed 2^scale times: their middle halves.

    There F'(s, t) = F(s + scale, 2^scale·t). `grid` is the grid of the network's input, which is compressed about the
    point `still`.
    """
    shift, step = scale * signal.group.turning.order, 2**scale
    found, wanted = found[:, :, : signal.group.order - shift], wanted[:, :, shift:]
    for axis, (size, whole) in enumerate(zip(signal.grid, grid, strict=True), found.dim() - signal.dims):
        middle = still(size, whole)
        room = min(middle, size - 1 - middle)
        reach = room // (2 * step) or min(1, room // step)
        near = torch.arange(-reach, reach + 1, device=found.device)
        found, wanted = found.index_select(axis, middle + near), wanted.index_select(axis, middle + step * near)
    return found, wanted


def _disc(grid: tuple[int, ...], like: Tensor) -> Tensor:
    rows, columns = (torch.linspace(-1, 1, n).to(like) for n in grid[-2:])
    return (rows[:, None] ** 2 + columns**2 < 0.6**2).to(like)


def _relative(found: Tensor, wanted: Tensor) -> float:
    scale = float(wanted.norm())
    error = float((found - wanted).norm()) / (scale or 1.0)
    return error if math.isfinite(error) else math.inf
