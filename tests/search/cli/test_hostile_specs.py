"""Files that are broken, hostile or badly meant: one sentence each, soon, and nothing large is ever made of them."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from search.cli.main import main
from tests.laws.bounds import bounded

CONV = {"kind": "conv", "channels": 4, "kernel_size": 3}
IMAGE = {"kind": "image", "channels": 1, "size": [8, 8]}
NETWORK: dict[str, Any] = {"input": IMAGE, "body": [CONV], "head": {"kind": "classifier", "classes": 2}}
COUNT = {"hole": "integer", "low": 1, "high": 1000}


def conv(**fields: Any) -> dict[str, Any]:
    return NETWORK | {"body": [CONV | fields]}


def expression(operation: str, *operands: Any) -> dict[str, Any]:
    return {"hole": "expression", "operation": operation, "of": list(operands)}


def hole(**fields: Any) -> dict[str, Any]:
    return {"hole": "integer", "low": 1, "high": 3} | fields


def repeated(times: Any, body: Any, tied: bool = False) -> dict[str, Any]:
    return {"kind": "repeat", "times": times, "body": [body], "tied": tied}


# What is in the file, as data or as text, and a part of the sentence that it gets.
FILES: dict[str, tuple[Any, str]] = {
    "a division by zero": (conv(channels=expression("//", 4, 0)), "body[0].channels: 4, 0 under //: integer division"),
    "a division by a hole that may be zero": (conv(channels=expression("//", 4, hole(low=0))), "division"),
    "text times two billion": (conv(channels=expression("*", "aaaa", 2_000_000_000)), "is arithmetic over numbers"),
    "an option of text times two billion": (
        conv(channels=expression("*", {"hole": "choice", "options": ["aaaa"]}, 2_000_000_000)),
        "is arithmetic over numbers",
    ),
    "a product without end": (conv(channels=expression("*", 10**300, 10**300)), "arithmetic over numbers"),
    "thirty holes in one expression": (conv(channels=expression("max", *[hole()] * 30)), "at most 12 holes, not 30"),
    "one operand": (conv(channels=expression("+", 1)), "+ takes 2 operands, not 1"),
    "the order of a number": (conv(channels=expression("order", 7)), "unknown group '7'"),
    "a bound of 31 digits": (conv(channels=hole(high=10**30)), "whole numbers up to 9,007,199,254,740,992"),
    "a bound of 1.5": (conv(channels=hole(low=1.5)), "whole numbers up to"),
    "a bound that is text": (conv(channels=hole(low="1")), "not '1'"),
    "a step of zero": (conv(channels=hole(step=0)), "by steps of 1 or more"),
    "a number of 5,000 digits": (json.dumps(NETWORK).replace("4", "4" * 5000, 1), "not JSON: Exceeds the limit"),
    "no options": (conv(channels={"hole": "choice", "options": []}), "a choice needs at least one option"),
    "65,000 options": (conv(channels={"hole": "choice", "options": [3] * 65_000}), "at most 4,096 options, not 65,000"),
    "a hole in a hole": (conv(channels={"hole": "choice", "options": [hole()]}), "a hole cannot be an option"),
    "an unknown field of a hole": (conv(channels=hole(extra=1)), "the fields of this kind of hole are low, high"),
    "a hole of no kind": (conv(channels={"hole": ["x"]}), "unknown hole ['x']"),
    "a name with an escape sequence": (conv(channels=hole(name="\x1b[31mred")), r"not '\x1b[31mred'"),
    "a name of two lines": (conv(channels=hole(name="mean\n")), r"not 'mean\n'"),
    "an option with an escape sequence": (conv(channels={"hole": "choice", "options": [1, "\x1b[31m"]}), r"\x1b[31m"),
    "a kind with an escape sequence": (NETWORK | {"body": [{"kind": "\x1b[31mred"}]}, r"'\x1b[31mred'"),
    "half a character as a name": (conv(channels=hole(name="\ud800")), "holds half a character"),
    "half a character as a key": (NETWORK | {"a\ud800": 1}, "holds half a character"),
    "a kernel of 1e8": (conv(kernel_size=hole(low=9, high=10**8)), "the value 100000000 does not fit"),
    "a kernel size of 1e7": (conv(kernel_size=10**7), "body[0].kernel_size: expected a number less than"),
    "a grid of 1e18": (
        NETWORK | {"input": IMAGE | {"size": [10**9, 10**9]}},
        "input.size[0]: expected a number",
    ),
    "a million copies": (
        NETWORK | {"body": [repeated(1000, repeated(1000, CONV, tied=True), tied=True)]},
        "more than 10000 nodes",
    ),
    "a million decisions": (
        NETWORK | {"body": [repeated(COUNT, repeated(COUNT, CONV | {"channels": hole()}))]},
        "more than 10,000 decisions",
    ),
    "a group of 100,000 turns": (
        NETWORK | {"body": [{"kind": "lift", "group": "C100000", "channels": 2, "kernel_size": 3}]},
        "at most 64 rotations",
    ),
    "a key twice": (json.dumps(NETWORK).replace('"channels": 4', '"channels": 4, "channels": 5'), "is written twice"),
    "text for a number": (NETWORK | {"input": IMAGE | {"size": ["9", 9]}}, "input.size[0]: expected a number"),
    "text in a space": (conv(channels="4", kernel_size={"hole": "choice", "options": [3, 5]}), "expected a number"),
    "text as an option": (
        conv(kernel_size={"hole": "choice", "options": [3, "5"]}),
        "kernel_size[5]: expected a number",
    ),
    "true for a number": (
        NETWORK | {"head": {"kind": "classifier", "classes": True}},
        "head.classes: expected a number",
    ),
    "1 for true": (conv(causal=1), "body[0].causal: expected true or false (found 1)"),
    "not a number": (json.dumps(conv(channels=float("nan"))), "NaN is not a number"),
    "nothing": ("", "not JSON"),
    "a list": ([], "expected a mapping"),
    "a null byte": (json.dumps(NETWORK) + "\0", "not JSON"),
    "a deep pit": ("[" * 100_000, "nested more than 64 deep"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_gets_one_sentence_at_once(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, wanted = FILES[name]
    path = tmp_path / "net.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    tracemalloc.start()
    try:
        with bounded(5):
            assert main(["check", str(path)]) == 1
        assert tracemalloc.get_traced_memory()[1] < 2e8
    finally:
        tracemalloc.stop()
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert line.startswith(f"archsearch: {path}: ")
    assert wanted in line
    assert line.isprintable()
    assert not told.out


def test_what_is_large_and_well_is_not_counted_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = {"hole": "integer", "low": 9, "high": 100_000_000}
    path = tmp_path / "net.json"
    path.write_text(json.dumps(NETWORK | {"input": IMAGE | {"size": [size, size]}}))
    with bounded(5):
        assert main(["check", str(path)]) == 0
    assert "a space of 9,999,998,400,000,064 architectures" in capsys.readouterr().out
