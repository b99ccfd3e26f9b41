"""Architectures, numbers, tables, and text from outside, as plain text."""

from __future__ import annotations

import contextlib
import html
import io
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from archspec.architecture import Architecture
from search.numbers import short as short

MOST_SHOWN = 500
MOST_SAID = 2000  # characters of a line on standard error
_ACTS_IN_MARKDOWN = re.compile(r"[\\`*\[\]#|~!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def summary(architecture: Architecture) -> str:
    """An architecture in a few words: groups, channels, kernel sizes and kernels of its blocks, in graph order.

    Of equal summaries in a row only the first is written.
    """
    summaries = [node.block.summary() for node in architecture.graph.nodes.values() if node.block]
    present = [text for text in summaries if text is not None]
    return ", ".join(text for before, text in zip([None, *present], present, strict=False) if text != before)


def counted(counts: Mapping[str, int]) -> str:
    """The number of trials in each state, as text: `7 scored, 2 failed`."""
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "nothing yet"


def many(count: int, thing: str) -> str:
    """So many things, as text: `1 trial`, `2 trials`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as text in a unit that suits: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{max(seconds, 0.1):.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def printable(text: object, most: int = MOST_SHOWN) -> str:
    r"""Text from outside as one line that no terminal acts on, at most `most` characters of it.

    Line ends, escape sequences, marks that turn the direction of writing, and halves of characters are written as
    Python writes them: `\n`, `\x1b`.
    """
    whole = str(text)
    shown = whole if len(whole) <= most else f"{whole[: most - 1]}…"
    return "".join(c if c.isprintable() else _written_out(c) for c in shown)


def cell(text: object) -> Text:
    """Text from outside for a table or a line of rich, which reads no markup in it."""
    return Text(printable(text))


def say(text: object, stream: TextIO | None = None) -> None:
    """Tell a person a line, by default on standard error; where it cannot be written nothing ends by that."""
    with contextlib.suppress(OSError):
        print(printable(text, MOST_SAID), file=stream or sys.stderr, flush=True)


def write_out_what_is_unknown(stream: TextIO | None) -> None:
    r"""Let a stream write the characters that its encoding does not have as Python writes them: `\xd7`."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def in_markdown(text: object) -> str:
    """Text from outside for a line or a table of Markdown: neither Markdown nor HTML in it acts."""
    escaped = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ACTS_IN_MARKDOWN.sub(lambda found: f"\\{found[0]}", escaped)


def in_html(text: object) -> str:
    """Text from outside for HTML, in which it does not act."""
    return html.escape(printable(text))


def html_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in HTML, of text from outside."""
    head = "".join(f"<th>{in_html(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{in_html(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def plain_table(names: Sequence[str], rows: Iterable[Sequence[str]], left: Collection[str] = ()) -> Table:
    """A table without lines, of text from outside; numbers to the right, the columns named in `left` to the left."""
    table = Table(title=None, box=None, pad_edge=False)
    for name in names:
        table.add_column(cell(name), justify="left" if name in left else "right")
    for row in rows:
        table.add_row(*map(cell, row))
    return table


def as_text(table: Table, width: int = 140) -> str:
    """A table as plain text, at most `width` characters wide."""
    # In a notebook rich would write to the cell instead.
    console = Console(file=io.StringIO(), width=width, color_system=None, force_jupyter=False)
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _written_out(character: str) -> str:
    return " " if character == "\xa0" else character.encode("unicode_escape").decode()
