"""The door of file formats: the protocol of exporters, and the built-in ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from archspec.doors import Door
from archspec.exporting.agreement import Form
from archspec.lowering import Network


class Check(NamedTuple):
    """The files that an exporter has written, and how to check them.

    Attributes:
        forms: by its name in errors, such as `the ONNX file`, a function that opens a form of the network; it is called
            after all files were written, and outputs of the form are compared with the network's.
        runs: for each file that can be run, `flops` of one example, `params`, the number of stored weights, and
            `bytes`.
        usage: a section of the README, in Markdown, on how to use the files.
        about: a description of each file in a few words.
        code: the files that run code when they are loaded; others are data.
    """

    forms: Mapping[str, Callable[[], Form]]
    runs: Mapping[str, Mapping[str, int]]
    usage: str
    about: Mapping[str, str]
    code: frozenset[str] = frozenset()


class Exporter(Protocol):
    """Writes a network in one format.

    Attributes:
        name: name of the format, such as `onnx`.
        files: names of all files that it may write; no other exporter may write them.
    """

    name: str
    files: frozenset[str]

    def write(self, network: Network, directory: Path) -> Check:
        """Write a network, which is in evaluation mode on a CPU in float32, into an existing directory."""
        ...


EXPORTERS: Door[type[Exporter]] = Door(
    "archsearch.exporters",
    "format",
    {
        "torch": "archspec.exporting.torch_files:TorchFiles",
        "onnx": "archspec.exporting.onnx_file:OnnxFile",
        "source": "archspec.exporting.source_file:SourceFile",
        "pt2": "archspec.exporting.program_file:ProgramFile",
    },
)
