"""Architectures, numbers and tables as plain text."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table

from archspec.architecture import Architecture


def summary(architecture: Architecture) -> str:
    """An architecture in a few words: groups, channels, kernel sizes and kernels of its blocks, in graph order.

    Of equal summaries in a row only the first is written.
    """
    summaries = [node.block.summary() for node in architecture.graph.nodes.values() if node.block]
    present = [text for text in summaries if text is not None]
    return ", ".join(text for before, text in zip([None, *present], present, strict=False) if text != before)


def short(number: float) -> str:
    """A number to three significant digits, with k, M or G for thousands, millions or billions."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g}{suffix}"
    return f"{number:.3g}"


def as_text(table: Table, width: int = 140) -> str:
    """A table as plain text, at most `width` characters wide."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())
