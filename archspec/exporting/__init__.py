"""A trained network as files that anyone can open."""

from archspec.exporting.files import export, export_onnx, load, write_onnx

__all__ = ["export", "export_onnx", "load", "write_onnx"]
