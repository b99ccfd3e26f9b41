"""Networks with continuous kernels; settings as in dwromero/ckconv, rjbruin/flexconv and david-knigge/ccnn."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from archspec.architecture import Architecture
from archspec.blocks import (
    Activation,
    Branch,
    Classifier,
    Conv,
    Dense,
    Dropout,
    Norm,
    Pointwise,
    Regressor,
    Repeat,
    Residual,
)
from archspec.graph.block import Block
from archspec.inputs import Image, Input, Series
from archspec.kernels import Magnet, Siren
from archspec.kernels.windows import Gaussian

# FlexConv's input scale of 25.6, over the four filters of its kernels, in cycles per unit: 25.6 / (2π·√4).
FLEXCONV_OMEGA = 2.037
LAST = "last"


def ckconv(channels: Any, kernel_size: Any, omega_0: Any = 30.0, hidden: Any = 32, **fields: Any) -> Conv:
    """CKConv: a causal convolution with a weight-normalised sine network as kernel (Romero et al. 2022, 2102.02611)."""
    kernel = Siren(hidden=hidden, omega_0=omega_0, weight_norm=True)
    return Conv(**{"channels": channels, "kernel_size": kernel_size, "kernel": kernel, "causal": True, **fields})


def flexconv(channels: Any, kernel_size: Any, sigma: Any = 0.075, hidden: Any = 32, **fields: Any) -> Conv:
    """FlexConv: a Gabor network times a Gaussian of learned width and mean (Romero et al. 2022, 2110.08059)."""
    return Conv(
        **{
            "channels": channels,
            "kernel_size": kernel_size,
            "kernel": Magnet(hidden=hidden, omega_0=FLEXCONV_OMEGA),
            "window": Gaussian(sigma=sigma, mean="learned"),
            **fields,
        }
    )


def s4_block(conv: Block, channels: Any, dropout: Any = 0.0) -> Residual:
    """The residual block of CCNN, after S4: norm, convolution, GELU, dropout, linear map, GELU (arXiv 2301.10540)."""
    gelu = Activation(function="gelu")
    body = [Norm(), conv, gelu, Dropout(rate=dropout, channels=True), Pointwise(channels=channels), gelu]
    return Residual(body=body)


def ckcnn(
    input: Input, head: Block, channels: Any = 30, omega_0: Any = 30.0, blocks: Any = 2, dropout: Any = 0.0
) -> Architecture:
    """CKCNN: residual blocks of two causal convolutions as long as the sequence (Romero et al. 2022, arXiv 2102.02611).

    The norm is over channels and time together; the first shortcut is a linear map.
    """
    return _temporal(input, head, lambda: ckconv(channels, input.grid[0], omega_0), channels, blocks, dropout)


def flextcn(
    input: Input, head: Block, channels: Any = 30, blocks: Any = 2, sigma: Any = 0.075, dropout: Any = 0.0
) -> Architecture:
    """FlexTCN: the blocks of CKCNN with FlexConv instead of CKConv (Romero et al. 2022, arXiv 2110.08059)."""
    return _temporal(
        input, head, lambda: flexconv(channels, input.grid[0], sigma, causal=True), channels, blocks, dropout
    )


def flexnet(
    input: Input, classes: Any, blocks: int = 7, channels: Any = 24, kernel_size: Any = 33, sigma: Any = 0.075
) -> Architecture:
    """FlexNet: residual blocks of two FlexConvs at full resolution, wider with depth (Romero et al. 2022, 2110.08059).

    The first two blocks have `channels` channels, the next three one and a half times, the others twice as many. 33
    taps are for 32 points; 29 for MNIST.
    """
    body: list[Block] = [flexconv(channels, kernel_size, sigma), Norm(), Activation()]
    widths = [channels, channels * 3 // 2, channels * 2]
    stages = [0 if block < 2 else 1 if block < 5 else 2 for block in range(blocks)]
    for before, stage in pairwise([0, *stages]):
        conv = flexconv(widths[stage], kernel_size, sigma)
        inner: list[Block] = [conv, Norm(), Activation(), Dropout(rate=0.2, channels=True), conv, Norm()]
        body += [Residual(body=inner) if stage == before else _projected(inner, widths[stage]), Activation()]
    return Architecture(input=input, body=body, head=Classifier(classes=classes))


def ccnn(
    input: Input,
    classes: Any,
    blocks: Any = 4,
    channels: Any = 140,
    kernel_size: Any = None,
    hidden: Any = 32,
    omega_0: Any = 2976.49,
    sigma: Any = 0.075,
    causal: Any = None,
    dropout: Any = 0.1,
    kernel: Any = None,
) -> Architecture:
    """CCNN: one network for series, images and volumes (Knigge, Romero et al. 2023, arXiv 2301.10540).

    Depthwise-separable FlexConvs as large as the grid in the residual blocks of S4, without pooling before the head; by
    default causal on series. `omega_0` is the published one for sequential MNIST, far above Nyquist: the network is
    accurate, but its resolution cannot be changed. `kernel=Magnet()` stays below Nyquist.
    """
    causal = len(input.grid) == 1 if causal is None else causal
    largest = min(input.grid)
    sizes = kernel_size if kernel_size is not None else largest if causal or largest % 2 else largest + 1

    def conv() -> Conv:
        return Conv(
            channels=channels,
            kernel_size=sizes,
            kernel=Magnet(hidden=hidden, omega_0=omega_0) if kernel is None else kernel,
            window=Gaussian(sigma=sigma),
            factorisation="depthwise_separable",
            causal=causal,
        )

    gelu = Activation(function="gelu")
    block = s4_block(conv(), channels, dropout)
    body = [conv(), Norm(), gelu, Repeat(times=blocks, body=[block]), Norm()]
    return Architecture(input=input, body=body, head=Classifier(classes=classes))


def ckcnn_copy_memory(length: int = 100, omega_0: float = 19.2, channels: int = 10) -> Architecture:
    """CKCNN for copy memory: 15,526 parameters; ten symbols, `length` steps and ten more, an output at every step."""
    return ckcnn(Series(channels=1, length=length + 20), Dense(outputs=10), channels, omega_0)


def ckcnn_adding(length: int = 200, omega_0: float = 14.55, channels: int = 25) -> Architecture:
    """CKCNN for the adding problem: 70,587 parameters; the output is read from the last step."""
    return ckcnn(Series(channels=2, length=length), Regressor(outputs=1, pool=LAST), channels, omega_0)


def ckcnn_smnist(channels: int = 30, omega_0: float = 31.09, dropout: float = 0.1) -> Architecture:
    """CKCNN for sequential MNIST: 98.29K parameters; `channels=100, omega_0=30.5, dropout=0.2` has 1.03M."""
    head = Classifier(classes=10, pool=LAST)
    return ckcnn(Series(channels=1, length=784), head, channels, omega_0, dropout=dropout)


def flexnet_7() -> Architecture:
    """FlexNet-7 for CIFAR-10."""
    return flexnet(Image(channels=3, size=(32, 32)), classes=10)


def flextcn_6() -> Architecture:
    """FlexTCN-6 for sequential MNIST."""
    return flextcn(Series(channels=1, length=784), Classifier(classes=10, pool=LAST), blocks=6)


def ccnn_4_140(input: Input | None = None, classes: int = 10, **fields: Any) -> Architecture:
    """CCNN with 4 blocks of 140 channels: 198,769 parameters on sequential MNIST."""
    return ccnn(input or Series(channels=1, length=784), classes, **{"blocks": 4, "channels": 140, **fields})


def ccnn_6_380(input: Input | None = None, classes: int = 10, **fields: Any) -> Architecture:
    """CCNN with 6 blocks of 380 channels and kernels of 64 hidden units: 1,993,091 parameters on sequential MNIST."""
    settings = {"blocks": 6, "channels": 380, "hidden": 64, **fields}
    return ccnn(input or Series(channels=1, length=784), classes, **settings)


def _temporal(input: Input, head: Block, conv: Any, channels: Any, blocks: Any, dropout: Any) -> Architecture:
    def inner() -> list[Block]:
        return [conv(), Norm(type="group", eps=1e-12), Activation(), Dropout(rate=dropout)]

    def block(first: bool) -> list[Block]:
        body = [*inner(), *inner()]
        return [_projected(body, channels) if first else Residual(body=body), Activation()]

    rest = [] if blocks == 1 else [Repeat(times=blocks - 1, body=block(first=False))]
    return Architecture(input=input, body=[*block(first=True), *rest], head=head)


def _projected(body: list[Block], channels: Any) -> Branch:
    """A residual whose shortcut is a linear map with a bias, as in the authors' code."""
    return Branch(branches=[body, [Pointwise(channels=channels)]])
