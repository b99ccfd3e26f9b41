"""Networks of volumes on the turns of the cube."""

from __future__ import annotations

from typing import Any

from archspec.architecture import Architecture
from archspec.blocks import Activation, Classifier, Conv, Dropout, GroupPool, Lift, Norm, Pointwise, Pool
from archspec.graph.block import Block
from archspec.inputs import Volume
from archspec.published.grids import halved, halving, largest

MODEL_NET = Volume(channels=1, size=(32, 32, 32))


def octahedral_cnn(
    input: Volume = MODEL_NET,
    classes: Any = 10,
    channels: Any = 1,
    group: Any = "O",
    kernel_size: Any = 3,
    first_size: Any = 5,
    stages: int = 5,
    units: Any = 512,
    dropout: Any = 0.5,
    **fields: Any,
) -> Architecture:
    """CubeNet for ModelNet10: convolutions on the turns of the cube (Worrall & Brostow 2018, arXiv 1804.04458).

    As in the code (GVGG of danielewworrall/cubenet): volumes of 32³; five stages of two convolutions, the first 5³ and
    the others 3³; widths doubled by each stage; mean over grid and turns; 512 units. Its 36 channels are the total over
    the 24 turns of the group that it calls S4; that is one channel here, or 3 on T.

    Differences: pooling before the stages instead of strides, which would break the symmetry on even grids; the last
    stage stays at 4³, since 3³ taps do not fit on 2³; no noise on the weights. `fields` are further fields of every
    convolution.
    """
    grid = input.grid
    body: list[Block] = []
    for stage in range(stages):
        if stage and min(halved(grid)) >= largest(kernel_size):
            body.append(halving(grid))
            grid = halved(grid)
        conv = {"channels": channels * 2**stage, "kernel_size": kernel_size, "bias": False, **fields}
        first = Conv(**conv) if stage else Lift(**{**conv, "group": group, "kernel_size": first_size})
        body += [first, Norm(), Activation(), Conv(**conv), Norm(), Activation()]
    dropped = Dropout(rate=dropout)
    body += [GroupPool(reduce="mean"), Pool(size=grid, reduce="average"), dropped, Pointwise(channels=units)]
    body += [Activation(), dropped]
    return Architecture(input=input, body=body, head=Classifier(classes=classes))
