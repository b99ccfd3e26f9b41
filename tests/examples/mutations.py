"""Specifications broken at random, but the same ones each time: what people, programs and attackers may write."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from tests.examples import EXAMPLES

WRONG: tuple[Any, ...] = (
    None,
    True,
    False,
    -1,
    0,
    1,
    3.5,
    1e400,
    -1e400,
    float("nan"),
    10**9,
    10**30,
    -(10**30),
    2**63,
    "",
    "conv",
    "C4",
    "𝔘" * 50,
    "x" * 5000,
    "a\nb",
    "\u202e",
    "\ud800",
    "__import__('os').system('true')",
    "!!python/object/apply:os.system [true]",
    [],
    {},
    [[]],
    [None],
    [1, 2],
    [3] * 2000,
    {"kind": "conv"},
    {"kind": None},
    {"kind": ["conv"]},
    {"kind": "conv", "channels": "many"},
    {"kind": "toy"},
    {"hole": "choice", "options": [1, 2]},
    {"hole": 3},
    {"": 0},
    {"a\nb": 1},
    {"x" * 5000: 1},
    {"\ud800": 1},
)
NAMES = (
    "kind",
    "body",
    "channels",
    "kernel",
    "group",
    "inputs",
    "nodes",
    "no such field",
    "x" * 3000,
    "a\nb",
    "0",
    "__class__",
)


def places(data: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into nested data."""
    yield place
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, item in pairs:
        yield from places(item, (*place, key))


def at(data: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        data = data[key]
    return data


def mutated(seed: int) -> Any:
    """An example with one to three things wrong in it."""
    rng = random.Random(seed)
    data: Any = copy.deepcopy(EXAMPLES[rng.choice(list(EXAMPLES))].to_data())
    for _ in range(rng.randint(1, 3)):
        *above, last = rng.choice(list(places(data))[1:] or [("input",)])
        parent = at(data, tuple(above))
        if not isinstance(parent, dict | list) or (isinstance(parent, dict) and last not in parent):
            continue
        match rng.randrange(7):
            case 0 | 1:
                parent[last] = copy.deepcopy(rng.choice(WRONG))
            case 2:
                del parent[last]
            case 3 if isinstance(parent, dict):
                parent[rng.choice(NAMES)] = copy.deepcopy(rng.choice(WRONG))
            case 4:
                source = at(data, rng.choice(list(places(data))))
                parent[last] = copy.deepcopy(source)
            case 5:
                for _ in range(rng.choice((2, 20, 70))):
                    parent[last] = rng.choice(([parent[last]], {"kind": "sequential", "body": [parent[last]]}))
            case _ if isinstance(parent, list):
                parent[:] = [parent[int(last)]] * rng.choice((0, 2, 50))
            case _:
                parent[last] = rng.choice((3, "3", 3.0, [3], 10**6))
    return data
