"""The same architecture, written otherwise."""

from __future__ import annotations

import random
from typing import Any


def rewritten(value: Any, rng: random.Random) -> Any:
    """The same architecture written in another order, with other names for its nodes."""
    if isinstance(value, list):
        return [rewritten(x, rng) for x in value]
    if not isinstance(value, dict):
        return value
    items = [(key, rewritten(x, rng)) for key, x in value.items()]
    rng.shuffle(items)
    result = dict(items)
    if result.get("kind") == "branch" and result.get("merge", "add") != "concat":
        rng.shuffle(result["branches"])
    if result.get("kind") == "graph":
        names = {name: f"n{i}" for i, name in enumerate(rng.sample(sorted(result["nodes"]), len(result["nodes"])))}
        for node in result["nodes"].values():
            node["inputs"] = [names.get(i, i) for i in node.get("inputs", ["input"])]
            if node.get("merge", "add") != "concat":
                rng.shuffle(node["inputs"])
        result["nodes"] = {names[key]: node for key, node in result["nodes"].items()}
        result["output"] = names[result["output"]]
    return result
