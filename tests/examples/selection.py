"""Which examples a costly law runs over: `KINDS` in make test-fast, `SELECTED` in make test, all in make test-slow.

An example adds something to a law by what is in it that no other has: a value of a field, a kind of block on a kind of
group with so many axes. `SELECTED` has all that the table has, in as few examples as a greedy choice finds; `KINDS` has
each kind of block, kernel and window. Both follow the table: a new kind is in them as soon as it has an example.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

import pytest

from archspec import Architecture, Group
from tests.examples.table import EXAMPLES

NESTED = ("body", "branches", "nodes", "input", "head")


def family(group: Group) -> str:
    """What a group is made of: turns, quarter turns, reflections, rotations of a cube, scales."""
    turning = group.turning
    name = turning.name if turning.name in ("C1", "C2", "C4") else turning.name[0].replace("T", "O")
    return f"{name}xS" if group.scaling else name


def written(data: Any) -> Iterator[dict[str, Any]]:
    """Everything in a specification that has a kind."""
    if isinstance(data, dict):
        yield from [data] if "kind" in data else []
    for inner in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from written(inner)


def kinds(architecture: Architecture) -> set[Hashable]:
    """Of blocks, kernels and windows."""
    return {part["kind"] for part in written(architecture.to_data())}


def fields(architecture: Architecture) -> set[Hashable]:
    """What is written: each field's choice, all numbers alike; and what it stands on: kind, group, axes, merge."""
    found = kinds(architecture)
    for part in written(architecture.to_data()):
        for key, value in part.items():
            if key != "group" and key not in NESTED:
                found.add((part["kind"], key, _choice(value)))
    graph = architecture.graph
    for name, node in graph.nodes.items():
        if node.block:
            read = graph.source(name)
            found.add((node.block.kind, family(read.group), len(read.grid)))
        else:
            found.add(node.merge)
    return found


def _choice(value: Any) -> Hashable:
    if isinstance(value, dict):
        return str(value.get("kind"))
    return value if isinstance(value, str | bool) else type(value).__name__


def covering(features: Callable[[Architecture], set[Hashable]]) -> list[str]:
    """Examples that together have all features, in the order of the table: each time that with most of what is left."""
    has = {name: features(architecture) for name, architecture in EXAMPLES.items()}
    left, chosen = set().union(*has.values()), set()
    while left:
        best = max(has, key=lambda name: len(has[name] & left))
        chosen.add(best)
        left -= has[best]
    return [name for name in EXAMPLES if name in chosen]


def the_rest_slow(chosen: Iterable[str], everything: Iterable[str], thorough: Iterable[str] = ()) -> list[Any]:
    """Cases for `parametrize`: those that are neither chosen nor thorough are for make test-slow."""
    marks = dict.fromkeys(everything, pytest.mark.slow) | dict.fromkeys(thorough, pytest.mark.thorough)
    default = set(chosen)
    return [name if name in default else pytest.param(name, marks=mark) for name, mark in marks.items()]


SELECTED, KINDS = covering(fields), covering(kinds)
SELECTED_BY_DEFAULT, KINDS_BY_DEFAULT = the_rest_slow(KINDS, EXAMPLES, SELECTED), the_rest_slow(KINDS, EXAMPLES)
