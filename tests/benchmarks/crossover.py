"""From which kernel size on Fourier transforms are the faster way, on the device that this stands on.

    python tests/benchmarks/crossover.py [--device cuda] [--quick] [--write [FILE]]     # a GPU: 2.5 minutes, a CPU: 8
    python tests/benchmarks/crossover.py onnx                                           # onnxruntime: two minutes

The layer of this package by sums and by transforms, in turns, over sizes of the signal, of the kernel, and channels.
Evaluation is forward with a kept kernel; training is forward and backward with a new one each time. Printed are the
cells where the way that the table chooses is over 15 % slower than the other: by the table as it stands, and by the one
of least regret over the cells, which `--write` puts into `archspec/crossovers.json` or into a copy of it.
"""

# Letters: a + b/n is the kernel size from which on, n samples along an axis.

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import torch

from archspec import Architecture, Classifier, Conv, Image, Series, Volume, kept_kernels, lower
from archspec.geometry.fourier import CROSSOVERS, crossovers
from archspec.inputs import Input
from archspec.layers.conv import GroupConv

BATCH = 16
CLEAR = 6.0  # longer kernels are not tried where transforms are so many times faster
GRIDS = ((256, 1024, 4096), (16, 32, 64), (8, 16))
KERNELS = (
    (7, 11, 15, 23, 31, 47, 63, 127, 255, 511, 1023),
    (3, 5, 7, 9, 11, 13, 15, 21, 31),
    (3, 5, 7, 9, 11),
)
SLOPES = (0, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 4096)


class Cell(NamedTuple):
    """Of one kind: a signal, a kernel, and the time by sums over that by transforms."""

    kind: str
    grid: int
    kernel: int
    channels: int
    ratio: float

    def regret(self, a: float, b: float) -> float:
        """The time of the way that is chosen over that of the better."""
        chosen = 1 / self.ratio if self.kernel > a + b / self.grid - 1e-9 else self.ratio
        return max(1.0, chosen)


def ratio(other: Callable[[], object], ours: Callable[[], object], seconds: float = 1.5) -> tuple[float, float, float]:
    """Median time of `other` over that of `ours`, with the least and the largest ratio; run in turns."""
    wait: Callable[[], None] = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    pairs: list[tuple[float, float]] = []
    begun = time.perf_counter()
    while len(pairs) < 4 or (time.perf_counter() - begun < seconds and len(pairs) < 30):
        times = []
        for way in (other, ours):
            wait()
            start = time.perf_counter()
            way()
            wait()
            times.append(time.perf_counter() - start)
        pairs.append((times[0], times[1]))
    pairs = pairs[1:]  # the first is the warm-up
    others, own = zip(*pairs, strict=True)
    each = [a / b for a, b in pairs]
    return statistics.median(others) / statistics.median(own), min(each), max(each)


def convolution(grid: tuple[int, ...], kernel: int, channels: int, depthwise: bool, algorithm: str) -> Architecture:
    """A network of one convolution."""
    how = "depthwise_separable" if depthwise else "full"
    conv = Conv(channels=channels, kernel_size=kernel, algorithm=algorithm, factorisation=how)
    if len(grid) == 1:
        given: Input = Series(channels=channels, length=grid[0])
    else:
        given = (Image if len(grid) == 2 else Volume)(channels=channels, size=grid)
    return Architecture(input=given, body=[conv], head=Classifier(classes=1))


def layer(grid: tuple[int, ...], kernel: int, channels: int, depthwise: bool, algorithm: str) -> GroupConv:
    model = lower(convolution(grid, kernel, channels, depthwise, algorithm))
    found = model.get_submodule("body_0_conv.spatial" if depthwise else "body_0_conv")
    assert isinstance(found, GroupConv)
    return found


def measured(grid: tuple[int, ...], kernel: int, channels: int, depthwise: bool, train: bool, at: str) -> float:
    """Time by sums over that by transforms."""
    layers = [layer(grid, kernel, channels, depthwise, way).to(at).train(train) for way in ("direct", "fft")]
    x = torch.randn(BATCH, channels, *grid, device=at, requires_grad=train)
    gradient = torch.randn_like(x)

    def trained(conv: GroupConv) -> Callable[[], object]:
        return lambda: torch.autograd.grad(conv(x), [x, *conv.parameters()], gradient)

    if train:
        return ratio(trained(layers[0]), trained(layers[1]), 0.1 if at == "cuda" else 0.4)[0]
    with torch.no_grad(), kept_kernels(layers[0]), kept_kernels(layers[1]):
        return ratio(lambda: layers[0](x), lambda: layers[1](x), 0.1 if at == "cuda" else 0.3)[0]


def cells(device: str, quick: bool) -> Iterator[Cell]:
    """All that is measured; kernels grow until the transform is clearly ahead."""
    step = 2 if quick else 1
    for dims, (grids, kernels) in enumerate(zip(GRIDS, KERNELS, strict=True), 1):
        for depthwise in (True, False):
            for train in (False, True):
                kind = f"{dims}-D {'depthwise' if depthwise else 'full'} {'training' if train else 'evaluation'}"
                for channels in ((32, 128) if device == "cuda" else (8, 32))[1 if quick else 0 :]:
                    for n in grids[: 2 if quick else None]:
                        found = 0.0
                        for kernel in kernels[::step]:
                            if found <= CLEAR and kernel <= n:
                                found = measured((n,) * dims, kernel, channels, depthwise, train, device)
                                yield Cell(kind, n, kernel, channels, found)


def fitted(some: list[Cell], now: tuple[float, float]) -> tuple[float, float]:
    """The a and b of least regret, in the mean of its logarithm; those of now unless others are a hundredth better.

    Hashes of architectures follow the table: it should not follow what is noise.
    """

    def regret(ab: tuple[float, float]) -> float:
        return statistics.mean(math.log(cell.regret(*ab)) for cell in some)

    kernels = sorted({cell.kernel for cell in some})
    between = [round(math.sqrt(a * b)) for a, b in pairwise([*kernels, 2 * kernels[-1]])]
    best = min(((a, b) for b in SLOPES for a in (kernels[0], *between)), key=lambda ab: round(regret(ab), 6))
    return best if regret(best) < regret(now) - 0.01 else now


def report(found: list[Cell], table: dict[str, tuple[float, float]]) -> float:
    """Prints where the choice is over 15 % slower; the share of the cells where it is not."""
    regrets = {cell: cell.regret(*table[cell.kind]) for cell in found}
    worse = {cell: regret for cell, regret in regrets.items() if regret > 1.15}
    for cell, regret in sorted(worse.items(), key=lambda item: -item[1]):
        chosen = "transforms" if cell.ratio < 1 else "sums"
        print(f"    {regret:5.2f}  {cell.kind}, {cell.channels} channels, {cell.grid}, {cell.kernel} taps: {chosen}")
    mean = math.exp(statistics.mean(map(math.log, regrets.values())))
    share = 1 - len(worse) / len(found)
    print(f"  {len(found)} cells, {len(worse)} over 15 % slower, worst {max(regrets.values()):.2f},", end=" ")
    print(f"geometric mean {mean:.3f}; within 15 %: {100 * share:.1f} %\n")
    return share


def write(file: Path, device: str, table: dict[str, tuple[float, float]], said: str) -> None:
    """The entry of a device, into the table or a copy of it."""
    whole = json.loads(CROSSOVERS.read_text())
    whole["measured"][device], whole["sizes"][device] = said, table
    file.write_text(written(whole))


def written(tables: dict[str, Any]) -> str:
    """The file of tables, a pair of numbers on a line."""
    text = json.dumps(tables, indent=1, ensure_ascii=False)
    return re.sub(r"\[\s+([\d.]+),\s+([\d.]+)\s+\]", r"[\1, \2]", text) + "\n"


def main(device: str, quick: bool, file: Path | None) -> float:
    """The share of the cells in which the table fitted here is within 15 % of the better way."""
    begun, found = time.perf_counter(), list(cells(device, quick))
    name = torch.cuda.get_device_name() if device == "cuda" else f"a CPU, {torch.get_num_threads()} thread"
    channels = " and ".join(str(c) for c in sorted({cell.channels for cell in found}))
    said = f"{name}, float32 as torch has it by default, {channels} channels, batch {BATCH}, torch {torch.__version__}"
    print(f"{said}: {time.perf_counter() - begun:.0f} s\n\n  as the table stands:")
    now = crossovers()[device]
    report(found, now)
    table = {kind: fitted([c for c in found if c.kind == kind], (now[kind][0], now[kind][1])) for kind in now}
    print("  fitted here:")
    share = report(found, table)
    for kind, (a, b) in table.items():
        print(f"  {kind:>24}: {a} + {b}/n" + ("" if [a, b] == list(now[kind]) else f", was {now[kind]}"))
    if file is not None:
        write(file, device, table, f"{said} (tests/benchmarks/crossover.py)")
    return share


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", choices=("torch", "onnx"), default="torch")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--quick", action="store_true", help="about a minute")
    parser.add_argument("--write", nargs="?", const=CROSSOVERS, type=Path, metavar="FILE")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if asked.what == "onnx":
        from tests.benchmarks.crossover_onnx import main as onnx

        onnx()
    else:
        main(asked.device, asked.quick, asked.write)
