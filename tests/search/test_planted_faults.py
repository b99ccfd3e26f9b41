"""Faults that would hurt whoever searches, planted one at a time: each is noticed by a law that holds without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.search import faults
from tests.search.planting import Fault, notices

TABLES = faults.TABLES
FAULTS: dict[str, Fault] = {name: fault for table in TABLES for name, fault in table.FAULTS.items()}


@pytest.fixture(scope="module")
def sound() -> set[Callable[..., None]]:
    """Laws that are known to hold where nothing is planted."""
    return set()


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(
    name: str, sound: set[Callable[..., None]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notices(FAULTS[name], sound, tmp_path, capsys)


def test_no_two_tables_name_a_fault_alike() -> None:
    assert len(FAULTS) == sum(len(table.FAULTS) for table in TABLES)
