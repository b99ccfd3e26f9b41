"""Mutations of bytes, of the tokens of a text, and of the values and the structure of data."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 3, 7, 64, 255, 256, 65_535, 10**6, 10**9, 2**31, 2**53, 2**63, 10**30, -(10**18)),
    *(0.0, -0.0, 0.5, 1.5, 1e-300, 1e300, 1e308),
)
TEXTS = (
    "",
    "C1",
    "C4",
    "D4",
    "C64",
    "C65",
    "O",
    "S3",
    "conv",
    "x",
    "\x1b[31m",
    "a" * 300,
    "é",
    "9" * 40,
    "null",
    "~",
    "yes",
)
VALUES: tuple[Any, ...] = (
    *NUMBERS,
    *TEXTS,
    *(
        None,
        True,
        False,
        [],
        {},
        [[]],
        [1, 2],
        [0],
        {"kind": "conv"},
        {"kind": "pool"},
        {"hole": "choice", "options": []},
    ),
    {"hole": "integer", "low": 1, "high": 3},
    {"hole": "integer", "low": 1, "high": 10**9},
    {"hole": "real", "low": 0, "high": 1},
    {"hole": "choice", "options": [3, 5]},
    {"hole": "choice", "options": [[], [{"kind": "pool"}]]},
    {"hole": "expression", "operation": "*", "of": [2, {"hole": "integer", "low": 1, "high": 3, "name": "n"}]},
    {"hole": "expression", "operation": "//", "of": [7, {"hole": "integer", "low": 0, "high": 3, "name": "n"}]},
)
_TOKEN = re.compile(rb'-?\d+(?:\.\d+)?|"[^"]*"|true|false|null|[\[\]{},:]|\w+')
TOKENS: tuple[bytes, ...] = (
    *(
        b"0",
        b"-1",
        b"1e999",
        b"1e-9",
        b"9" * 20,
        b"010",
        b"0x10",
        b"NaN",
        b"true",
        b"null",
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
    ),
    *(
        b":",
        b'""',
        b'"\\ud800"',
        b'"C4"',
        b"&a",
        b"*a",
        b"<<",
        b"!!python/object:os.system",
        b"- ",
        b"\n",
        b"\t",
        b"#",
        b"|",
    ),
)


def of_bytes(rng: random.Random, text: bytes) -> bytes:
    """One to three bytes changed, added, taken out, moved or cut off."""
    changed = bytearray(text)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(6):
            case 0:
                changed[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                changed[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 8)))
            case 2:
                del changed[at : at + rng.randint(1, 20)]
            case 3 if changed:
                changed[at : at + 1] = bytes([changed[at - 1] ^ (1 << rng.randrange(8))])
            case 4:
                piece = changed[at : at + rng.randint(1, 60)]
                to = rng.randrange(len(changed) + 1)
                changed[to:to] = piece
            case 5 if rng.random() < 0.2:
                del changed[at:]
            case _:
                pass
    return bytes(changed)


def of_tokens(rng: random.Random, text: bytes) -> bytes:
    """One to three tokens replaced by others, of the text itself or unusual ones."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        found = list(_TOKEN.finditer(text))
        if not found:
            return text
        one = rng.choice(found)
        new = rng.choice(TOKENS) if rng.random() < 0.5 else rng.choice(found)[0]
        text = text[: one.start()] + new + text[one.end() :]
    return text


def of_data(rng: random.Random, data: Any, others: Sequence[Any]) -> Any:
    """One to three values replaced, taken out, doubled, exchanged, wrapped, or taken over from other data.

    Half of them have what stands under the same key elsewhere, or a number near by, so that what results is often read.
    """
    root = [copy.deepcopy(data)]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = list(_places(root))
        owner, key = rng.choice(places)
        match rng.randrange(16):
            case 0 | 1:
                owner[key] = copy.deepcopy(rng.choice(VALUES))
            case 2 if owner is not root:
                del owner[key]
            case 3 if isinstance(owner, list) and owner is not root:
                owner[key:key] = [copy.deepcopy(owner[key])] * rng.randint(1, 3)
            case 4:
                other, there = rng.choice(places)
                owner[key], other[there] = copy.deepcopy(other[there]), copy.deepcopy(owner[key])
            case 5:
                taken, where = rng.choice(list(_places([rng.choice(others)])))
                owner[key] = copy.deepcopy(taken[where])
            case 6 | 7 | 8 | 9:
                alike = [x[k] for x, k in _places([rng.choice(others)]) if k == key and isinstance(key, str)]
                owner[key] = copy.deepcopy(rng.choice(alike)) if alike else owner[key]
            case 10 | 11 | 12 | 13 if isinstance(owner[key], int):
                hole = {"hole": "integer", "low": owner[key], "high": owner[key] + rng.randint(0, 4)}
                near = (owner[key] + 1, owner[key] - 1, 2 * owner[key], hole, hole | {"name": "n"})
                owner[key] = copy.deepcopy(rng.choice(near))
            case _:
                wrappers: list[Callable[[Any], Any]] = [
                    lambda x: [x],
                    lambda x: {"hole": "choice", "options": [x, x]},
                    lambda x: {"kind": "repeat", "times": 2, "body": [x]},
                    lambda x: {"kind": "residual", "body": [x]},
                ]
                owner[key] = rng.choice(wrappers)(owner[key])
    return root[0]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every value inside, as the mapping or list that holds it and its key."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
