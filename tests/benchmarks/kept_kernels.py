"""What evaluating costs more where kernels are made at each call: a bare `model(x)` over one within `kept_kernels`.

    python tests/benchmarks/kept_kernels.py        # a minute

One thread, float32, no gradients. Both ways in turn in one process; the median ratio of thread time over the rounds,
with their quartiles.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from archspec import (
    Architecture,
    Classifier,
    Conv,
    Disc,
    GroupPool,
    Image,
    Lift,
    Norm,
    Series,
    Siren,
    kept_kernels,
    lower,
)
from archspec.published import ccnn, ckcnn, flexnet, p4cnn

ROUNDS, SECONDS = 9, 0.05
SERIES, IMAGE = Series(channels=1, length=256), Image(channels=1, size=(28, 28))
NETWORKS: dict[str, Architecture] = {
    "plain tables": Architecture(
        input=IMAGE,
        body=[Conv(channels=16, kernel_size=5), Norm(), Conv(channels=16, kernel_size=5)],
        head=Classifier(classes=10),
    ),
    "P4CNN": p4cnn(),
    "C8, Siren": Architecture(
        input=IMAGE,
        body=[
            Lift(group="C8", channels=4, kernel_size=7, kernel=Siren(), window=Disc()),
            Conv(channels=4, kernel_size=7, kernel=Siren(), window=Disc()),
            GroupPool(),
        ],
        head=Classifier(classes=10),
    ),
    "FlexNet, 8 channels": flexnet(IMAGE, 10, channels=8),
    "CCNN, 16 channels": ccnn(SERIES, 10, channels=16),
    "CKCNN, 16 channels": ckcnn(SERIES, Classifier(classes=10), channels=16),
}


def seconds(call: Callable[[], object]) -> float:
    """Thread time of one call, over as many as take a while."""
    count, began = 0, time.thread_time()
    while (spent := time.thread_time() - began) < SECONDS:
        call()
        count += 1
    return spent / count


def ratios(architecture: Architecture, batch: int) -> tuple[float, float, float]:
    """Quartiles of bare over kept."""
    model = lower(architecture).eval()
    x = torch.randn(batch, architecture.input.channels, *architecture.input.grid)
    found = []
    with torch.no_grad():
        for _ in range(ROUNDS):
            bare = seconds(lambda: model(x))
            with kept_kernels(model):
                model(x)
                found.append(bare / seconds(lambda: model(x)))
    low, middle, high = statistics.quantiles(found, n=4)
    return low, middle, high


def main() -> None:
    """Print a row per network."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print("| network | batch 1 | batch 64 |\n|---|---|---|")
    for name, architecture in NETWORKS.items():
        cells = ["{1:.2f} ({0:.2f}-{2:.2f})".format(*ratios(architecture, batch)) for batch in (1, 64)]
        print(f"| {name} | {cells[0]} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main()
