"""A trained network as files that anyone can open: spec, weights, ONNX, and how to load each. No pickle."""

from __future__ import annotations

import copy
import json
import logging
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, fx

from archspec.architecture import Architecture, price
from archspec.exporting.agreement import agreed, in_onnxruntime, in_torch
from archspec.exporting.directory import MANIFEST, deposited, seal, unsealed
from archspec.graph.signal import SignalError
from archspec.lowering import Network, lower
from archspec.network.freezing import freeze
from archspec.schema.document import SpecError
from archspec.symmetry.certificate import Certificate, largest
from archspec.symmetry.certifying import certify

SPEC, WEIGHTS, ONNX, SYMMETRY = "architecture.json", "weights.safetensors", "model.onnx", "symmetry.json"
SCORES, README = "scores.json", "README.md"
FILES = frozenset((SPEC, WEIGHTS, ONNX, SYMMETRY, SCORES, README, MANIFEST))
OF = "architecture"  # in the metadata of weights: the hash of the architecture whose they are


def export(
    model: Network,
    directory: str | Path | Architecture,
    *earlier: Any,
    scores: Mapping[str, float] | None = None,
    symmetry: Certificate | None = None,
    overwrite: bool = False,
) -> Path:
    """Write spec, weights, an ONNX model with a dynamic batch, and a README to `directory`, all of it or nothing.

    What is written is the network in evaluation on a CPU in float32. It is compared, on several batches and scales of
    inputs, with its frozen form, the ONNX file, and what `load` makes of the directory. A network with a group is
    certified, unless its certificate is given.

    Args:
        model: the network.
        directory: an earlier export there is replaced.
        earlier: what followed when the architecture was given before the directory; that is an old way to call it.
        scores: of the network, by name.
        symmetry: its certificate.
        overwrite: replace what else is there, too.

    Raises:
        Disagreement: one form does not give the network's outputs, or these are not finite.
        FileExistsError: the directory holds something else, or is a link.
        ValueError: the architecture is another network's.
    """
    if isinstance(directory, Architecture):
        warnings.warn("export(model, architecture, directory) is now export(model, directory)", DeprecationWarning, 2)
        if directory.hash != model.architecture.hash:
            raise ValueError("the architecture is not the network's; leave it out")
        directory, scores = earlier[0], earlier[1] if len(earlier) > 1 else scores
        symmetry = earlier[2] if len(earlier) > 2 else symmetry
    place = Path(str(directory))
    scores = {name: float(value) for name, value in (scores or {}).items()}
    network = copy.deepcopy(model).cpu().float().eval()
    architecture = network.architecture
    _require_finite(network.state_dict(), "the network")
    if symmetry is None and not largest(architecture.graph).trivial:
        symmetry = certify(network)
    with deposited(place, FILES, overwrite) as aside:
        (aside / SPEC).write_text(architecture.to_json())
        state = {name: value.contiguous() for name, value in network.state_dict().items()}
        save_file(state, aside / WEIGHTS, metadata={OF: architecture.hash})
        write_onnx(freeze(network, target="onnx"), architecture, aside / ONNX)
        seal(aside, {OF: architecture.hash})
        error = agreed(
            in_torch(network),
            {
                "the frozen network": in_torch(freeze(network)),
                "the loaded directory": in_torch(load(aside)),
                "the ONNX file": in_onnxruntime(aside / ONNX),
            },
            architecture.signal.shape,
        )
        (aside / SCORES).write_text(json.dumps(scores, indent=2) + "\n")
        if symmetry is not None:
            (aside / SYMMETRY).write_text(json.dumps(symmetry.to_data(), indent=2) + "\n")
        files = _files(network, aside)
        (aside / README).write_text(_readme(architecture, files, scores, error, symmetry))
        seal(aside, {OF: architecture.hash, "contents": files})
    return place


def load(directory: str | Path) -> Network:
    """The network that `export` wrote, in evaluation mode.

    Raises:
        SpecError: the directory does not hold an exported network, or not the one that was exported.
    """
    directory = Path(directory)
    manifest = unsealed(directory, (SPEC, WEIGHTS), (ONNX, SYMMETRY))
    try:
        architecture = Architecture.from_json((directory / SPEC).read_bytes())
        weights = load_file(directory / WEIGHTS)
        with safe_open(directory / WEIGHTS, "pt") as file:
            whose = (file.metadata() or {}).get(OF)
        made_for = architecture.hash
    except (OSError, SafetensorError, SignalError, SpecError) as error:
        raise SpecError(f"{directory} is not an exported network: {error}") from None
    if whose is not None and not manifest:
        raise SpecError(f"{directory} is not a whole export: {MANIFEST} is missing; export the network again")
    if {whose, manifest.get(OF)} - {None, made_for}:
        raise SpecError(f"{directory / WEIGHTS} belongs to another architecture than {directory / SPEC}")
    _require_finite(weights, str(directory / WEIGHTS))
    with torch.random.fork_rng(devices=[]):
        model = lower(architecture)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        told = " ".join(str(error).split())[:300]
        raise SpecError(f"{directory / WEIGHTS} does not belong to {directory / SPEC}: {told}") from None
    return model.eval()


def _require_finite(state: Mapping[str, Tensor], what: str) -> None:
    wrong = next((name for name, value in state.items() if not bool(torch.isfinite(value).all())), None)
    if wrong is not None:
        raise SpecError(f"{what} has weights that are not finite ({wrong}); train it again, or export another")


def write_onnx(frozen: fx.GraphModule, architecture: Architecture, file: Path) -> None:
    """Write a network frozen for `onnx`, on a CPU in float32, with any number of examples."""
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


def export_onnx(frozen: fx.GraphModule, architecture: Architecture, file: Path) -> float:
    """Write a frozen network as ONNX; the largest difference, relative to the largest output.

    Raises:
        Disagreement: it does not give the frozen network's outputs.
    """
    frozen = frozen.cpu().float()
    write_onnx(frozen, architecture, file)
    return agreed(in_torch(frozen), {"the ONNX file": in_onnxruntime(file)}, architecture.signal.shape)


def _files(network: Network, directory: Path) -> dict[str, dict[str, int]]:
    """Of each file that can be run: FLOPs of one example, numbers that it holds, bytes."""
    import onnx

    kept = onnx.load(directory / ONNX).graph.initializer
    numbers = sum(math.prod(i.dims) for i in kept if i.data_type == onnx.TensorProto.FLOAT)
    size = {name: (directory / name).stat().st_size for name in (WEIGHTS, ONNX)}
    return {
        WEIGHTS: {"flops": price(network).flops, "params": price(network).params, "bytes": size[WEIGHTS]},
        ONNX: {"flops": price(network, "onnx").flops, "params": numbers, "bytes": size[ONNX]},
    }


def _readme(
    architecture: Architecture,
    files: Mapping[str, Mapping[str, int]],
    scores: Mapping[str, Any],
    error: float,
    symmetry: Certificate | None,
) -> str:
    grid = ", ".join(map(str, architecture.input.grid))
    lines = "".join(f"| {name} | {value:.6g} |\n" for name, value in scores.items())
    if symmetry is not None:
        lines += f"| symmetry, as measured | {symmetry} |\n"
    table = "".join(f"| `{name}` | {f['flops']:,} | {f['params']:,} | {f['bytes']:,} |\n" for name, f in files.items())
    return f"""# An exported network

| file | FLOPs per example | parameters | bytes |
|---|---|---|---|
{table}
FLOPs are 2 × multiply-accumulates of one forward pass, and those of Fourier transforms. `{WEIGHTS}` is what torch runs,
its kernels sampled by `freeze`; `{ONNX}` holds the sampled kernels, and runs large ones by sums where onnxruntime
transforms slowly.

| | |
|---|---|
{lines}| largest difference between the forms | {error:.1e} |

Input: float32 of shape (batch, {architecture.input.channels}, {grid}). The hash of the architecture is
`{architecture.hash}`.

## With torch

```python
import archspec

model = archspec.load("path/to/this/directory")     # to train on, or to look into
plain = archspec.freeze(model)                      # ordinary torch.nn modules, same outputs
```

## With ONNX

`{ONNX}` takes `x` with any batch size and gives `y`; checked in onnxruntime against the network.

```python
import numpy, onnxruntime

session = onnxruntime.InferenceSession("{ONNX}")
y, = session.run(None, {{"x": numpy.zeros((1, {architecture.input.channels}, {grid}), dtype=numpy.float32)}})
```

## The files

`{SPEC}`: the architecture as data · `{WEIGHTS}`: its weights by name · `{ONNX}`: the network ready to run ·
`{SCORES}`, `{SYMMETRY}` (of a network with a group): what was measured · `{MANIFEST}`: each file's digest, which
`archspec.load` checks. None of them can run code when loaded.
"""
