"""Export of a trained network: all files are written and compared with the network, or none is."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from archspec.architecture import Architecture
from archspec.exporting.agreement import agreed, in_torch
from archspec.exporting.directory import MANIFEST, deposited, seal
from archspec.exporting.exporter import EXPORTERS, Check
from archspec.exporting.readme import readme
from archspec.exporting.torch_files import OF, TorchFiles, require_finite
from archspec.lowering import Network
from archspec.symmetry.certificate import Certificate, largest
from archspec.symmetry.certifying import certify

SYMMETRY, SCORES, README, PREPARATION = "symmetry.json", "scores.json", "README.md", "preparation.json"
FORMATS = ("torch", "onnx")


def export(
    model: Network,
    directory: str | Path | Architecture,
    *earlier: Any,
    scores: Mapping[str, float] | None = None,
    symmetry: Certificate | None = None,
    overwrite: bool = False,
    formats: Sequence[str] = FORMATS,
    preparation: Mapping[str, Any] | None = None,
    explained: str = "",
) -> Path:
    """Write the architecture, weights, an ONNX model and a README to `directory`, all of them or nothing.

    The network is written in evaluation mode, on a CPU in float32. Its outputs are compared, on several batch sizes and
    scales of inputs, with those of its frozen form, of the ONNX file, and of the network that `load` reads from the
    directory. If it has a group, its symmetry is measured by `certify`, unless a certificate is given.

    Args:
        model: the network, which is not changed.
        directory: where to write; an earlier export there is replaced.
        earlier: deprecated; further arguments after export(model, architecture, directory).
        scores: scores of the network by name, for the README.
        symmetry: the certificate of the network.
        overwrite: replace any content of the directory.
        formats: names of exporters; `torch`, the format that `load` reads, is always written.
        preparation: how raw examples become inputs and outputs answers, as plain data, for `preparation.json`.
        explained: the same in words, for the README.

    Returns:
        The directory.

    Raises:
        Disagreement: outputs of a form differ from the network's, or are not finite.
        FileExistsError: the directory contains something else, or is a link.
        ValueError: the architecture is not that of the network, or there is no such format.
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
    with torch.device("cpu"), deposited(place, known_files(), overwrite) as aside:
        checks = [exporter.write(network, aside) for exporter in exporters]
        seal(aside, about)
        error = _agreed(network, checks)
        (aside / SCORES).write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
        if preparation is not None:
            text = json.dumps(preparation, indent=2, ensure_ascii=False)
            (aside / PREPARATION).write_text(text + "\n", encoding="utf-8")
        if symmetry is not None:
            (aside / SYMMETRY).write_text(json.dumps(symmetry.to_data(), indent=2) + "\n", encoding="utf-8")
        text = readme(network.architecture, checks, scores, error, symmetry, preparation is not None, explained)
        (aside / README).write_text(text, encoding="utf-8")
        seal(aside, about | {"contents": {name: dict(run) for check in checks for name, run in check.runs.items()}})
    return place


def known_files() -> frozenset[str]:
    """Names of all files that an export may write, in all formats."""
    ours = (SYMMETRY, SCORES, README, PREPARATION, MANIFEST)
    return frozenset(ours).union(*(exporter.files for exporter in EXPORTERS.values()))


def _agreed(network: Network, checks: Sequence[Check]) -> float:
    """The largest difference between the network and the written forms, relative to the largest output."""
    forms = {name: open_form() for check in checks for name, open_form in check.forms.items()}
    return agreed(in_torch(network), forms, network.architecture.signal.shape)
