"""An export, made once, and copies of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec import export
from tests.archspec.exporting.small import small


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export, to be copied."""
    return export(small(), tmp_path_factory.mktemp("exports") / "best", scores={"accuracy": 0.5})


@pytest.fixture
def mine(exported: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    target = tmp_path / "best"
    target.mkdir()
    for path in exported.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target
