"""What is exported says nothing of the machine that it was made on."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch

import archspec
from archspec import export
from archspec.exporting import onnx_file
from archspec.exporting.program_file import ProgramFile
from tests.archspec.exporting.small import small
from tests.search.planting import Fault

pytestmark = pytest.mark.thorough


def no_file_names_a_path_of_this_machine(directory: Path) -> None:
    export(small(), directory, formats=("onnx", "source", "pt2"))
    here = [str(Path(module.__file__ or "").parent).encode() for module in (torch, archspec)] + [
        str(directory).encode()
    ]
    for file in directory.iterdir():
        contents = {file.name: file.read_bytes()}
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                contents |= {f"{file.name}, {name}": archive.read(name) for name in archive.namelist()}
        for name, content in contents.items():
            assert not any(path in content for path in here), name


def test_no_file_names_a_path_of_this_machine(tmp_path: Path) -> None:
    no_file_names_a_path_of_this_machine(tmp_path / "best")


FAULTS = {
    "as torch writes it": Fault(
        onnx_file.write_onnx, "_without_origins(file)", "pass", no_file_names_a_path_of_this_machine
    ),
    "with the lines of source": Fault(
        ProgramFile.write, 'node.meta.pop("stack_trace", None)', "pass", no_file_names_a_path_of_this_machine
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_fails_that_law(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name].plant(monkeypatch)
    with pytest.raises(AssertionError):
        no_file_names_a_path_of_this_machine(tmp_path / "best")
