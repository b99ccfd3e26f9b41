"""Self-attention networks on groups."""

from __future__ import annotations

from typing import Any

from archspec.architecture import Architecture
from archspec.blocks import (
    Activation,
    Classifier,
    Dropout,
    GroupPool,
    Norm,
    Pointwise,
    Pool,
    Repeat,
    Residual,
    SelfAttention,
    SelfAttentionLift,
)
from archspec.graph.block import Block
from archspec.inputs import Input
from archspec.published.grids import ROTATED_MNIST, check_each, halved, halving


def gsa_net(
    input: Input = ROTATED_MNIST,
    classes: Any = 10,
    channels: Any = 20,
    group: Any = "C4",
    blocks: tuple[Any, ...] = (2, 3),
    heads: Any = 9,
    window: Any = 5,
    shape: Any = "square",
    dropout: Any = 0.1,
) -> Architecture:
    """GSA-Net for rotated MNIST: self-attention on turns instead of convolutions (Romero & Cordonnier, 2010.00977).

    As in the code (dwromero/g_selfatt): 20 channels; 9 heads of half as many channels each; two blocks, pooling, three
    blocks; the sum over positions and then the maximum over turns. The code has 44,428 parameters on C4 and 44,668 on
    C16, the paper's 44.67K. Its window is square for eighth turns too, which break a square; use shape="disc" for them.
    `window` and `dropout` are from memory.

    Differences: no block crops its border (the code does, by 2, 0, 2, 1 and 1), so that this one costs more; no dropout
    of the attention; biases without effect on the output are left out; one linear map after the ten outputs (110
    parameters). For differences of the layers themselves see `SelfAttention`.
    """
    check_each("blocks", blocks, (2, 3))
    fields = {"channels": channels, "heads": heads, "hidden": heads * (channels // 2), "window": window}
    fields["shape"] = shape
    grid = input.grid
    body: list[Block] = [SelfAttentionLift(**{**fields, "group": group}), *_active()]
    for stage, times in enumerate(blocks):
        if stage:
            body.append(halving(grid))
            grid = halved(grid)
        body.append(Repeat(times=times, body=_block(SelfAttention(**fields), channels, dropout)))
    body += [
        Pointwise(channels=classes, elements="shared", bias=False),
        Pool(size=grid, reduce="average"),
        GroupPool(),
    ]
    return Architecture(input=input, body=body, head=Classifier(classes=classes))


def _block(attention: Block, channels: Any, dropout: Any) -> list[Block]:
    mixed = [*_active(), attention, *_active(), Dropout(rate=dropout)]
    narrow, wide = (Pointwise(channels=width, elements="shared") for width in (channels // 2, channels))
    return [Residual(body=mixed), Residual(body=[narrow, *_active(), wide, _norm()])]


def _active() -> list[Block]:
    return [_norm(), Activation(function="silu")]


def _norm() -> Norm:
    """The norm that the code calls a layer norm: over channels, turns and grid together."""
    return Norm(type="group", eps=1e-12)
