"""Backends: where candidates are trained, in processes on this machine or on a Ray cluster."""
