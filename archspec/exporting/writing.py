"""A trained network as files that anyone can open, all of them or none, checked against one another."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archspec.architecture import Architecture
from archspec.exporting.agreement import agreed, in_torch
from archspec.exporting.directory import MANIFEST, deposited, seal
from archspec.exporting.exporter import EXPORTERS, Check
from archspec.exporting.readme import readme
from archspec.exporting.torch_files import OF, TorchFiles, require_finite
from archspec.lowering import Network
from archspec.symmetry.certificate import Certificate, largest
from archspec.symmetry.certifying import certify

SYMMETRY, SCORES, README = "symmetry.json", "scores.json", "README.md"
FORMATS = ("torch", "onnx")


def export(
    model: Network,
    directory: str | Path | Architecture,
    *earlier: Any,
    scores: Mapping[str, float] | None = None,
    symmetry: Certificate | None = None,
    overwrite: bool = False,
    formats: Sequence[str] = FORMATS,
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
        formats: names of exporters; spec and weights (`torch`), by which `load` reads it, are always written.

    Raises:
        Disagreement: one form does not give the network's outputs, or these are not finite.
        FileExistsError: the directory holds something else, or is a link.
        ValueError: the architecture is another network's, or there is no such format.
    """
    if isinstance(directory, Architecture):
        warnings.warn("export(model, architecture, directory) is now export(model, directory)", DeprecationWarning, 2)
        if directory.hash != model.architecture.hash:
            raise ValueError("the architecture is not the network's; leave it out")
        directory, scores = earlier[0], earlier[1] if len(earlier) > 1 else scores
        symmetry = earlier[2] if len(earlier) > 2 else symmetry
    place = Path(str(directory))
    scores = {name: float(value) for name, value in (scores or {}).items()}
    exporters = [EXPORTERS[name]() for name in dict.fromkeys((TorchFiles.name, *formats))]
    network = copy.deepcopy(model).cpu().float().eval()
    require_finite(network.state_dict(), "the network")
    if symmetry is None and not largest(network.typed).trivial:
        symmetry = certify(network)
    about = {OF: network.architecture.hash}
    with deposited(place, known_files(), overwrite) as aside:
        checks = [exporter.write(network, aside) for exporter in exporters]
        seal(aside, about)
        error = _agreed(network, checks)
        (aside / SCORES).write_text(json.dumps(scores, indent=2) + "\n")
        if symmetry is not None:
            (aside / SYMMETRY).write_text(json.dumps(symmetry.to_data(), indent=2) + "\n")
        (aside / README).write_text(readme(network.architecture, checks, scores, error, symmetry))
        seal(aside, about | {"contents": {name: dict(run) for check in checks for name, run in check.runs.items()}})
    return place


def known_files() -> frozenset[str]:
    """Names of all files that an export may write, in whatever format."""
    ours = (SYMMETRY, SCORES, README, MANIFEST)
    return frozenset(ours).union(*(exporter.files for exporter in EXPORTERS.values()))


def _agreed(network: Network, checks: Sequence[Check]) -> float:
    """The largest difference between the network and what was written, relative to the largest output."""
    forms = {name: open_form() for check in checks for name, open_form in check.forms.items()}
    return agreed(in_torch(network), forms, network.architecture.signal.shape)
