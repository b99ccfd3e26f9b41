"""Sums over transforms in onnxruntime, one thread: `python tests/benchmarks/crossover.py onnx`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import onnxruntime
import torch

from archspec import freeze, lower, transforms
from archspec.exporting.onnx_file import write_onnx
from tests.benchmarks.crossover import BATCH, convolution, ratio

CHANNELS = 16
# By depthwise: (samples per axis, kernel sizes), around the sizes of `archspec.transforms`.
CELLS = {
    (False, 1): ((1024,), (63, 127, 255, 511, 1023)),
    (True, 1): ((2048,), (255, 511, 1023, 2047)),
    (False, 2): ((32, 32), (11, 15, 21, 31)),
    (True, 2): ((64, 64), (31, 47, 63)),
}


def session(grid: tuple[int, ...], kernel: int, depthwise: bool, algorithm: str) -> Callable[[], object]:
    """A run of a frozen network of one convolution, all by one way."""
    architecture = convolution(grid, kernel, CHANNELS, depthwise, algorithm)
    with (
        tempfile.TemporaryDirectory() as directory,
        mock.patch.object(transforms, "_LARGE", dict.fromkeys(transforms._LARGE, 0)),
    ):
        file = Path(directory) / "model.onnx"
        write_onnx(freeze(lower(architecture).eval(), target="onnx"), architecture, file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        found = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    x = torch.randn(BATCH, CHANNELS, *grid).numpy()
    return lambda: found.run(None, {"x": x})


def main() -> None:
    print(
        f"onnxruntime {onnxruntime.__version__}, one thread, {CHANNELS} channels, batch {BATCH}: sums over transforms"
    )
    cells = off = 0
    for (depthwise, dims), (grid, kernels) in CELLS.items():
        print(f"{dims}-D {'depthwise' if depthwise else 'full'}, {'x'.join(map(str, grid))}:", end=" ")
        for kernel in kernels:
            direct, fft = (session(grid, kernel, depthwise, way) for way in ("direct", "fft"))
            found = ratio(direct, fft, 1.0)[0]
            chosen = transforms.by_transforms("fft", depthwise, (kernel,) * dims, grid, "onnx")
            wrong = (1 / found if chosen else found) > 1.15
            cells, off = cells + 1, off + wrong
            print(f"{kernel}: {found:.2f}{'!' if wrong else ''}", end="  ", flush=True)
        print()
    print(f"{off} of {cells} over 15 % slower than the other way (!)")
