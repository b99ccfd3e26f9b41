"""Trained at 64 points, tested unchanged at 96, 128 and 256: continuous kernels beside tables, three fresh seeds.

python tests/benchmarks/resolution_1d.py        # about ten minutes; draws docs/resolution_1d.png
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import matplotlib
import torch
from safetensors.torch import load_file

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    Fourier,
    Gaussian,
    Magnet,
    Network,
    Norm,
    Repeat,
    Residual,
    Series,
    Siren,
    Spline,
    Table,
    lower,
)
from archspec.kernels import Kernel
from archspec.kernels.windows import Window
from search import Failed, Task, Training, waves
from search.objectives import Score
from search.training.evaluation import evaluate
from search.training.threads import one_thread
from search.training.trainer import train

NATIVE, OTHERS = 64, (96, 128, 256)
TAPS, CHANNELS, CLASSES = 15, 24, 8
SEEDS = (201, 202, 203)
SMOOTH = Gaussian(sigma=0.33, threshold=0.01)
TRAINING = Training(epochs=25, batch_size=64, learning_rate=1e-2, patience=None)


def network(kernel: Kernel, window: Window | None = None, taps: int = TAPS, length: int = NATIVE) -> Architecture:
    """A stem and two residual blocks at full resolution."""
    conv = Conv(channels=CHANNELS, kernel_size=taps, kernel=kernel, window=window)
    block = Residual(body=[Norm(), Activation(function="gelu"), conv])
    body = [conv, Repeat(times=2, body=[block]), Norm(), Activation(function="gelu")]
    return Architecture(input=Series(channels=1, length=length), body=body, head=Classifier(classes=CLASSES))


def trained(architecture: Architecture, task: Task, seed: int, training: Training = TRAINING) -> Network:
    """The network with the weights that were best on validation data."""
    with tempfile.TemporaryDirectory() as directory:
        weights = Path(directory) / "best.safetensors"
        outcome = train(architecture, task.without_test(), training, seed, Score("accuracy", True), weights=weights)
        assert not isinstance(outcome, Failed), outcome
        model = lower(architecture)
        model.load_state_dict(load_file(weights))
    return model.eval()


def accuracy(model: torch.nn.Module, length: int, seed: int) -> float:
    """On the test data rendered at a length."""
    task = waves(length=length, seed=seed)
    assert task.test is not None
    return 100 * evaluate(model, task, task.test)["accuracy"]


def with_weights(architecture: Architecture, weights: dict[str, torch.Tensor]) -> Network:
    """A network given weights."""
    model = lower(architecture)
    model.load_state_dict(weights)
    return model.eval()


def dilated(weights: dict[str, torch.Tensor], ratio: int) -> dict[str, torch.Tensor]:
    """Zeros between the taps of every table."""
    spread = {}
    for name, value in weights.items():
        if name.endswith("kernel.weight"):
            wide = value.new_zeros(len(value), (TAPS - 1) * ratio + 1)
            wide[:, ::ratio] = value
            value = wide
        spread[name] = value
    return spread


def of_tables(seed: int) -> dict[str, list[float]]:
    """The ways a network of tables can be moved to another grid."""
    model = trained(network(Table()), waves(length=NATIVE, seed=seed), seed)
    state, native = dict(model.state_dict()), accuracy(model, NATIVE, seed)
    joined = with_weights(network(Spline(degree=1)), state)
    rows = {"table, same taps": [native], "table, dilated": [native], "table, interpolated and scaled": [native]}
    for length in OTHERS:
        rows["table, same taps"].append(accuracy(with_weights(network(Table(), length=length), state), length, seed))
        rows["table, interpolated and scaled"].append(accuracy(joined.at_resolution(length), length, seed))
        ratio, rest = divmod(length, NATIVE)
        if rest:
            rows["table, dilated"].append(float("nan"))
        else:
            wide = network(Table(), taps=(TAPS - 1) * ratio + 1, length=length)
            rows["table, dilated"].append(accuracy(with_weights(wide, dilated(state, ratio)), length, seed))
    return rows


CONTINUOUS: dict[str, tuple[Kernel, Window | None]] = {
    "Magnet, half of Nyquist, Gaussian": (Magnet(), SMOOTH),
    "Fourier, half of Nyquist, Gaussian": (Fourier(bandwidth=0.5), SMOOTH),
    "cubic spline, a knot per tap, Gaussian": (Spline(), SMOOTH),
    "cubic spline, 8 knots, Gaussian": (Spline(knots=8), SMOOTH),
    "SIREN, ω₀ = 60": (Siren(omega_0=60.0), None),
}


def main() -> None:
    """Print the table of accuracies, seed by seed, and draw it."""
    one_thread()
    rows: dict[str, list[list[float]]] = {}
    for seed in SEEDS:
        task = waves(length=NATIVE, seed=seed)
        for name, (kernel, window) in CONTINUOUS.items():
            model = trained(network(kernel, window), task, seed)
            found = [accuracy(model, NATIVE, seed)]
            found += [accuracy(model.at_resolution(length), length, seed) for length in OTHERS]
            rows.setdefault(name, []).append(found)
        for name, found in of_tables(seed).items():
            rows.setdefault(name, []).append(found)
        print(f"seed {seed} done", flush=True)
    print(f"\n{'test accuracy, % (each seed)':<40}" + "".join(f"{n:>22}" for n in (NATIVE, *OTHERS)))
    for name, seeds in rows.items():
        cells = [" ".join(f"{run[i]:.1f}" for run in seeds) for i in range(len(OTHERS) + 1)]
        print(f"{name:<40}" + "".join(f"{cell:>22}" for cell in cells))
    draw(rows, Path("docs/resolution_1d.png"))


def draw(rows: dict[str, list[list[float]]], path: Path) -> None:
    """Mean accuracy against resolution."""
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    for name, seeds in rows.items():
        mean = torch.tensor(seeds).mean(0)
        known = ~mean.isnan()
        points = torch.tensor([NATIVE, *OTHERS])
        axes.plot(points[known], mean[known], marker="o", label=name)
    axes.set(xlabel="points of the test signals (trained at 64)", ylabel="test accuracy, %", ylim=(0, 100))
    axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
