"""Faults that would hurt whoever searches, planted one at a time: each is noticed by a law."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.search import faults
from tests.search.planting import Fault, notices, obey

TABLES = faults.TABLES
FAULTS: dict[str, Fault] = {name: fault for table in TABLES for name, fault in table.FAULTS.items()}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notices(FAULTS[name], tmp_path, capsys)


# Laws are tests of their own; here they hold as they are called for the faults.
@pytest.mark.slow
@pytest.mark.parametrize("name", {fault.law: name for name, fault in FAULTS.items()}.values())
def test_its_law_holds_without_it(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    obey(FAULTS[name].law, tmp_path / "sound", capsys)


def test_no_two_tables_name_a_fault_alike() -> None:
    assert len(FAULTS) == sum(len(table.FAULTS) for table in TABLES)


def test_every_fault_that_is_written_down_is_planted() -> None:
    for table in TABLES:
        written = [what for what in vars(table).values() if isinstance(what, dict)]
        faults = [fault for what in written for fault in what.values() if isinstance(fault, Fault)]
        assert {id(fault) for fault in faults} == {id(fault) for fault in table.FAULTS.values()}, table.__name__
