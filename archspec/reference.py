"""Generates the reference documentation of the format from the models: python -m archspec.reference DIRECTORY."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path

from pydantic import BaseModel

from archspec.architecture import Architecture
from archspec.graph.block import BLOCKS, HEADS
from archspec.inputs import INPUTS
from archspec.kernels.kernel import KERNELS
from archspec.kernels.windows import WINDOWS
from archspec.schema.model import Model

SCHEMA, TABLES = "architecture.schema.json", "blocks.md"


def schema_text() -> str:
    """The JSON Schema of architectures, as text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Architecture.model_json_schema(),
        "title": "Architecture",
    }
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def blocks_text() -> str:
    """A table of the fields of every kind, as Markdown."""
    parts = [
        "# Blocks\n\nMade by `python -m archspec.reference docs`. Any field can be a hole: `choice(...)`, "
        "`integer(...)`, `real(...)`.\n"
    ]
    for title, family in (
        ("Inputs", INPUTS),
        ("Blocks", BLOCKS),
        ("Kernels", KERNELS),
        ("Windows", WINDOWS),
        ("Heads", HEADS),
    ):
        parts.append(f"\n## {title}\n")
        parts.extend(_section(model) for model in family.values())
    return "".join(parts)


def _section(model: type[BaseModel]) -> str:
    rows = []
    for name, info in model.model_fields.items():
        if name != "kind":
            default = "" if info.is_required() else f"`{_shown(info.default)}`"
            rows.append(f"| `{name}` | {default} | {info.description or ''} |\n")
    table = "| field | default | |\n|---|---|---|\n" + "".join(rows) if rows else ""
    return (
        f"\n### {model.__name__} (`kind: {model.model_fields['kind'].default}`)\n\n{inspect.getdoc(model)}\n\n{table}"
    )


def _shown(default: object) -> str:
    return f"{type(default).__name__}()" if isinstance(default, Model) else repr(default)


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    (directory / SCHEMA).write_text(schema_text())
    (directory / TABLES).write_text(blocks_text())
