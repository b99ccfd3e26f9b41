"""A report as one page of HTML that holds its pictures, to be sent or put on a server as it is."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from pathlib import Path

from markdown_it import MarkdownIt

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; display: block; overflow-x: auto; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #ddd; padding: .3rem .8rem; text-align: left; white-space: nowrap; }
img { max-width: 100%; }
"""


def page(text: str, pictures: Mapping[str, Path]) -> str:
    """A page of HTML; what looks like HTML in the text is shown as it is written.

    Args:
        text: Markdown, whose first line is its title.
        pictures: files of pictures (PNG), by their titles.
    """
    title = text.partition("\n")[0].lstrip("# ")
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    for name, file in pictures.items():
        data = base64.b64encode(file.read_bytes()).decode()
        body += f'<h2>{html.escape(name)}</h2>\n<img alt="{html.escape(name)}" src="data:image/png;base64,{data}">\n'
    head = f'<meta charset="utf-8"><title>{html.escape(html.unescape(title))}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}</body></html>\n'
