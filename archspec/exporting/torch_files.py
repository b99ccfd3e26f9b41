"""The exporter to torch: the architecture as JSON and the weights as safetensors (no pickle), and `load`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from archspec.architecture import Architecture, price
from archspec.exporting.agreement import Form, in_torch
from archspec.exporting.directory import MANIFEST, unsealed
from archspec.exporting.exporter import EXPORTERS, Check
from archspec.graph.signal import SignalError
from archspec.lowering import Network, network_with
from archspec.network.freezing import freeze
from archspec.schema.document import SpecError

SPEC, WEIGHTS = "architecture.json", "weights.safetensors"
OF = "architecture"  # key of the hash of the architecture, in the manifest and in the metadata of the weights


class TorchFiles:
    """Writes `architecture.json` and `weights.safetensors`; checked by loading them and by freezing the network."""

    name: ClassVar[str] = "torch"
    files: ClassVar[frozenset[str]] = frozenset((SPEC, WEIGHTS))

    def write(self, network: Network, directory: Path) -> Check:
        """Write both files; see `Exporter.write`."""
        (directory / SPEC).write_text(network.architecture.to_json(), encoding="utf-8")
        # Copies, since a layer may stand in several places, and the file takes no memory twice.
        state = {k: v.clone(memory_format=torch.contiguous_format) for k, v in network.state_dict().items()}
        save_file(state, directory / WEIGHTS, metadata={OF: network.architecture.hash})
        cost = price(network)
        runs = {"flops": cost.flops, "params": cost.params, "bytes": (directory / WEIGHTS).stat().st_size}
        forms = {"the frozen network": partial(_frozen, network), "the loaded directory": partial(_loaded, directory)}
        about = {SPEC: "the architecture as data", WEIGHTS: "its weights by name, for torch, which samples the kernels"}
        return Check(forms, {WEIGHTS: runs}, _USAGE, about)


def load(directory: str | Path) -> Network:
    """The network that `export` wrote, in evaluation mode.

    Raises:
        SpecError: the directory contains no exported network, or its files were changed.
    """
    directory = Path(directory)
    others = {name for exporter in EXPORTERS.values() for name in exporter.files} - {SPEC, WEIGHTS}
    manifest = unsealed(directory, (SPEC, WEIGHTS), (*sorted(others), "symmetry.json"))
    try:
        architecture = Architecture.from_json((directory / SPEC).read_bytes())
        weights = load_file(directory / WEIGHTS)
        with safe_open(directory / WEIGHTS, "pt") as file:
            whose = (file.metadata() or {}).get(OF)
        made_for = architecture.hash
    except (OSError, SafetensorError, SignalError, SpecError) as error:
        raise SpecError(f"{directory} {_unread(error, whole=bool(manifest))}") from None
    if whose is not None and not manifest:
        raise SpecError(f"{directory} is not a whole export: {MANIFEST} is missing; export the network again")
    if {whose, manifest.get(OF)} - {None, made_for}:
        raise SpecError(f"{directory / WEIGHTS} belongs to another architecture than {directory / SPEC}")
    require_finite(weights, str(directory / WEIGHTS))
    try:
        return network_with(architecture, weights)
    except ValueError as error:
        raise SpecError(f"{directory / WEIGHTS} does not belong to {directory / SPEC}: {error}") from None


def _unread(error: Exception, whole: bool) -> str:
    """The end of a sentence about an export: what it holds that is not known here, if its files are as written."""
    if not (whole and isinstance(error, SpecError)):
        return f"is not an exported network: {error}"
    remedy = "import the module that registers it, or use the version that wrote it"
    return f"is whole, but cannot be read here: {str(error).partition('; ')[0]}; {remedy}"


def require_finite(state: Mapping[str, Tensor], what: str) -> None:
    """Raise SpecError, which begins with `what`, if a weight is infinite or NaN."""
    wrong = next((name for name, value in state.items() if not bool(torch.isfinite(value).all())), None)
    if wrong is not None:
        raise SpecError(f"{what} has weights that are not finite ({wrong}); train it again, or export another")


def _frozen(network: Network) -> Form:
    return in_torch(freeze(network))


def _loaded(directory: Path) -> Form:
    return in_torch(load(directory))


_USAGE = """## With torch

```python
import archspec

model = archspec.load("path/to/this/directory")     # to train on, or to look into
plain = archspec.freeze(model)                      # ordinary torch.nn modules, same outputs
```
"""
