"""Faults that would hurt whoever searches, planted one at a time: each is noticed by a law that holds without it."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from pathlib import Path

import pytest

from search.errors import RunError
from tests.search.faults import machine, results, running, telling, training
from tests.search.planting import Fault

TABLES = (training, running, machine, telling, results)
FAULTS: dict[str, Fault] = {name: fault for table in TABLES for name, fault in table.FAULTS.items()}
# Any other error would be one of the planting.
NOTICED = (AssertionError, pytest.fail.Exception, RunError)


def obey(law: Callable[..., None], directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a test, with the fixtures that it asks for."""
    directory.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        fixtures = {"tmp_path": directory, "monkeypatch": patched, "capsys": capsys}
        asked = [name for name, what in signature(law).parameters.items() if what.default is what.empty]
        law(**{name: fixtures[name] for name in asked})


@pytest.fixture(scope="module")
def sound() -> set[Callable[..., None]]:
    """Laws that are known to hold where nothing is planted."""
    return set()


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(
    name: str, sound: set[Callable[..., None]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = FAULTS[name]
    if fault.law not in sound:
        obey(fault.law, tmp_path / "sound", capsys)
        sound.add(fault.law)
    with pytest.MonkeyPatch.context() as planted:
        fault.plant(planted)
        with pytest.raises(NOTICED):
            obey(fault.law, tmp_path / "faulty", capsys)


def test_no_two_tables_name_a_fault_alike() -> None:
    assert len(FAULTS) == sum(len(table.FAULTS) for table in TABLES)
