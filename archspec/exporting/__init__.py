"""Export of a trained network to files, by one exporter per format."""

from typing import TYPE_CHECKING

from archspec.exporting.exporter import EXPORTERS, Check, Exporter
from archspec.exporting.onnx_file import ONNX, export_onnx, write_onnx
from archspec.exporting.torch_files import SPEC, WEIGHTS, load
from archspec.exporting.writing import export
from archspec.moved import former_names

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)

__all__ = ["EXPORTERS", "ONNX", "SPEC", "WEIGHTS", "Check", "Exporter", "export", "export_onnx", "load", "write_onnx"]
