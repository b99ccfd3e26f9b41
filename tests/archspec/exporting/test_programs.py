"""Networks exported by torch itself: they answer alike, and frozen ones without this package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.examples import KINDS_BY_DEFAULT
from tests.laws.subject import Subject


@pytest.mark.thorough
@pytest.mark.parametrize("name", KINDS_BY_DEFAULT)
def test_an_example_is_exported_by_torch(name: str) -> None:
    of = Subject(name)
    with torch.no_grad():
        program = torch.export.export(of.model, (of.x,))
        assert torch.allclose(program.module()(of.x), of.answer, rtol=0, atol=1e-10)


ALONE = """
import sys, torch
assert "archspec" not in sys.modules
for number in range(int(sys.argv[2])):
    program = torch.export.load(f"{sys.argv[1]}/{number}.pt2")
    x, y = torch.load(f"{sys.argv[1]}/{number}.pt", weights_only=True)
    assert torch.allclose(program.module()(x), y, rtol=0, atol=1e-10)
assert "archspec" not in sys.modules
"""


@pytest.mark.thorough
def test_a_frozen_network_runs_where_this_package_is_not(tmp_path: Path) -> None:
    chosen = ("D4 residual", "C8 siren", "D4 to C4 to C1", "graph", "causal siren strided")
    for number, name in enumerate(chosen):
        of = Subject(name)
        with torch.no_grad():
            torch.export.save(torch.export.export(of.frozen(), (of.x,)), tmp_path / f"{number}.pt2")
            torch.save((of.x, of.frozen()(of.x)), tmp_path / f"{number}.pt")
    script = tmp_path / "alone.py"
    script.write_text(ALONE)
    ran = subprocess.run(
        [sys.executable, "-I", str(script), str(tmp_path), str(len(chosen))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
