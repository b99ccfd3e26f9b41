"""Generates the reference documentation of the format from the models: python -m archspec.reference DIRECTORY."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from archspec.architecture import Architecture
from archspec.graph.block import BLOCKS, HEADS
from archspec.inputs import INPUTS
from archspec.kernels.kernel import KERNELS
from archspec.kernels.windows import WINDOWS
from archspec.schema.model import Model

SCHEMA, TABLES = "architecture.schema.json", "blocks.md"
HEAD = """# Blocks

Made by `python -m archspec.reference docs`. A field without a default must be given; any field can be a hole:
`choice(...)`, `integer(...)`, `real(...)`. In Python a kind is a class, `Conv(channels=8)`. In YAML or JSON, which
`archsearch check` and `Architecture.from_yaml` read and `to_yaml` writes, it is a mapping:

```yaml
input: {kind: image, size: [16, 16]}
body:
- {kind: lift, group: C4, channels: 4, kernel_size: 5}
- {kind: norm}
- {kind: activation}
- {kind: conv, channels: {hole: choice, options: [4, 8]}, kernel: {kind: fourier}}
- {kind: group_pool}
head: {kind: classifier, classes: 10}
```

This one has a hole, so it is a space: `Space.from_yaml`, or `archsearch search space.yaml --task NAME`.
"""


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
    parts = [HEAD]
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
            rows.append(f"| `{name}` | {default} | {_meaning(info)} |\n")
    table = "| field | default | meaning |\n|---|---|---|\n" + "".join(rows) if rows else ""
    return (
        f"\n### {model.__name__} (`kind: {model.model_fields['kind'].default}`)\n\n{inspect.getdoc(model)}\n\n{table}"
    )


def _meaning(info: FieldInfo) -> str:
    """The description of a field, and the words that it can be."""
    words = ", ".join(f"`{word!r}`" for word in _words(info.annotation))
    return "; ".join(filter(None, [info.description, words and f"one of {words}"]))


def _words(annotation: Any) -> list[Any]:
    """The values of the literals in an annotation."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    parts = get_args(annotation)
    return [word for part in parts for word in ((True, False) if part is bool else _words(part))]


def _shown(default: object) -> str:
    return f"{type(default).__name__}()" if isinstance(default, Model) else repr(default)


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    (directory / SCHEMA).write_text(schema_text())
    (directory / TABLES).write_text(blocks_text())
