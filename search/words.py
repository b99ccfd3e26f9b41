"""Architectures, numbers and tables as plain text."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table

from archspec.architecture import Architecture
from archspec.blocks import Lift, Pointwise
from archspec.blocks.conv.conv import Convolution


def summary(architecture: Architecture) -> str:
    """An architecture in a few words: its groups, channels, kernel sizes and kernels, in the order met."""
    parts: list[str] = []
    for node in architecture.graph.nodes.values():
        block = node.block
        if not isinstance(block, Convolution | Pointwise):
            continue
        size, kernel = getattr(block, "kernel_size", 1), getattr(block, "kernel", None)
        text = f"{block.channels}×{size}" + ("" if kernel is None or kernel.kind == "table" else f" {kernel.kind}")
        if getattr(block, "factorisation", "full") != "full":
            text += " separable"
        text = f"{block.group} {text}" if isinstance(block, Lift) else text
        if parts and parts[-1].rsplit(" ·", 1)[0] == text:
            continue
        parts.append(text)
    return ", ".join(parts)


def short(number: float) -> str:
    """A number with k, M or G."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g}{suffix}"
    return f"{number:.3g}"


def as_text(table: Table, width: int = 140) -> str:
    """A table as plain text."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())
