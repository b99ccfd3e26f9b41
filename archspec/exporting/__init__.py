"""Export of a trained network to files, by one exporter per format."""

from archspec.exporting.exporter import EXPORTERS, Check, Exporter
from archspec.exporting.onnx_file import ONNX, export_onnx, write_onnx
from archspec.exporting.torch_files import SPEC, WEIGHTS, load
from archspec.exporting.writing import export

__all__ = ["EXPORTERS", "ONNX", "SPEC", "WEIGHTS", "Check", "Exporter", "export", "export_onnx", "load", "write_onnx"]
