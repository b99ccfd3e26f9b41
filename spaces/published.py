"""Spaces around published networks: the first option of every choice is the published setting, `Space.default`.

Where the group is a hole, `width` is the product of channels and group order, so that one width costs about the same
for all groups.
"""

from __future__ import annotations

from typing import Any

from archspec import published
from archspec.geometry.groups import Group
from archspec.graph.block import Block
from archspec.inputs import Input, Series, Volume
from archspec.kernels import Fourier, Magnet, Siren, Spline, Table
from archspec.published.cubes import MODEL_NET
from archspec.published.grids import ROTATED_MNIST
from archspec.published.wavelets import URBAN_SOUND
from archspec.schema.constructors import choice, order
from spaces.space import Space

MNIST_OMEGA = 2976.49


def ckcnn(input: Input, head: Block, channels: int = 30, omega_0: float = 30.0) -> Space:
    """A space around CKCNN (`archspec.published.ckcnn`).

    Its decisions are frequency, width and depth; its results depend most on the frequency.
    """
    return Space(
        published.ckcnn(
            input,
            head,
            channels=choice(channels, channels // 2 or 1, 2 * channels, name="channels"),
            omega_0=choice(omega_0, omega_0 / 4, omega_0 / 2, 2 * omega_0, name="omega_0"),
            blocks=choice(2, 1, 3, name="blocks"),
        )
    )


def flextcn(input: Input, head: Block, channels: int = 30) -> Space:
    """A space around FlexTCN (`archspec.published.flextcn`): initial size of the kernels, width and depth."""
    return Space(
        published.flextcn(
            input,
            head,
            channels=choice(channels, channels // 2 or 1, 2 * channels, name="channels"),
            blocks=choice(2, 1, 4, 6, name="blocks"),
            sigma=choice(0.075, 0.2, 0.5, name="sigma"),
        )
    )


def flexnet(input: Input, classes: int, blocks: int = 7, channels: int = 24, kernel_size: int = 33) -> Space:
    """A space around FlexNet (`archspec.published.flexnet`): largest and initial size of the kernels, and width."""
    sizes = [k for k in (kernel_size, 7, 15, 21) if k <= kernel_size]
    return Space(
        published.flexnet(
            input,
            classes,
            blocks=blocks,
            channels=choice(channels, channels // 2 or 1, 2 * channels, name="channels"),
            kernel_size=choice(*dict.fromkeys(sizes), name="kernel_size"),
            sigma=choice(0.075, 0.2, 0.5, name="sigma"),
        )
    )


def ccnn(input: Input, classes: int, blocks: int = 4, channels: int = 140) -> Space:
    """A space around CCNN (`archspec.published.ccnn`): kind of kernel, initial size of the kernels, width and depth."""
    kernels = (Magnet(omega_0=MNIST_OMEGA), Magnet(), Fourier(), Siren())
    return Space(
        published.ccnn(
            input,
            classes,
            blocks=choice(blocks, 2, 6, name="blocks") if blocks not in (2, 6) else blocks,
            channels=choice(channels, max(1, channels // 4), max(2, channels // 2), name="channels"),
            sigma=choice(0.075, 0.2, 0.5, name="sigma"),
            kernel=choice(*kernels, name="kernel"),
        )
    )


def p4cnn(input: Input = ROTATED_MNIST, classes: int = 10, channels: int = 10, padding: str = "valid") -> Space:
    """A space around P4CNN (`archspec.published.p4cnn`): group, total width, depth, factorisation and dropout."""
    return _planar(input, classes, "C4", channels, padding)


def p4mcnn(input: Input = ROTATED_MNIST, classes: int = 10, channels: int = 7, padding: str = "valid") -> Space:
    """As `p4cnn`, a space around P4MCNN, on quarter turns and flips."""
    return _planar(input, classes, "D4", channels, padding)


def attentive_gcnn(
    input: Input = ROTATED_MNIST, classes: int = 10, channels: int = 10, padding: str = "valid"
) -> Space:
    """A space around αF-P4CNN (`archspec.published.attentive_gcnn`).

    Its decisions are group, total width, and the size and ratio of its attention.
    """
    group = _groups("C4", "D4", "C1")
    return Space(
        published.attentive_gcnn(
            input,
            classes,
            channels=_width(4 * channels, 8) // order(group),
            group=group,
            padding=padding,
            attention_size=choice(7, 3, 5, name="attention_size"),
            ratio=choice(2, 1, 4, name="ratio"),
        )
    )


def gsa_net(input: Input = ROTATED_MNIST, classes: int = 10, channels: int = 20) -> Space:
    """A space around GSA-Net (`archspec.published.gsa_net`).

    Its decisions are group, width, heads, neighbourhood and dropout. Cost grows with the group's order squared.
    """
    return Space(
        published.gsa_net(
            input,
            classes,
            channels=_channels(channels),
            group=_groups("C4", "C8", "D4", "C1"),
            heads=choice(9, 3, 6, name="heads"),
            window=choice(5, 3, 7, name="window"),
            dropout=choice(0.1, 0.0, name="dropout"),
        )
    )


def partial_gcnn(input: Input = ROTATED_MNIST, classes: int = 10, channels: int = 32) -> Space:
    """A space around the partial CKResNet (`archspec.published.partial_gcnn`).

    Its decisions are number of turns, width, kernel size and frequency, and what `Partial` learns.
    """
    each = _channels(channels)
    return Space(
        published.partial_gcnn(
            input,
            classes,
            channels=(each, each, 2 * each),
            group=_groups("C8", "C4", "C16", "C1"),
            kernel_size=choice(7, 5, name="kernel_size"),
            omega_0=choice(10.0, 3.0, 6.0, name="omega_0"),
            learn=choice("sector", "elements", name="learn"),
        )
    )


def separable_gcnn(input: Input = ROTATED_MNIST, classes: int = 10, channels: int = 32) -> Space:
    """A space around the separable SE(2)-CNN (`archspec.published.separable_gcnn`).

    Its decisions are number of turns, width, factorisation, kernel size and frequency.
    """
    each = _channels(channels)
    return Space(
        published.separable_gcnn(
            input,
            classes,
            channels=(each, each, 2 * each),
            group=_groups("C8", "C4", "C16", "C1"),
            kernel_size=choice(7, 5, name="kernel_size"),
            omega_0=choice(10.0, 3.0, 6.0, name="omega_0"),
            factorisation=choice("group_separable", "full", "group_depthwise", name="factorisation"),
        )
    )


def wavelet_net(input: Series = URBAN_SOUND, classes: int = 10, channels: int = 12) -> Space:
    """A space around the wavelet network (`archspec.published.wavelet_net`): width, kind of kernel and dropout."""
    return Space(
        published.wavelet_net(
            input,
            classes,
            channels=_channels(channels),
            kernel=choice(Table(), Siren(), Spline(), name="kernel"),
            dropout=choice(0.25, 0.0, 0.5, name="dropout"),
        )
    )


def octahedral_cnn(input: Volume = MODEL_NET, classes: int = 10, channels: int = 1) -> Space:
    """A space around CubeNet (`archspec.published.octahedral_cnn`).

    Its decisions are group, total width, factorisation, size of the first kernel, and units.
    """
    group = _groups("O", "T", "C4", "C1")
    return Space(
        published.octahedral_cnn(
            input,
            classes,
            channels=_width(24 * channels, 24) // order(group),
            group=group,
            first_size=choice(5, 3, name="first_size"),
            factorisation=choice("full", "group_separable", name="factorisation"),
            units=choice(512, 128, name="units"),
        )
    )


def _planar(input: Input, classes: int, first: str, channels: int, padding: str) -> Space:
    group = _groups(*dict.fromkeys([first, "C4", "D4", "C1"]))
    return Space(
        published.p4cnn(
            input,
            classes,
            channels=_width(channels * Group(first).order, 8) // order(group),
            group=group,
            padding=padding,
            dropout=choice(0.3, 0.0, name="dropout"),
            factorisation=choice("full", "group_separable", "depthwise_separable", name="factorisation"),
        )
    )


def _groups(*names: str) -> Any:
    return choice(*names, name="group")


def _width(total: int, divisor: int) -> Any:
    """A hole for the total width: the published one, half and twice of it; rounded up to multiples of `divisor`."""
    widths = [-(-width // divisor) * divisor for width in (total // 2, 2 * total)]
    return choice(*dict.fromkeys([total, *widths]), name="width")


def _channels(published: int) -> Any:
    return choice(*dict.fromkeys([published, max(1, published // 2), 2 * published]), name="channels")
