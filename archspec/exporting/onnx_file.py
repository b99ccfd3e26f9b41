"""The exporter to ONNX."""

from __future__ import annotations

import logging
import math
import warnings
from functools import partial
from pathlib import Path
from typing import ClassVar

import torch
from torch import fx

from archspec.architecture import Architecture, price
from archspec.exporting.agreement import agreed, in_onnxruntime, in_torch
from archspec.exporting.exporter import Check
from archspec.lowering import Network
from archspec.network.freezing import freeze

ONNX = "model.onnx"


class OnnxFile:
    """Writes `model.onnx`: the network frozen for the target `onnx`, for any batch size."""

    name: ClassVar[str] = "onnx"
    files: ClassVar[frozenset[str]] = frozenset((ONNX,))

    def write(self, network: Network, directory: Path) -> Check:
        """Write the file; it is checked in onnxruntime."""
        file = directory / ONNX
        write_onnx(freeze(network, target="onnx"), network.architecture, file)
        runs = {"flops": price(network, "onnx").flops, "params": _numbers(file), "bytes": file.stat().st_size}
        usage = _USAGE.format(file=ONNX, shape=", ".join(map(str, network.architecture.signal.shape)))
        forms = {"the ONNX file": partial(in_onnxruntime, file)}
        return Check(forms, {ONNX: runs}, usage, {ONNX: "the network ready to run, its kernels sampled"})


def write_onnx(frozen: fx.GraphModule, architecture: Architecture, file: Path) -> None:
    """Write a network that was frozen for `onnx`, on a CPU in float32, as an ONNX file for any batch size."""
    example = torch.zeros(2, *architecture.signal.shape)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.autocast("cpu", enabled=False):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                frozen,
                (example,),
                file,
                dynamo=True,
                verbose=False,
                external_data=False,
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                input_names=["x"],
                output_names=["y"],
            )
    finally:
        logger.setLevel(level)
    _without_origins(file)


def _without_origins(file: Path) -> None:
    """Leave out what torch notes of each node and value: lines of source, with their paths on this machine.

    Of a small network it is most of the file.
    """
    import onnx

    model = onnx.load(file)
    graph = model.graph
    for noted in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        noted.ClearField("metadata_props")
    onnx.save(model, file)


def export_onnx(frozen: fx.GraphModule, architecture: Architecture, file: Path) -> float:
    """Write a frozen network as ONNX and compare outputs; returns the largest difference over the largest output.

    Raises:
        Disagreement: outputs of the file differ from the frozen network's.
    """
    frozen = frozen.cpu().float()
    write_onnx(frozen, architecture, file)
    return agreed(in_torch(frozen), {"the ONNX file": in_onnxruntime(file)}, architecture.signal.shape)


def _numbers(file: Path) -> int:
    import onnx

    weights = onnx.load(file).graph.initializer
    return sum(math.prod(i.dims) for i in weights if i.data_type == onnx.TensorProto.FLOAT)


_USAGE = """## With ONNX

`{file}` takes `x` with any batch size and gives `y`; checked in onnxruntime against the network.

```python
import numpy, onnxruntime

session = onnxruntime.InferenceSession("{file}")
y, = session.run(None, {{"x": numpy.zeros((1, {shape}), dtype=numpy.float32)}})
```
"""
