"""The equivariance error of a module."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from archspec.geometry.groups import Group
from archspec.graph.signal import Signal
from archspec.layers.keeping import in_evaluation
from archspec.network.assembling import Assembled
from archspec.symmetry.signals import Waves, transformed


def equivariance_error(
    model: nn.Module,
    group: Group | str,
    signal: Signal | None = None,
    gives: Signal | None = None,
    seed: int = 0,
) -> float:
    """The largest relative difference between f(g·x) and g·f(x), over the elements g of a group and random x.

    Measured in float64, in evaluation mode, on noise whose statistics are not symmetric. For groups that do not map the
    grid onto itself (C8), a plain input is a smooth random function moved exactly, and outputs are compared inside a
    disc.

    Args:
        model: a network, or any module if the signals are given.
        group: a group of turns and flips.
        signal: the input signal, (B, C, *grid) or (B, C, N, *grid); by default that of the network.
        gives: the output signal, by default that of the network; an output without a grid must be invariant.
        seed: seed of the examples.

    Raises:
        ValueError: the group has scales, or the signals of a module that is not a network are not given.
    """
    group = Group(str(group))
    if group.scaling:
        raise ValueError(f"the scales of {group} need another comparison; use archspec.symmetry.certify")
    if signal is None or gives is None:
        if not isinstance(model, Assembled):
            raise ValueError(
                "the signals of a module are needed: call equivariance_error(model, group, signal, gives) with both"
            )
        signal, gives = model.typed.nodes["input"].signal, model.typed.signal
    model = copy.deepcopy(model).double()
    worst = 0.0
    with torch.no_grad(), in_evaluation(model):
        for element in range(group.order):
            x, moved = _moved_pair(signal, group, element, seed)
            wanted, found = transformed(model(x), gives, group, element), model(moved)
            if gives.grid and not group.action(signal.dims).exact:
                inside = _disc(gives)
                wanted, found = wanted * inside, found * inside
            worst = max(worst, float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-30)))
    return worst


def _moved_pair(signal: Signal, group: Group, element: int, seed: int) -> tuple[Tensor, Tensor]:
    """A batch of two examples, and the same moved by an element."""
    if not group.action(signal.dims).exact and signal.group.trivial:
        waves = Waves((2, *signal.shape), group, 0.25, seed)
        return waves.moved([0, 0]), waves.moved([element, element])
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn((2, *signal.shape), generator=generator, dtype=torch.float64)
    if signal.grid:
        x = x + torch.linspace(-2, 2, signal.grid[-1], dtype=torch.float64)
    return x, transformed(x, signal, group, element)


def _disc(signal: Signal) -> Tensor:
    rows, columns = (torch.linspace(-1, 1, n, dtype=torch.float64) for n in signal.grid[-2:])
    return (rows[:, None] ** 2 + columns**2 < 0.6**2).double()
