"""Trained on 16×16 images, tested unchanged at 24×24 and 32×32: accuracy against what is lost, three seeds.

python tests/benchmarks/resolution_2d.py        # half an hour; draws docs/resolution_2d.png
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import torch

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Fourier,
    Gaussian,
    Image,
    Magnet,
    Norm,
    Siren,
    Spline,
    Table,
    price,
)
from archspec.kernels import Kernel
from archspec.kernels.windows import Window
from search import shapes
from search.training.evaluation import evaluate
from search.training.threads import one_thread
from tests.benchmarks.resolution_1d import trained, with_weights

NATIVE, OTHERS = 16, (24, 32)
SEEDS = (301, 302, 303)
SMOOTH = Gaussian(sigma=0.4, threshold=0.01)

TRIED: dict[str, tuple[Kernel, Window | None]] = {
    "table": (Table(), None),
    "table, interpolated": (Spline(degree=1), None),
    "Magnet, half of Nyquist, Gaussian": (Magnet(), SMOOTH),
    "Magnet, Nyquist, Gaussian": (Magnet(bandwidth=1), SMOOTH),
    "Magnet, twice Nyquist, Gaussian": (Magnet(bandwidth=2), SMOOTH),
    "SIREN, half of Nyquist": (Siren(), None),
    "cubic spline, a knot per tap": (Spline(), None),
    "Fourier, half of Nyquist": (Fourier(bandwidth=0.5), None),
    "Fourier, Nyquist": (Fourier(), None),
    "Fourier, Nyquist, Gaussian": (Fourier(), SMOOTH),
}


def network(kernel: Kernel, window: Window | None) -> Architecture:
    """Three convolutions of 7×7 taps at full resolution."""
    conv = Conv(channels=12, kernel_size=7, kernel=kernel, window=window)
    layer = [conv, Norm(), Activation(function="gelu")]
    return Architecture(input=Image(size=(NATIVE, NATIVE)), body=layer * 3, head=Classifier(classes=6))


def accuracies(kernel: Kernel, window: Window | None, seed: int) -> list[float]:
    """At 16, 24 and 32 points."""
    architecture = network(kernel, window)
    model = trained(architecture, shapes(size=NATIVE, seed=seed), seed)
    found = []
    for size in (NATIVE, *OTHERS):
        task = shapes(size=size, seed=seed)
        assert task.test is not None
        there = model
        if size != NATIVE and isinstance(kernel, Table):
            there = with_weights(
                Architecture(input=Image(size=(size, size)), body=architecture.body, head=architecture.head),
                dict(model.state_dict()),
            )
        elif size != NATIVE:
            there = model.at_resolution(size, size)
        found.append(100 * evaluate(there.eval(), task, task.test)["accuracy"])
    return found


def main() -> None:
    """Print a line for each network, and draw the front."""
    one_thread()
    rows: dict[str, list[list[float]]] = {}
    print(f"{'test accuracy, % (each seed)':<36}{'parameters':>11}" + "".join(f"{n:>20}" for n in (NATIVE, *OTHERS)))
    for name, (kernel, window) in TRIED.items():
        rows[name] = [accuracies(kernel, window, seed) for seed in SEEDS]
        cells = [" ".join(f"{run[i]:.1f}" for run in rows[name]) for i in range(len(OTHERS) + 1)]
        params = price(network(kernel, window)).params
        print(f"{name:<36}{params:>11,}" + "".join(f"{cell:>20}" for cell in cells), flush=True)
    draw(rows, Path("docs/resolution_2d.png"))


def draw(rows: dict[str, list[list[float]]], path: Path) -> None:
    """Accuracy at 16 against the most that is lost at 24 or 32, each seed and the mean."""
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5))
    for name, seeds in rows.items():
        runs = torch.tensor(seeds)
        lost = runs[:, :1].sub(runs[:, 1:]).amax(1)
        (dots,) = axes.plot(lost, runs[:, 0], ".", alpha=0.4)
        axes.plot(lost.mean(), runs[:, 0].mean(), "o", color=dots.get_color(), label=name)
    axes.set(xlabel="most points lost at 24 or 32", ylabel="test accuracy at 16, %", xlim=(-2, None))
    axes.legend(fontsize=7, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
