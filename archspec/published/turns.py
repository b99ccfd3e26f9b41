"""Networks with continuous kernels on eighth turns and finer ones."""

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
from archspec.published.grids import ROTATED_MNIST, check_each, halved, halving, largest
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
    """Partial CKResNet for rotated MNIST: partial equivariance is learned (Romero & Lohit 2022, 2110.10211).

    As in the code (merlresearch/partial_gcnn, 467,791 parameters): SO(2) sampled at 8 turns; `channels` of the lifting
    layer and of each block; 7×7 sine networks of 3 layers of 32 units, half as many in the shortcuts; pooling after the
    lifting (0) and after the first block (1), as listed in `pools`; lifting to the full group. Its MNIST6-180 is close
    to channels=(10, 10, 10), pools=(1, 2) and a Magnet.

    `sampling="continuous"` samples each sector at any turns, which are drawn in training, as published.

    Differences: by default turns are fixed, not drawn. Elements become inactive after each block and after the last
    convolution, not in every convolution as in the code (3 sectors, not 5), since branches that are added must have the
    same elements. Batch norm replaces instance norm, undefined on parts of a group. The rim of the disc is soft.
    So it has 468,237 parameters: 384 more in norms, 64 in shortcuts that depend on the position too, 2 sectors
    fewer.
    """
    check_each("channels", channels, (32, 32, 64))
    if not isinstance(pools, tuple | list) or not set(pools) <= set(range(len(channels))):
        raise ValueError(f"pools are the numbers of stages, 0 … {len(channels) - 1}, such as (0, 1), not {pools!r}")
    wave = _siren(hidden, omega_0, group) if kernel is None else kernel
    fields: dict[str, Any] = {"kernel_size": kernel_size, "kernel": wave, "window": Disc()}
    one_tap = {"kernel_size": 1, "kernel": _siren(hidden // 2, omega_0, group), "bias": False}
    first = channels[0]
    grid = input.grid
    # Sectors of elements come after the convolutions, sectors of any turns before them.
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

    As in the code (ckgresnet of david-knigge/separable-group-convolutional-networks, 755,370 parameters): 8 turns;
    `channels` of the lifting layer and of each block; 7×7 sine networks with one hidden layer of 64 units after the
    first; pooling after each block; 256 units before the classes. The lifting kernel is not separable. Sine networks
    are initialised as theirs; the first layer's factor is `first_omega_0` (by default `omega_0`). The code's
    `separable` is "group_separable" here, `nonseparable` is "full", `gseparable` is "kernel_separable".

    Differences: the last kernel is 5×5, not 3×3, since 3 taps cannot be turned by eighth turns (with as many
    parameters); the disc has a soft rim. `group="C8xS2"` has turns and scales as their Sim(2)-CNN, but dyadic scales
    where theirs end at 1.74, and padding in the last convolution.
    """
    check_each("channels", channels, (32, 32, 64))
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
    """The papers' sine network: angles of C_n are on an interval, elements of a dihedral group on the circle."""
    angle = "interval" if all(name.startswith("C") for name in _names(group)) else "circle"
    of_group = omega_0 if first is None else first  # angles are inputs of the first layer
    return Siren(hidden=hidden, layers=3, omega_0=omega_0, omega_group=of_group, angle=angle, first_omega_0=first)


def _names(group: Any) -> list[str]:
    """The name of the group, or those of all groups that a hole can have as values."""
    return [str(name) for _, name in group.values_to_check()] if isinstance(group, Hole) else [str(group)]


def _padding(kernel_size: Any, grid: tuple[int, ...]) -> str:
    """The padding of the last convolution: as published none ("valid"), or "same" where the kernel does not fit."""
    return "valid" if largest(kernel_size) <= min(grid) else "same"
