"""Tables of costs and certificates, and the counts of a run, for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from archspec.architecture import Architecture
from archspec.geometry.fourier import Target
from archspec.graph.cost import Cost
from archspec.graph.graph import path
from search.keeping import disk_use
from search.spending import spent
from search.words import cell, counted, printable

if TYPE_CHECKING:
    from archspec.symmetry.certificate import Certificate
    from search.result import Result


def cost_table(cost: Cost) -> Table:
    """A table with one row for each quantity of a cost."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column("quantity")
    table.add_column("value", justify="right")
    for name, value in cost.quantities().items():
        table.add_row(cell(name), f"{value:,}")
    return table


def node_table(architecture: Architecture, target: Target = "torch") -> Table:
    """A table with one row for each node: its kind, output signal, algorithm, and its cost on a target."""
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
        table.add_row(*map(cell, (path(name), kind, node.signal, algorithms.get(name, ""), *numbers)))
    return table


def symmetry_table(certificate: Certificate) -> Table:
    """A table with one row for each group element: its equivariance errors at the features and at the output."""
    table = Table(box=None, pad_edge=False)
    for name in ("element", "features", "output"):
        table.add_column(name, justify="right")
    for i, (features, output) in enumerate(zip(certificate.features, certificate.output, strict=True)):
        table.add_row(str(i), f"{features:.1e}", f"{output:.1e}")
    return table


def counts_line(result: Result) -> str:
    """The number of trials in each state, in one line, and of those scored how many break a constraint."""
    counts = result.counts()
    broken = counts["scored"] - sum(trial.feasible for trial in result.trials)
    verb = "breaks" if broken == 1 else "break"
    return counted(counts) + (f" ({broken} of those scored {verb} a constraint)" if broken else "")


def spent_line(result: Result) -> str:
    """What the run has spent and takes on the disk, and why it ended if it did, in one line."""
    try:
        ended = result.directory.ended.read_text(encoding="utf-8", errors="replace")
    except OSError:
        ended = ""
    used = f"spent: {spent(result.history)}; on disk: {disk_use(result.directory)}"
    return used + (f"; ended: {printable(ended)}" if ended else "")
