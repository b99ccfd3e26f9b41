"""Measured on the GPU at hand."""
