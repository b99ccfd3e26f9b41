"""Networks of continuous kernels on finely sampled turns."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

from archspec.architecture import Architecture
from archspec.blocks import (
    Activation,
    Branch,
    Classifier,
    Conv,
    Dropout,
    GroupPool,
    Lift,
    Norm,
    Partial,
    Pointwise,
    Pool,
    Residual,
)
from archspec.geometry.groups import Group
from archspec.graph.block import Block
from archspec.inputs import Input
from archspec.kernels import Siren
from archspec.kernels.windows import Disc
from archspec.published.grids import ROTATED_MNIST, halved, halving, largest
from archspec.schema.hole import Hole

LAST_SIZE = 5


def partial_gcnn(
    input: Input = ROTATED_MNIST,
    classes: Any = 10,
    channels: tuple[Any, ...] = (32, 32, 64),
    group: Any = "C8",
    kernel_size: Any = 7,
    hidden: Any = 32,
    omega_0: Any = 10.0,
    kernel: Any = None,
    pools: tuple[int, ...] = (0, 1),
    learn: Any = "sector",
    dropout: Any = 0.0,
    sampling: Literal["elements", "continuous"] = "elements",
) -> Architecture:
    """Partial CKResNet for rotated MNIST: how far it keeps its symmetry is learned (Romero & Lohit 2022, 2110.10211).

    As in the code (merlresearch/partial_gcnn, 467,791 parameters): SO(2) at 8 turns, `channels` of the lifting and of
    each block, 7×7 sine networks of 3 layers of 32 and half as many in the shortcuts, pooling after the lifting (0) and
    after the first block; lifting is onto the full group. (10, 10, 10), pools=(1, 2) and a Magnet are near its
    MNIST6-180.

    `sampling="continuous"` samples each sector at turns anywhere in it, drawn in training, as published.

    Other here: by default turns are fixed, not drawn; elements are dropped after each block and after the last
    convolution, where the code drops them in every convolution (3 sectors, not 5), since branches that are added hold
    the same elements; batch norm where it has instance norm, which parts of a group do not have; a soft rim of the
    disc. So 468,237 parameters: 384 of norms more, 64 of shortcuts that see the position too, and 2 sectors fewer.
    """
    wave = _siren(hidden, omega_0, group) if kernel is None else kernel
    fields: dict[str, Any] = {"kernel_size": kernel_size, "kernel": wave, "window": Disc()}
    one_tap = {"kernel_size": 1, "kernel": _siren(hidden // 2, omega_0, group), "bias": False}
    first = channels[0]
    grid = input.grid
    # What counts is said after what gives it, turns anywhere before.
    anywhere = sampling == "continuous"
    before: list[Block] = [Partial(learn=learn, sampling=sampling, reach=1.0)] if anywhere else []
    after: list[Block] = [Norm()] if anywhere else [Partial(learn=learn), Norm()]
    body: list[Block] = [Lift(**{**fields, "group": group, "channels": first}), Norm()]
    for block, width in enumerate(channels):
        if block:
            conv = Conv(**{**fields, "channels": width})
            inner = [conv, Norm(), Activation(), Dropout(rate=dropout), conv, Norm(), Activation()]
            body += [*before, Branch(branches=[inner, [Conv(**{**one_tap, "channels": width})]]), *after]
        if block in pools:
            body.append(halving(grid))
            grid = halved(grid)
        body.append(Activation())
    body += [*before, Conv(**{**fields, "channels": channels[-1], "padding": _padding(kernel_size, grid)}), *after]
    body += [Activation(), GroupPool()]
    return Architecture(input=input, body=body, head=Classifier(classes=classes, pool="max"))


def separable_gcnn(
    input: Input = ROTATED_MNIST,
    classes: Any = 10,
    channels: tuple[Any, ...] = (32, 32, 64),
    group: Any = "C8",
    kernel_size: Any = 7,
    hidden: Any = 64,
    omega_0: Any = 10.0,
    first_omega_0: Any = None,
    kernel: Any = None,
    factorisation: Any = "group_separable",
    dropout: Any = 0.3,
) -> Architecture:
    """Separable SE(2)-CNN for rotated MNIST: kernels k(turn)·k(position) (Knigge et al. 2022, arXiv 2110.13059).

    As in the code (ckgresnet of david-knigge/separable-group-convolutional-networks, 755,370 parameters): 8 turns,
    widths of the lifting and of each block, 7×7 sine networks of one hidden layer of 64 after the first, a pooling
    after each block, 256 units before the classes. Lifting has the full kernel. Sine networks begin as theirs, their
    first layer with a factor of its own: `omega_0` too, unless `first_omega_0` says another. The code's `separable` is
    "group_separable" here, `nonseparable` "full", `gseparable` "kernel_separable".

    Other here: the last kernel is 5×5, not 3×3, since 3 taps cannot carry eighth turns (as many parameters), and the
    rim of the disc is soft. `group="C8xS2"` turns and scales as their Sim(2)-CNN does, by dyadic scales where
    theirs end at 1.74, and with a last convolution that is padded.
    """
    first = omega_0 if first_omega_0 is None else first_omega_0
    wave = _siren(hidden, omega_0, group, first) if kernel is None else kernel
    fields: dict[str, Any] = {"kernel_size": kernel_size, "kernel": wave, "window": Disc(), "bias": False}
    on_group = {**fields, "factorisation": factorisation}
    one_tap = {**on_group, "kernel_size": 1, "kernel": _siren(hidden // 2, omega_0, group, first), "window": None}
    grid = input.grid
    body: list[Block] = [Lift(**{**fields, "group": group, "channels": channels[0]}), Norm(), Activation()]
    for before, width in pairwise(channels):
        inner: list[Block] = []
        for each in (before, width):
            inner += [Conv(**{**on_group, "channels": each}), Norm(), Activation()]
        shortcut = [Conv(**{**one_tap, "channels": width})]
        body.append(Residual(body=inner) if before == width else Branch(branches=[inner, shortcut]))
        body += [Activation(), Norm(), halving(grid), Activation()]
        grid = halved(grid)
    last = min(LAST_SIZE, 2 * min(grid) - 1)
    padding = "same" if any(Group(name).scaling for name in _names(group)) else _padding(last, grid)
    body += [
        Conv(**{**on_group, "kernel_size": last, "channels": channels[-1], "padding": padding}),
        Norm(),
        Activation(),
        GroupPool(),
        Pool(size=tuple(n - last + 1 for n in grid) if padding == "valid" else grid),
        Pointwise(channels=256, bias=False),
        Norm(),
        Activation(),
        Dropout(rate=dropout),
    ]
    return Architecture(input=input, body=body, head=Classifier(classes=classes))


def _siren(hidden: Any, omega_0: Any, group: Any, first: Any = None) -> Siren:
    """The papers' sine network, which sees turns on an interval; those of a dihedral group on the circle."""
    angle = "interval" if all(name.startswith("C") for name in _names(group)) else "circle"
    of_group = omega_0 if first is None else first  # a factor of the first layer, to which the turns are given
    return Siren(hidden=hidden, layers=3, omega_0=omega_0, omega_group=of_group, angle=angle, first_omega_0=first)


def _names(group: Any) -> list[str]:
    """The group, or the groups that it can be."""
    return [str(name) for _, name in group.values_to_check()] if isinstance(group, Hole) else [str(group)]


def _padding(kernel_size: Any, grid: tuple[int, ...]) -> str:
    """None for the last convolution, as published, where the kernel fits."""
    return "valid" if largest(kernel_size) <= min(grid) else "same"
