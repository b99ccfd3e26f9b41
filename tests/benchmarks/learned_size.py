"""Kernels that learn their size: grown on a task that needs long range, shrunk on one that does not, five seeds.

python tests/benchmarks/learned_size.py        # a quarter of an hour
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from safetensors.torch import load_file

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Gaussian,
    Network,
    Norm,
    Series,
    Siren,
    Table,
    lower,
    price,
)
from archspec.kernels import Kernel
from archspec.kernels.windows import Window
from archspec.layers.bank import Bank
from search import Failed, Task, Training, nearby, recall
from search.objectives import Score
from search.training.evaluation import evaluate
from search.training.threads import one_thread
from search.training.trainer import train

LENGTH = 200
SEEDS = (401, 402, 403, 404, 405)
# Causal, the window reaches 2.146 σ back over 99.5 steps a unit: 65 taps.
THIRD, WHOLE = 0.304, 1.0
TRAINING = Training(epochs=15, batch_size=64, learning_rate=1e-2, patience=None)
SMOOTH = Siren(bandwidth=0.1)


def network(kernel: Kernel, window: Window | None, taps: int = LENGTH, channels: int = 16) -> Architecture:
    """Two separable causal convolutions, answered at the last step."""
    conv = Conv(
        channels=channels,
        kernel_size=taps,
        kernel=kernel,
        window=window,
        factorisation="depthwise_separable",
        causal=True,
    )
    layer = [conv, Norm(), Activation(function="gelu")]
    head = Classifier(classes=4, pool="last")
    return Architecture(input=Series(channels=4, length=LENGTH), body=layer * 2, head=head)


def of_three_taps(flops: int) -> Architecture:
    """As wide as these FLOPs allow."""
    return network(
        Table(), None, 3, max(c for c in range(4, 256) if price(network(Table(), None, 3, c)).flops <= flops)
    )


def trained(architecture: Architecture, task: Task, seed: int) -> tuple[float, Network]:
    """Test accuracy in per cent, and the network."""
    with tempfile.TemporaryDirectory() as directory:
        weights = Path(directory) / "best.safetensors"
        outcome = train(architecture, task.without_test(), TRAINING, seed, Score("accuracy", True), weights=weights)
        assert not isinstance(outcome, Failed), outcome
        model = lower(architecture)
        model.load_state_dict(load_file(weights))
    assert task.test is not None
    return 100 * evaluate(model, task, task.test)["accuracy"], model


def report(name: str, architecture: Architecture, tasks: list[Task]) -> list[float]:
    """A line: accuracy of each seed, sizes learned, FLOPs before and after."""
    runs = [trained(architecture, task, seed) for task, seed in zip(tasks, SEEDS, strict=True)]
    found = [accuracy for accuracy, _ in runs]
    sizes = ["/".join(str(m.taps[0]) for m in model.modules() if isinstance(m, Bank) and m.window) for _, model in runs]
    flops = statistics.median(model.cost().flops for _, model in runs) / 1e6
    print(
        f"{name:<34} median {statistics.median(found):5.1f}  ({' '.join(f'{x:.1f}' for x in found)})  "
        f"taps {' '.join(sizes) if any(sizes) else '-'}  MFLOP {price(architecture).flops / 1e6:.2f} -> {flops:.2f}",
        flush=True,
    )
    return found


def main() -> None:
    """Print both tasks."""
    one_thread()
    far = [recall(length=LENGTH, seed=seed) for seed in SEEDS]
    growing = network(SMOOTH, Gaussian(sigma=THIRD))
    print("recall, delays up to 180: chance 25")
    learned = report("begins at 65 taps, learned", growing, far)
    report("stays at 65 taps", network(SMOOTH, Gaussian(sigma=THIRD, learned=False)), far)
    short = report("3 taps, as many FLOPs", of_three_taps(price(growing).flops), far)
    report("all 200 taps, no window", network(SMOOTH, None), far)
    print(f"over 3 taps, seed by seed: {' '.join(f'{a - b:+.1f}' for a, b in zip(learned, short, strict=True))}")
    near = [nearby(length=LENGTH, seed=seed) for seed in SEEDS]
    print("\nnearby, a pattern of five steps: chance 25")
    report("begins at 200 taps, learned", network(SMOOTH, Gaussian(sigma=WHOLE)), near)
    report("stays at 200 taps", network(SMOOTH, Gaussian(sigma=WHOLE, learned=False)), near)
    report("3 taps, as many FLOPs", of_three_taps(price(growing).flops), near)


if __name__ == "__main__":
    main()
