"""Spaces around the papers' networks: their default point, the first of every choice, is the published one."""

from __future__ import annotations

from archspec import published
from archspec.block import Block
from archspec.hole import choice
from archspec.inputs import Input
from archspec.kernels import Fourier, Magnet, Siren
from spaces.space import Space

MNIST_OMEGA = 2976.49


def ckcnn(input: Input, head: Block, channels: int = 30, omega_0: float = 30.0) -> Space:
    """Around CKCNN: frequency, width and depth. The frequency is what its results depend on most."""
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
    """Around FlexTCN: the size kernels begin with, width and depth."""
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
    """Around FlexNet: largest size of the kernels, the size they begin with, and width."""
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
    """Around CCNN: kind of kernel, the size kernels begin with, width and depth."""
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
