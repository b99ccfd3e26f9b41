"""The source of a person's own pieces is a term of a run, with all of theirs that these refer to; nobody else's is."""

from __future__ import annotations

import importlib
import json
import linecache
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archspec import Conv
from search import sources as module
from search.errors import RunError
from search.files import RunDirectory
from search.record.lines import different
from search.record.writing import Record, begun_alike
from search.sources import sources
from search.strategies.strategy import STRATEGIES
from tests.search.tiny import small_search

# Files that a person may have, and the class of which the source is asked.
LAYERS = """
import torch

class Base(torch.nn.Module):
    def forward(self, x):
        return x

class Layer(Base):
    pass

def unused():
    return 1
"""
BLOCK = """
import own_rest

SIZE = 3

def made(size):
    from own_layers import Layer
    return Layer()

class Block:
    def infer(self, x):
        return x

    @property
    def size(self):
        return own_rest.twice(SIZE)

    def lower(self, x):
        return [made(self.size) for _ in range(1)]
"""
REST = """
def twice(x):
    return x * 2

def other(x):
    return x
"""
FILES = {"own_layers": LAYERS, "own_block": BLOCK, "own_rest": REST}


def told(directory: Path, monkeypatch: pytest.MonkeyPatch, **changed: tuple[str, str]) -> dict[str, str]:
    """The sources of the class `Block` of these files, each with a part of it changed."""
    for name, text in FILES.items():
        assert name not in changed or changed[name][0] in text
        (directory / f"{name}.py").write_text(text.replace(*changed.get(name, ("", ""))))
        sys.modules.pop(name, None)
    linecache.clearcache()
    importlib.invalidate_caches()
    monkeypatch.syspath_prepend(directory)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    block: Any = importlib.import_module("own_block").Block
    monkeypatch.setattr(module, "model_of", {"block": block, "conv": Conv}.get)
    kinds = {"body": [{"hole": "choice", "options": [{"kind": "conv"}, {"kind": "block"}, {"kind": "unknown"}]}]}
    return sources(kinds, small_search().task, "front")


CHANGES: dict[str, tuple[str, str, str]] = {
    "a method": ("own_block", "return x\n", "return x + 1\n"),
    "a number that a method reads": ("own_block", "SIZE = 3", "SIZE = 4"),
    "a function that a method calls": ("own_block", "return Layer()", "return Layer() or None"),
    "a base of a layer that is imported inside": ("own_layers", "return x\n", "return x + 1\n"),
    "a function of another module": ("own_rest", "x * 2", "x * 3"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_a_piece_refers_to_is_its_source(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, before, after = CHANGES[name]
    sound = told(tmp_path, monkeypatch)
    assert sound.keys() == {"block"}
    assert told(tmp_path, monkeypatch) == sound
    assert told(tmp_path, monkeypatch, **{file: (before, after)}) != sound


@pytest.mark.parametrize(
    ("file", "before", "after"), [("own_layers", "return 1", "return 2"), ("own_rest", "return x\n", "return 0\n")]
)
def test_what_it_does_not_refer_to_is_not(
    file: str, before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(tmp_path, monkeypatch, **{file: (before, after)}) == told(tmp_path, monkeypatch)


@pytest.mark.parametrize("name", list(STRATEGIES.known))
def test_nothing_of_ours_and_of_installed_packages_is_a_term(name: str) -> None:
    search = small_search(strategy=name)
    assert search._terms()["code"] == {}


@dataclass
class Kept:
    """A strategy; what is generated for a dataclass is in no file."""

    name: str = "kept"

    def propose(self, history: object, budget: object) -> None: ...

    def observe(self, event: object) -> None: ...


def test_another_source_is_refused_by_name_and_runs_that_did_not_record_it_go_on(tmp_path: Path) -> None:
    known = small_search(strategy=Kept())._terms()
    assert known["code"].keys() == {"strategy"}
    before = {name: value for name, value in json.loads(json.dumps(known)).items() if name != "code"}
    assert different(before, known) == []
    Record(RunDirectory(tmp_path), {**known, "code": {"strategy": "another"}}).close()
    with pytest.raises(RunError, match=r"other code of your own \(strategy\); use another directory"):
        begun_alike(RunDirectory(tmp_path), known)
