"""Valid-looking architectures: those of the table and of the spaces, with other values that the schema allows.

What fields there are is read from the schema, so that what is added to the format is varied too.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from archspec import Architecture
from tests.examples import EXAMPLES, RANDOM

SCHEMA: dict[str, Any] = Architecture.model_json_schema()
GROUPS = ("C1", "C2", "C3", "C4", "C6", "C8", "D1", "D2", "D4", "D8", "T", "O", "S2", "S3", "C4xS2", "D1xS2")
REALS = (0.05, 0.1, 0.3, 0.5, 0.7, 1.0, 2.0, 20.0)
COUNTS = (1, 2, 3, 4, 5)
EXTENTS = (1, 2, 4, 5, 6, 7, 8, 9, 12)
SIZES = (1, 2, 3, 3, 4, 5, 5, 7, 9, 17)
NUMBERS = {"size": EXTENTS, "length": EXTENTS, "reference": EXTENTS, "kernel_size": SIZES, "window": SIZES}
BASES = [architecture.to_data() for architecture in (EXAMPLES | RANDOM).values()]
Place = tuple[Any, Any, Any, str]  # what holds a value, its key, its schema, the name of its field


def varied(seed: int) -> Any:
    """Data of an architecture, with one to five things in it changed."""
    rng = random.Random(seed)
    data = copy.deepcopy(rng.choice(BASES))
    if rng.random() < 0.15:
        resample(data, rng)
    for _ in range(rng.randint(1, 5)):
        holder, key, schema, name = rng.choice(list(places(data, SCHEMA)))
        if isinstance(holder, list) and rng.random() < 0.7:
            rearrange(holder, key, schema, rng)
        else:
            holder[key] = drawn(schema, rng, name)
    return data


def resample(data: Any, rng: random.Random) -> None:
    """Sizes stated for another grid, kernels that can be sampled on it."""
    given = data["input"]
    grid = [given["length"]] if given["kind"] == "series" else given["size"]
    one = rng.choice(EXTENTS)
    data["reference"] = [one if rng.random() < 0.7 else rng.choice(EXTENTS) for _ in grid]
    for holder, key, _, _ in list(places(data, SCHEMA)):
        if key == "kernel" and holder.get("kernel", {"kind": "table"})["kind"] == "table":
            holder["kernel"] = rng.choice(({"kind": "siren", "hidden": 4}, {"kind": "spline"}, {"kind": "s4d"}))


def rearrange(blocks: list[Any], at: int, schema: Any, rng: random.Random) -> None:
    """Another block beside one, one less, two of them swapped, or one wrapped in others."""
    match rng.randrange(4):
        case 0:
            blocks.insert(at, drawn(schema, rng, "body"))
        case 1:
            del blocks[at]
        case 2:
            other = rng.randrange(len(blocks))
            blocks[at], blocks[other] = blocks[other], blocks[at]
        case _ if "discriminator" in schema:
            body, group = [blocks[at]], rng.choice(GROUPS)
            around = rng.choice(("frame_average", "test_time_average", "canonicalise"))
            wraps: tuple[Any, ...] = (
                {"kind": "residual", "body": body},
                {"kind": "repeat", "times": 2, "body": body},
                {"kind": "branch", "branches": [body, []], "merge": rng.choice(("add", "concat", "multiply"))},
                {"kind": around, "group": group, "body": body},
            )
            blocks[at] = rng.choice(wraps)


def places(data: Any, schema: Any, name: str = "") -> Iterator[Place]:
    """Every value in data, and every field that is left out."""
    schema = resolved(schema, data)
    if isinstance(data, dict):
        for key, inner in schema.get("properties", {}).items():
            if key not in ("kind", "schema_version"):
                yield data, key, inner, key
        named = {key: inner for inner in schema.get("patternProperties", {}).values() for key in data}
        for key, inner in {**schema.get("properties", {}), **named}.items():
            if key in data:
                yield from places(data[key], inner, key)
    elif isinstance(data, list) and "items" in schema:
        for i, item in enumerate(data):
            yield data, i, schema["items"], name
            yield from places(item, schema["items"], name)


def resolved(schema: Any, data: Any) -> Any:
    """The schema that these data follow."""
    if "$ref" in schema:
        return resolved(SCHEMA["$defs"][schema["$ref"].split("/")[-1]], data)
    if "discriminator" in schema and isinstance(data, dict):
        return resolved({"$ref": schema["discriminator"]["mapping"][data["kind"]]}, data)
    wanted = {dict: "object", list: "array"}.get(type(data))
    for option in schema.get("anyOf", ()):
        if option.get("type") == wanted or "discriminator" in option:
            return resolved(option, data)
    return schema


def drawn(schema: Any, rng: random.Random, name: str, depth: int = 0) -> Any:
    """A value that the schema allows, a small one."""
    if "$ref" in schema:
        return drawn(resolved(schema, None), rng, name, depth)
    if "const" in schema or "enum" in schema:
        return rng.choice(schema.get("enum", [schema.get("const")]))
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return drawn(rng.choice(options), rng, name, depth)
    match schema.get("type"):
        case "object" if "patternProperties" in schema:
            (inner,) = schema["patternProperties"].values()
            return {key: drawn(inner, rng, key, depth + 1) for key in ("a", "out")}
        case "object":
            return {
                key: inner["const"] if "const" in inner else drawn(inner, rng, key, depth + 1)
                for key, inner in schema.get("properties", {}).items()
                if "const" in inner or key in schema.get("required", ()) or rng.random() < 0.25
            }
        case "array":
            if "prefixItems" in schema:
                return [drawn(inner, rng, name, depth) for inner in schema["prefixItems"]]
            least, most = schema.get("minItems", 0), 2 if depth < 3 else 0
            return [drawn(schema["items"], rng, name, depth + 1) for _ in range(rng.randint(least, max(least, most)))]
        case "integer":
            return _within(NUMBERS.get(name, COUNTS), schema, rng)
        case "number":
            return _within(REALS, schema, rng)
        case "boolean":
            return rng.random() < 0.5
        case "string":
            return rng.choice(GROUPS if "examples" in schema else ("input", "a", "out"))
    return None


def _within(values: tuple[Any, ...], schema: Any, rng: random.Random) -> Any:
    """One of the values within the schema's bounds; the least where none is."""
    low, high = schema.get("minimum", schema.get("exclusiveMinimum", 0)), schema.get("maximum", 1e9)
    below = schema.get("exclusiveMaximum", 1e9)
    return rng.choice([value for value in values if low <= value <= high and value < below] or [low])
