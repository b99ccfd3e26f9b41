"""The door of file formats: what an exporter is, and those that there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from archspec.doors import Door
from archspec.exporting.agreement import Form
from archspec.lowering import Network


class Check(NamedTuple):
    """What an exporter has written, and how it is checked.

    Attributes:
        forms: by what each is called in a sentence, such as `the ONNX file`: how to open it once all files are there.
            What it answers is compared with the network.
        runs: of each file that can be run: `flops` of one example, `params`, the numbers that it holds, and `bytes`.
        usage: a section of the README, Markdown, on how to use the files.
        about: of each file, what it is, in a few words.
    """

    forms: Mapping[str, Callable[[], Form]]
    runs: Mapping[str, Mapping[str, int]]
    usage: str
    about: Mapping[str, str]


class Exporter(Protocol):
    """Writes a network in one format.

    Attributes:
        name: of the format, `onnx` say.
        files: names of all files that it may write, each the exporter's own.
    """

    name: str
    files: frozenset[str]

    def write(self, network: Network, directory: Path) -> Check:
        """Write a network, which is in evaluation on a CPU in float32, into a directory that is there."""
        ...


EXPORTERS: Door[type[Exporter]] = Door(
    "archsearch.exporters",
    "format",
    {"torch": "archspec.exporting.torch_files:TorchFiles", "onnx": "archspec.exporting.onnx_file:OnnxFile"},
)
