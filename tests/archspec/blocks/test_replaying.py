"""No file of tests/vectors is left unread."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.laws.replaying import REPLAYED, File, on_disk


def unread(read: set[str]) -> set[str]:
    """Files that no test replays."""
    return on_disk() - read


def all_read() -> set[str]:
    for path in Path(__file__).parent.glob("test_vectors_*.py"):
        importlib.import_module(f"tests.archspec.blocks.{path.stem}")
    return REPLAYED


def test_every_file_of_vectors_is_replayed_by_a_test() -> None:
    assert len(on_disk()) > 80
    assert unread(all_read()) == set()


def test_one_that_nobody_replays_is_found() -> None:
    assert unread(all_read() - {"equivariant/wavelet_lift"}) == {"equivariant/wavelet_lift"}


def test_and_none_can_be_opened_in_passing() -> None:
    with pytest.raises(AssertionError, match="is no file that a test said it replays"):
        File("equivariant/nobody")
