"""Ready-made spaces for images, sequences and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archspec.architecture import Architecture
from archspec.blocks import Activation, Classifier, Conv, GroupPool, Lift, Norm, Pool, Repeat, Residual
from archspec.geometry.groups import Group
from archspec.graph.block import AnyHead, Block
from archspec.graph.signal import Signal
from archspec.inputs import Image, Input, Series, Volume
from archspec.kernels import S4D, Fourier, Hyena, Kernel, Magnet, Siren, Table
from archspec.kernels.windows import Disc, Window
from archspec.published import grids
from archspec.schema.constructors import choice, integer, order
from spaces.for_task import ReadyMade
from spaces.space import Space

STAGES = 2
IMAGE_KERNELS: tuple[Kernel, ...] = (Table(), Siren(), Magnet(), Fourier())


@ReadyMade
def images(
    channels: int,
    size: int | tuple[int, int],
    classes: int | AnyHead,
    groups: Sequence[str] = ("C1", "C4", "D4", "C2", "D1"),
) -> Space:
    """Classifiers of images; the holes are group, kernel, kernel size, factorisation, total width and depth.

    Args:
        channels: channels of the images.
        size: (rows, columns), or the side of a square.
        classes: number of classes, or a head.
        groups: names of the groups to choose from, the first being the default; those that do not act on the image
            (quarter turns on a non-square one) are left out.
    """
    return residual_space(Image(channels=channels, size=_sides(size, 2)), classes, groups, (3, 5, 7), IMAGE_KERNELS)


@ReadyMade
def sequences(
    channels: int, length: int, classes: int | AnyHead, groups: Sequence[str] | None = None, causal: bool = False
) -> Space:
    """Classifiers of sequences; as `images`, with longer and more kinds of kernels.

    Args:
        channels: channels of the sequences.
        length: steps.
        classes: number of classes, or a head.
        groups: names of the groups to choose from, by default C1 and D1, the reversal of time; of causal ones C1 alone.
        causal: let no convolution read a later step, and so no output of a head for each step depend on one.
    """
    if groups is None:
        groups = ("C1",) if causal else ("C1", "D1")
    sizes = [k for k in (3, 7, 15, 31, 63) if k <= max(3, length // 4)]
    kernels = (*IMAGE_KERNELS, Hyena(), *((S4D(),) if tuple(groups) == ("C1",) else ()))
    return residual_space(Series(channels=channels, length=length), classes, groups, sizes, kernels, causal=causal)


@ReadyMade
def volumes(
    channels: int,
    size: int | tuple[int, int, int],
    classes: int | AnyHead,
    groups: Sequence[str] = ("C1", "O", "T", "D1"),
) -> Space:
    """Classifiers of volumes; as `images`. O and T are the rotations of the cube and of the tetrahedron."""
    return residual_space(Volume(channels=channels, size=_sides(size, 3)), classes, groups, (3, 5), (Table(), Siren()))


@ReadyMade
def rotated_images(
    channels: int,
    size: int | tuple[int, int],
    classes: int | AnyHead,
    groups: Sequence[str] = ("C4", "C1", "C2", "D4", "C8"),
) -> Space:
    """Classifiers of images without a preferred orientation; as `images`, with eighth turns (C8) too.

    Kernels are 5×5 or 7×7 tables or sine networks in a disc, which eighth turns need; full or group-separable.
    """
    input = Image(channels=channels, size=_sides(size, 2))
    factorisations = ("full", "group_separable")
    return residual_space(input, classes, groups, (5, 7), (Table(), Siren()), factorisations, Disc())


def _sides(size: Any, axes: int) -> Any:
    """The points of each axis, of which all may be told as one number."""
    return (size,) * axes if isinstance(size, int) else size


def residual_space(
    input: Input,
    classes: int | AnyHead,
    groups: Sequence[str],
    kernel_sizes: Sequence[int],
    kernels: Sequence[Kernel],
    factorisations: Sequence[str] = ("full", "depthwise_separable"),
    window: Window | None = None,
    causal: bool = False,
) -> Space:
    """A lifting convolution, then stages of pre-activation residual convolutions with pooling after each stage.

    `width` is the product of channels and group order, so that one width costs about the same for all groups and
    larger groups have fewer channels. With a head for each position there is no pooling.

    Args:
        input: the input.
        classes: number of classes, or a head.
        groups: names of groups to choose from; those that do not act on the grid are left out.
        kernel_sizes: taps per axis to choose from; those larger than the grid are left out.
        kernels: kernels to choose from.
        factorisations: factorisations to choose from.
        window: the window of all kernels; None without one.
        causal: whether convolutions of series read no later step.

    Raises:
        ValueError: none of the groups acts on the grid.
    """
    head = Classifier(classes=classes) if isinstance(classes, int) else classes
    per_position = bool(head.infer(Signal(8, input.grid)).grid)
    fitting = [name for name in groups if fits(Group(name), input.grid)]
    if not fitting:
        raise ValueError(
            f"of the groups {', '.join(groups) or 'that are given'} none acts on a grid of "
            f"{'×'.join(map(str, input.grid))}; add C1"
        )
    group = choice(*fitting, name="group")
    widest = max(Group(name).order for name in fitting)
    base = -(-8 // widest) * widest
    width = integer("width", base, 4 * base, step=base)
    grid = input.grid
    body: list[Block] = [
        Lift(
            group=group,
            channels=width // order(group),
            kernel=choice(*kernels, name="stem_kernel"),
            kernel_size=_sizes(kernel_sizes, grid),
            window=window,
            causal=causal,
        )
    ]
    for stage in range(STAGES):
        channels = 2**stage * width // order(group)
        conv = Conv(
            channels=channels,
            kernel=choice(*kernels, name=f"stage{stage + 1}_kernel"),
            kernel_size=_sizes(kernel_sizes, grid),
            factorisation=choice(*factorisations, name=f"stage{stage + 1}_factorisation"),
            window=window,
            causal=causal,
        )
        body.append(
            Repeat(
                times=integer(f"stage{stage + 1}_depth", 1, 3),
                body=[Residual(body=[Norm(), Activation(function="relu"), conv])],
            )
        )
        pool = halving(grid)
        if pool is not None and not per_position:
            body.append(pool)
            grid = grids.halved(grid)
    body += [Norm(), Activation(), GroupPool(reduce=choice("max", "mean", name="group_pool"))]
    return Space(Architecture(input=input, body=body, head=head))


def fits(group: Group, grid: tuple[int, ...]) -> bool:
    """Whether a group acts on a grid: on that number of axes, and exchanging only axes of equal length."""
    return group.misfit(grid) is None


def halving(grid: tuple[int, ...]) -> Pool | None:
    """The pooling that halves a grid and keeps its centre; None if an axis is below 6 or parities differ."""
    if min(grid) < 6 or len({n % 2 for n in grid}) > 1:
        return None
    return grids.halving(grid)


def _sizes(sizes: Sequence[int], grid: tuple[int, ...]) -> object:
    fitting = [k for k in sizes if k <= min(grid)]
    return choice(*(fitting or [1]))
