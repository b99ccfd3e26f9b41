"""How large signals are after 1 to 16 convolutions without a norm: python tests/benchmarks/depth_without_norms.py.

Sixteen convolutions of 7×7 taps (S4D: 31 steps of a series) on 16 maps, as they are begun, with and without a GELU
after each; on white noise and on digits, centred and scaled to a variance of 1. Each number is the standard deviation
after so many of them, the geometric mean over seeds, in brackets the largest of a seed. About four minutes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from archspec import (
    S4D,
    Activation,
    Architecture,
    Conv,
    Dense,
    Fourier,
    GroupPool,
    Hyena,
    Image,
    Lift,
    Magnet,
    Mlp,
    Series,
    Siren,
    Spline,
    Table,
    lower,
)
from archspec.kernels import Kernel
from archspec.symmetry.certifying import node_values
from search import digits

DEPTHS, SEEDS, MAPS = (1, 2, 4, 8, 16), (701, 702, 703, 704), 16
KERNELS: tuple[Kernel, ...] = (Table(), Spline(), Fourier(), Mlp(), Siren(), Magnet(), Hyena(), S4D())


def main() -> None:
    """Print the table."""
    train = digits(size=16).train
    assert isinstance(train, tuple)
    images = train[0][:64]
    for group in ("C1", "C4"):
        for activation in (False, True):
            print(f"\n{group}, {'GELU after each' if activation else 'nothing between'}")
            print(f"| kernel | signal |{''.join(f' {depth} |' for depth in DEPTHS)}")
            for kernel in KERNELS:
                if kernel.kind != "s4d" or group == "C1":
                    for signal, x in (("noise", torch.randn(images.shape)), ("digits", images)):
                        row = spreads(network(kernel, group, activation), x)
                        print(f"| {kernel.kind} | {signal} |{''.join(f' {cell} |' for cell in row)}", flush=True)


def network(kernel: Kernel, group: str, activation: bool) -> Architecture:
    """Sixteen convolutions on 16 maps."""
    series = kernel.kind == "s4d"
    fields = {"channels": MAPS // int(group[1]), "kernel": kernel, "kernel_size": 31 if series else 7}
    after = [Activation(function="gelu")] if activation else []
    body = [Lift(group=group, **fields), *after]
    for _ in range(max(DEPTHS) - 1):
        body += [Conv(**fields), *after]
    return Architecture(
        input=Series(length=256) if series else Image(size=(16, 16)), body=[*body, GroupPool()], head=Dense(outputs=1)
    )


def spreads(architecture: Architecture, x: Tensor) -> list[str]:
    """The standard deviation at each depth."""
    x = (x - x.mean()) / x.std()
    x = x.reshape(len(x), 1, *architecture.input.grid)
    layers = [
        name for name, node in architecture.graph.nodes.items() if node.block and node.block.kind in ("lift", "conv")
    ]
    found = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        values = node_values(lower(architecture), architecture, x)
        found.append([float(values[layers[depth - 1]].std()) for depth in DEPTHS])
    columns = zip(*found, strict=True)
    return [f"{math.exp(sum(map(math.log, column)) / len(column)):.2g} ({max(column):.2g})" for column in columns]


if __name__ == "__main__":
    main()
