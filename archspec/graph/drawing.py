"""An architecture as a tree of its blocks: what each states, the signal it gives, and its share of the cost."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archspec.geometry.fourier import Target
from archspec.graph.block import FREE, Block
from archspec.graph.cost import Cost
from archspec.graph.graph import Graph, path
from archspec.graph.signal import Signal
from archspec.schema.data import to_data
from archspec.schema.hole import Decision, Expression, Hole
from archspec.schema.mistakes import step
from archspec.schema.model import Model, parts

WIDEST = 88


@dataclass(frozen=True)
class Line:
    """A line of a drawing.

    Attributes:
        path: where it is in the architecture, `body[1].body[0]`.
        text: the kind of a block and what it states, indented by the blocks around it.
        signal: the signal that the block gives; None where it has none of its own.
        cost: the cost of its nodes, in all copies of it, without those of the blocks inside it, which have lines of
            their own.
    """

    path: str
    text: str
    signal: Signal | None = None
    cost: Cost = FREE


@dataclass(frozen=True)
class Drawing:
    """A drawing of an architecture: `print` shows it as text, a notebook as it is.

    Attributes:
        lines: a line for the input, and one for each block; the costs of all lines are together that of the network.
    """

    lines: tuple[Line, ...]

    def __str__(self) -> str:
        whole = sum(line.cost.flops for line in self.lines)
        if not any(line.signal for line in self.lines):  # it has holes, so nothing is known of signals and costs
            return "\n".join(line.text for line in self.lines)
        rows = [("", "output", "FLOPs", "", "params"), *(_row(line, whole) for line in self.lines)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        aligned = [
            (*(t.ljust(w) for t, w in zip(row[:2], widths, strict=False)), *map(str.rjust, row[2:], widths[2:]))
            for row in rows
        ]
        return "\n".join("  ".join(row).rstrip() for row in aligned)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def draw(fields: Mapping[str, Any], begin: str, graph: Graph | None, whole: Graph | None, target: Target) -> Drawing:
    """A drawing of an architecture.

    Args:
        fields: the blocks, by the name of their field.
        begin: a text about the input.
        graph: the typed graph after all passes, whose costs are drawn; None for an architecture with holes.
        whole: the same before any pass, in which no block is left out.
        target: what runs it.
    """
    found = [line for name, value in fields.items() for line in _lines(value, name, "")]
    if graph is None or whole is None:
        return Drawing((Line("input", begin), *found))
    known = {line.path for line in found} | {"input"}
    costs: dict[str, Cost] = {}
    for name in graph.nodes:
        owner = _owner(name, known)
        costs[owner] = costs.get(owner, FREE) + graph.cost_at(name, target)
    signals = {_owner(name, known): node.signal for each in (whole, graph) for name, node in each.nodes.items()}
    first = Line("input", begin, signals.get("input"), costs.get("input", FREE))
    rest = [Line(at.path, at.text, signals.get(at.path), costs.get(at.path, FREE)) for at in found]
    return Drawing((first, *rest))


def _lines(value: Any, place: str, indent: str, around: str = "") -> Iterator[Line]:
    """The lines of a value that holds blocks: a block, a list of them, a mapping of nodes.

    Args:
        value: the value.
        place: its path.
        indent: what its lines begin with.
        around: what is known of a block from the node that it is in.
    """
    match value:
        case Block():
            yield Line(place, f"{indent}{stated(value, around)}")
            inside = {name: getattr(value, name) for name in type(value).model_fields if _has_blocks(value, name)}
            for name, held in inside.items():
                yield from _lines(held, f"{place}.{name}", f"{indent}│ ")
        case Model():  # a node of an explicit graph
            words = " ".join(_words(value))
            for name in type(value).model_fields:
                if _has_blocks(value, name):
                    yield from _lines(getattr(value, name), place, indent, f"{around}{words}{': ' * bool(words)}")
        case dict():
            for key, held in value.items():
                yield from _lines(held, f"{place}{step(key)}", indent, f"{key} ")
        case list() | tuple():
            for i, held in enumerate(value):
                if isinstance(held, list | tuple):
                    yield Line(f"{place}[{i}]", f"{indent}[{i}]")
                    yield from _lines(held, f"{place}[{i}]", f"{indent}│ ")
                else:
                    yield from _lines(held, f"{place}[{i}]", indent)
        case Hole():
            yield Line(place, f"{indent}{around}{_shown(value)}")


def _has_blocks(model: Model, name: str) -> bool:
    value = getattr(model, name)
    return isinstance(value, Block | list | tuple | dict) and any(isinstance(part, Block) for part in parts(value))


def stated(model: Model, around: str = "") -> str:
    """The kind of a block or an input, and its fields that are not as by default; of long ones the models by kind."""
    long, brief = (around + " ".join([_kind(model), *_words(model, deep)]) for deep in (True, False))
    return long if len(long) <= WIDEST else brief


def _kind(model: Model) -> str:
    return str(getattr(model, "kind", type(model).__name__.lower()))


def _words(model: Model, deep: bool = True) -> list[str]:
    """The fields of a model that are not as by default, without the blocks inside it."""
    fields = type(model).model_fields
    named = [name for name in to_data(model) if name != "kind" and name in fields and not _has_blocks(model, name)]
    return [f"{name}={_shown(getattr(model, name), deep)}" for name in named]


def _shown(value: Any, deep: bool = True) -> str:
    match value:
        case Hole():
            return f"<{_open(value)}>"
        case Model():
            words = _words(value)
            return f"{_kind(value)}({', '.join(words) if deep else '…'})" if words else _kind(value)
        case list() | tuple():
            return f"[{', '.join(_shown(part, deep) for part in value)}]"
        case _:
            return str(value)


def _open(hole: Any) -> str:
    """A hole: its name and its values, or what it is computed from; of other operands, themselves."""
    match hole:
        case Decision():
            return f"{hole.name}: {hole.text}" if hole.name else hole.text
        case Expression():
            call = hole.operation.isidentifier()
            operands = [_operand(x, call) for x in hole.operands]
            return f"{hole.operation}({', '.join(operands)})" if call else f" {hole.operation} ".join(operands)
        case _:
            return str(hole)


def _operand(hole: Any, call: bool) -> str:
    if isinstance(hole, Decision) and hole.name:
        return hole.name
    return f"({_open(hole)})" if isinstance(hole, Expression) and not call and " " in _open(hole) else _open(hole)


def _owner(name: str, known: set[str]) -> str:
    """The path of the innermost block that made a node; copies of a block are the block."""
    steps = [at for at in name.split(".") if not (at.startswith("copy") and at[4:].isdigit())]
    while steps:
        if (found := path(".".join(steps))) in known:
            return found
        steps.pop()
    return name


def _row(line: Line, whole: int) -> tuple[str, ...]:
    signal = "" if line.signal is None else str(line.signal)
    flops, params = (f"{n:,}" if n else "" for n in (line.cost.flops, line.cost.params))
    share = f"{line.cost.flops / whole:.0%}" if line.cost.flops else ""
    text = line.text if len(line.text) <= WIDEST else f"{line.text[: WIDEST - 1]}…"
    return text, signal, flops, share, params
