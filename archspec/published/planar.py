"""Convolutional networks of images on quarter turns and flips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archspec.architecture import Architecture
from archspec.blocks import Activation, Attention, Classifier, Conv, Dropout, GroupPool, Lift, Norm
from archspec.graph.block import Block
from archspec.inputs import Input
from archspec.published.grids import ROTATED_MNIST, at_most, halving, largest

LAST_SIZE = 4
EPS = 2e-5


def p4cnn(
    input: Input = ROTATED_MNIST,
    classes: Any = 10,
    channels: Any = 10,
    group: Any = "C4",
    kernel_size: Any = 3,
    blocks: int = 4,
    padding: str = "valid",
    dropout: Any = 0.3,
    **fields: Any,
) -> Architecture:
    """P4CNN: seven convolutions on quarter turns, for rotated MNIST (Cohen & Welling 2016, arXiv 1602.07576).

    As published: 3×3 taps without padding, 4×4 in the last layer; 10 channels; pooling after the second layer; maximum
    over turns. Dropout and the missing biases are as in Romero's code (dwromero/att_gconvs: 24,610 parameters); Cohen's
    code has biases before its norms.

    Differences: a linear map after the ten outputs (110 parameters); the same dropout mask for all turns.

    Args:
        input: the input; images smaller than 28×28 need padding="same".
        classes: number of classes.
        channels: channels of every layer but the last.
        group: the group.
        kernel_size: taps per axis of every layer but the last.
        blocks: number of layers between the pooling and the last layer.
        padding: `valid` as published, or `same`.
        dropout: rate of dropout.
        fields: further fields of every convolution.
    """
    return _planar(input, classes, channels, group, kernel_size, blocks, padding, dropout, fields, lambda *_: [])


def p4mcnn(
    input: Input = ROTATED_MNIST, classes: Any = 10, channels: Any = 7, group: Any = "D4", **fields: Any
) -> Architecture:
    """P4CNN with flips too; 7 channels keep its number of parameters, by the paper's rule 20/√8 (arXiv 1602.07576).

    The paper uses p4m for CIFAR-10 only; this is its P4CNN for rotated MNIST on the larger group. Arguments as `p4cnn`.
    """
    return p4cnn(input, classes, channels, group, **fields)


def attentive_gcnn(
    input: Input = ROTATED_MNIST,
    classes: Any = 10,
    channels: Any = 10,
    group: Any = "C4",
    kernel_size: Any = 3,
    blocks: int = 4,
    padding: str = "valid",
    dropout: Any = 0.3,
    attention_size: Any = 7,
    ratio: Any = 2,
    **fields: Any,
) -> Architecture:
    """αF-P4CNN: P4CNN with attention before every convolution (Romero et al. 2020, arXiv 2002.03830).

    As published: channel attention with half as many hidden channels, spatial attention by 7×7 convolutions. The code
    (fA_P4CNN of dwromero/att_gconvs) has 29,462 parameters.

    Differences, besides those of `p4cnn`: where the grid is below 7, spatial attention uses the largest odd size that
    fits (5×5 and 3×3 before the last two layers); before the first layer its taps are adjacent, where the code has a
    dilation of four. `attention_size` and `ratio` are the fields `kernel_size` and `ratio` of `Attention`.
    """
    given: dict[str, Any] = {key: fields[key] for key in ("kernel", "window") if key in fields}

    def attention(layer: int, side: int) -> list[Block]:
        size = at_most(attention_size, side - 1 + side % 2)
        plain: dict[str, Any] = {} if layer else {"group": group}
        found: dict[str, Any] = {"ratio": ratio, "kernel_size": size, **plain, **given}
        return [Attention(**found)]

    return _planar(input, classes, channels, group, kernel_size, blocks, padding, dropout, fields, attention)


def _planar(
    input: Input,
    classes: Any,
    channels: Any,
    group: Any,
    kernel_size: Any,
    blocks: int,
    padding: str,
    dropout: Any,
    fields: dict[str, Any],
    before: Callable[[int, int], list[Block]],
) -> Architecture:
    """P4CNN with the blocks `before(i, side)` before convolution i, whose input has `side` points per axis."""
    cut = largest(kernel_size) - 1 if padding == "valid" else 0
    common = {"kernel_size": kernel_size, "padding": padding, "bias": False, **fields}
    shared = {**common, "channels": channels}
    sides = [min(input.grid) - cut * i for i in range(3)]
    sides = [*sides[:2], *((sides[2] + 1) // 2 - cut * i for i in range(blocks + 1))]
    active: list[Block] = [Norm(eps=EPS), Activation()]
    dropped = [*active, Dropout(rate=dropout)]
    body = [*before(0, sides[0]), Lift(**{**shared, "group": group}), *dropped]
    body += [*before(1, sides[1]), Conv(**shared), *active, halving(input.grid)]
    for layer in range(2, blocks + 2):
        body += [*before(layer, sides[layer]), Conv(**shared), *dropped]
    last = {**common, "channels": classes, "kernel_size": LAST_SIZE if padding == "valid" else kernel_size}
    body += [*before(blocks + 2, sides[-1]), Conv(**last), GroupPool()]
    return Architecture(input=input, body=body, head=Classifier(classes=classes, pool="max"))
