"""Tables for people: fronts, costs, runs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from archspec.architecture import Architecture
from archspec.blocks import Lift, Pointwise
from archspec.blocks.conv import Convolution
from archspec.cost import Cost
from archspec.graph import path
from archspec.transforms import Target

if TYPE_CHECKING:
    from archspec.certificate import Certificate
    from search.result import Front, Result


def front_table(front: Front) -> Table:
    """A row per trial of a front, cheapest first."""
    table = Table(title=None, box=None, pad_edge=False)
    table.add_column("trial", justify="right")
    scores = [o.name for o in front.objectives if not o.priced]
    for name in scores:
        table.add_column(name, justify="right")
    for name in ("FLOPs", "params"):
        table.add_column(name, justify="right")
    table.add_column("architecture")
    for trial in front:
        assert trial.cost is not None
        assert trial.architecture is not None
        values = [trial.scores.get(name) for name in scores]
        table.add_row(
            str(trial.number),
            *(f"{v:.4f}" if v is not None else "" for v in values),
            short(trial.cost.flops),
            short(trial.cost.params),
            summary(trial.architecture),
        )
    return table


def cost_table(cost: Cost) -> Table:
    """A row per quantity."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column("quantity")
    table.add_column("value", justify="right")
    for name, value in cost.quantities().items():
        table.add_row(name, f"{value:,}")
    return table


def node_table(architecture: Architecture, target: Target = "torch") -> Table:
    """A row per node: what it gives out, by which algorithm, and what it costs where `target` runs it."""
    table = Table(box=None, pad_edge=False)
    for name in ("node", "kind", "output", "by"):
        table.add_column(name)
    for name in ("MACs", "params", "kernel MACs"):
        table.add_column(name, justify="right")
    algorithms = architecture.graph.algorithms(target)
    for name, node in architecture.graph.nodes.items():
        kind = node.block.kind if node.block else (node.merge if node.inputs else "")
        cost = architecture.graph.cost_at(name, target)
        numbers = [f"{n:,}" if n else "" for n in (cost.macs, cost.params, cost.kernel_macs)]
        table.add_row(path(name), kind, str(node.signal), algorithms.get(name, ""), *numbers)
    return table


def symmetry_table(certificate: Certificate) -> Table:
    """A row per element: the errors at the head's input and of the answer."""
    table = Table(box=None, pad_edge=False)
    for name in ("element", "features", "output"):
        table.add_column(name, justify="right")
    for i, (features, output) in enumerate(zip(certificate.features, certificate.output, strict=True)):
        table.add_row(str(i), f"{features:.1e}", f"{output:.1e}")
    return table


def counts_line(result: Result) -> str:
    """How far a run is, in one line."""
    return ", ".join(f"{count} {state}" for state, count in result.counts().items() if count) or "nothing yet"


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
