"""A trained network as files that anyone can open: spec, weights, ONNX, and how to load each. No pickle."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import fx

from archspec.architecture import Architecture, price
from archspec.certificate import Certificate, largest
from archspec.cost import Cost
from archspec.document import SpecError
from archspec.freezing import freeze
from archspec.lowering import Network, lower
from archspec.symmetry import certify

SPEC, WEIGHTS, ONNX, SYMMETRY = "architecture.json", "weights.safetensors", "model.onnx", "symmetry.json"
TOLERANCE = 1e-4


def export(
    model: fx.GraphModule,
    architecture: Architecture,
    directory: str | Path,
    scores: Mapping[str, float] | None = None,
    symmetry: Certificate | None = None,
) -> Path:
    """Write spec, weights, a checked ONNX model with a dynamic batch, and a README to `directory`.

    A network with a group is certified, unless its certificate is given.

    Raises:
        RuntimeError: the ONNX model does not give the network's outputs.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / SPEC).write_text(architecture.to_json())
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, directory / WEIGHTS)
    error = export_onnx(freeze(model, target="onnx"), architecture, directory / ONNX)
    (directory / "scores.json").write_text(json.dumps(dict(scores or {}), indent=2) + "\n")
    cost = price(model if isinstance(model, Network) else architecture)
    if symmetry is None and isinstance(model, Network) and not largest(architecture.graph).trivial:
        symmetry = certify(model)
    if symmetry is not None:
        (directory / SYMMETRY).write_text(json.dumps(symmetry.to_data(), indent=2) + "\n")
    (directory / "README.md").write_text(_readme(architecture, cost, scores or {}, error, symmetry))
    return directory


def load(directory: str | Path) -> Network:
    """The network that `export` wrote, in evaluation mode.

    Raises:
        SpecError: the directory does not hold an exported network.
    """
    directory = Path(directory)
    try:
        architecture = Architecture.from_json((directory / SPEC).read_bytes())
        weights = load_file(directory / WEIGHTS)
    except OSError as error:
        raise SpecError(f"{directory} is not an exported network: {error}") from None
    with torch.random.fork_rng(devices=[]):
        model = lower(architecture)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise SpecError(f"{directory / WEIGHTS} does not belong to {directory / SPEC}: {error}") from None
    model.eval()
    return model


def export_onnx(frozen: fx.GraphModule, architecture: Architecture, file: Path) -> float:
    """Write a frozen network as ONNX; the largest difference, relative to the largest output, at two batch sizes."""
    example = torch.randn(2, architecture.input.channels, *architecture.input.grid)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                frozen.cpu().float(),
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
    error = _onnx_error(frozen, architecture, file)
    if error > TOLERANCE:
        raise RuntimeError(f"the ONNX model differs from the network by {error:.1e} of its largest output")
    return error


def _onnx_error(frozen: fx.GraphModule, architecture: Architecture, file: Path) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch in (1, 5):
        x = torch.randn(batch, architecture.input.channels, *architecture.input.grid)
        with torch.no_grad():
            wanted = frozen(x).numpy()
        found = session.run(None, {"x": x.numpy()})[0]
        worst = max(worst, float(np.abs(found - wanted).max() / max(1e-12, np.abs(wanted).max())))
    return worst


def _readme(
    architecture: Architecture, cost: Cost, scores: Mapping[str, Any], error: float, symmetry: Certificate | None
) -> str:
    grid = ", ".join(map(str, architecture.input.grid))
    lines = "".join(f"| {name} | {value:.6g} |\n" for name, value in scores.items())
    if symmetry is not None:
        lines += f"| symmetry, as measured | {symmetry} |\n"
    return f"""# An exported network

| | |
|---|---|
| FLOPs per example | {cost.flops:,} |
| parameters | {cost.params:,} |
{lines}
FLOPs are 2 × multiply-accumulates of one forward pass with the kernels already sampled. Input: float32 of shape
(batch, {architecture.input.channels}, {grid}). The hash of the architecture is `{architecture.hash}`.

## With torch

```python
import archspec

model = archspec.load("path/to/this/directory")     # to train on, or to look into
plain = archspec.freeze(model)                      # ordinary torch.nn modules, same outputs
```

## With ONNX

`{ONNX}` takes `x` with any batch size and gives `y`; checked in onnxruntime, largest relative difference {error:.1e}.

```python
import numpy, onnxruntime

session = onnxruntime.InferenceSession("{ONNX}")
y, = session.run(None, {{"x": numpy.zeros((1, {architecture.input.channels}, {grid}), dtype=numpy.float32)}})
```

## The files

`{SPEC}`: the architecture as data · `{WEIGHTS}`: its weights by name · `{ONNX}`: the network ready to run ·
`scores.json`, `{SYMMETRY}` (of a network with a group): what was measured. None of them can run code when loaded.
"""
