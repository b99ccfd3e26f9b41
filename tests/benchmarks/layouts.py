"""How sums over taps are fastest on the device that this stands on: who adds the zeros, and where the channels lie.

    python tests/benchmarks/layouts.py [--device cuda] [--write [FILE]]     # a CPU: three minutes

The layer of this package, by sums, in four ways: the library adds the zeros or we do, channels first or last in memory.
Evaluation is forward with a kept kernel; training is forward and backward with a new one each time. For each kind and
size the time of the way that the table chooses is printed over that of the best; then a table of least regret, which
`--write` puts into `archspec/crossovers.json` or into a copy of it.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch

from archspec import kept_kernels
from archspec.geometry.fourier import CROSSOVERS
from archspec.layers.conv import GroupConv
from archspec.layers.ways import Way, fastest_way
from tests.benchmarks.crossover import BATCH, layer, written

CHANNELS, ANY = 32, 1_000_000
GRIDS = ((1024,), (32, 32), (12, 12, 12))
KERNELS = ((3, 7, 15, 31, 63), (3, 5, 7, 9, 11, 13, 15), (3, 5, 7))


class Cell(NamedTuple):
    """A layer, and the seconds of each way: (zeros by the library, channels last)."""

    dims: int
    kind: str
    kernel: int
    times: dict[tuple[bool, bool], float]

    @property
    def place(self) -> str:
        return f"{self.dims}-D {self.kind}"

    def best(self, last: bool) -> float:
        """The shorter time of two, whoever adds the zeros."""
        return min(self.times[own, last] for own in (False, True))


def way(conv: GroupConv, by_itself: bool, last: bool) -> Way:
    """One of the four."""
    pads = [n for pair in conv.around[::-1] for n in pair]
    own = tuple(before for before, _ in conv.around)
    return Way(own if by_itself else (0,) * len(own), [] if by_itself else pads, last)


def timed(calls: dict[tuple[bool, bool], Callable[[], object]], seconds: float) -> dict[tuple[bool, bool], float]:
    """Median seconds of each, in turns."""
    wait: Callable[[], None] = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    found: dict[tuple[bool, bool], list[float]] = {key: [] for key in calls}
    begun = time.perf_counter()
    while len(found[True, True]) < 4 or time.perf_counter() - begun < seconds:
        for key, call in calls.items():
            wait()
            start = time.perf_counter()
            call()
            wait()
            found[key].append(time.perf_counter() - start)
    return {key: statistics.median(each[1:]) for key, each in found.items()}


def measured(grid: tuple[int, ...], kernel: int, depthwise: bool, train: bool, device: str) -> Cell:
    """All ways of one layer."""
    conv = layer(grid, kernel, CHANNELS, depthwise, "direct").to(device).train(train)
    x = torch.randn(BATCH, CHANNELS, *grid, device=device, requires_grad=train)
    gradient = torch.randn_like(x)

    def call(chosen: Way) -> Callable[[], object]:
        def forward() -> object:
            conv.ways = [chosen, chosen]
            y = conv(x)
            return torch.autograd.grad(y, [x, *conv.parameters()], gradient) if train else y

        return forward

    calls = {(a, b): call(way(conv, a, b)) for a, b in product((False, True), (False, True))}
    kind = f"{'depthwise' if depthwise else 'full'} {'training' if train else 'evaluation'}"
    if train:
        return Cell(len(grid), kind, kernel, timed(calls, 0.2 if device == "cuda" else 0.8))
    with torch.no_grad(), kept_kernels(conv):
        return Cell(len(grid), kind, kernel, timed(calls, 0.2 if device == "cuda" else 0.6))


def fitted(cells: list[Cell]) -> dict[str, dict[str, Any]]:
    """Channels last from one size to another where that is a twentieth faster; zeros by the library up to a size."""
    ranges: dict[str, list[int]] = {}
    for place in sorted({cell.place for cell in cells}):
        faster = [c.kernel for c in cells if c.place == place and 1.05 * c.best(last=True) < c.best(last=False)]
        if faster:
            largest = max(c.kernel for c in cells if c.place == place)
            ranges[place] = [min(faster), ANY if max(faster) == largest else max(faster)]
    kinds = sorted({cell.kind for cell in cells})
    upto = {kind: _largest([c for c in cells if c.kind == kind], last=False) for kind in kinds}
    return {"channels last": ranges, "pads by itself": upto | {"channels last": _largest(cells, last=True)}}


def _largest(cells: list[Cell], last: bool) -> int:
    """The size up to which the library's own zeros cost least, in the mean of the logarithm of the time."""
    sizes = sorted({cell.kernel for cell in cells})

    def cost(most: int) -> float:
        return statistics.mean(math.log(cell.times[cell.kernel <= most, last]) for cell in cells)

    best = min((0, *sizes), key=cost)
    return ANY if best == sizes[-1] else best


def main(device: str, file: Path | None, before: Path = CROSSOVERS) -> None:
    """Print, and write where asked, with the tables that stand before."""
    cells = [
        measured(grid, kernel, depthwise, train, device)
        for grid, kernels in zip(GRIDS, KERNELS, strict=True)
        for depthwise, train in product((True, False), repeat=2)
        for kernel in kernels
    ]
    over = []
    for cell in cells:
        around = (((cell.kernel - 1) // 2,) * 2,) * cell.dims
        depthwise, train = cell.kind.startswith("depthwise"), cell.kind.endswith("training")
        chosen = fastest_way(around, (cell.kernel,) * cell.dims, depthwise, train, device)
        over.append(cell.times[not chosen.pad, chosen.channels_last] / min(cell.times.values()))
        own, last = min(cell.times, key=lambda key: cell.times[key])
        best = f"zeros by {'the library' if own else 'us'}, channels {'last' if last else 'first'}"
        print(f"  {over[-1]:5.2f}  {cell.place}, {cell.kernel} taps; best: {best}")
    within = sum(regret <= 1.15 for regret in over) / len(over)
    print(f"{len(over)} cells, {100 * within:.0f} % within 15 % of the best way, worst {max(over):.2f}")
    table = fitted(cells)
    print(json.dumps(table, indent=1))
    if file is not None:
        whole = json.loads(before.read_text())
        whole["layouts"][device] = table
        file.write_text(written(whole))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--write", nargs="?", const=CROSSOVERS, type=Path, metavar="FILE")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    main(asked.device, asked.write)
