"""The shape of the project: its layers, its files, and that no part reaches into another or into a library."""

from __future__ import annotations

import ast
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.laws.process import ROOT, run
from tests.laws.source import PACKAGES, foreign_checks, modules, reaches_into_libraries

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def test_the_layers_hold_and_no_imports_go_in_a_circle() -> None:
    assert "0 broken" in run("-c", LINT)


CIRCLES = {
    "for the type checker alone": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {planted}\n",
    "inside a function": "def late() -> None:\n    {planted}\n",
}


@pytest.mark.parametrize("where", CIRCLES)
def test_a_circle_of_imports_is_found(where: str, tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    read = tmp_path / "archspec/geometry/cropping.py"
    text = CIRCLES[where].format(planted="from archspec.geometry.tap_grid import TapGrid")
    read.write_text(f"{read.read_text()}\n\n{text}")  # which `tap_grid` imports
    with pytest.raises(AssertionError, match=r"No cycles allowed|no import cycles BROKEN"):
        run("-c", LINT, at=tmp_path)


@pytest.mark.parametrize(
    "use",
    [
        "import archspec, spaces",
        "import spaces; spaces.Space.from_json(spaces.images(1, (28, 28), 10).to_json()).size()",
        "import spaces, random, archspec; s = spaces.images(1, (28, 28), 10); a = s.sample(random.Random(0)); "
        "a.hash, archspec.price(a), a.warnings, archspec.Architecture.from_yaml(a.to_yaml()), s.values_of(a), "
        "s.costs(9).cheapest()",
    ],
)
def test_reading_typing_hashing_and_pricing_load_no_torch(use: str) -> None:
    heavy = "{'torch', 'optuna', 'ray', 'scipy', 'sklearn', 'matplotlib'}"
    assert run("-c", f"{use}\nimport sys; print(sorted({heavy} & set(sys.modules)))").strip() == "[]"


def test_the_oldest_versions_are_those_that_are_allowed() -> None:
    """What `tests/oldest.txt` installs, for a run of the tests, are the bounds of pyproject.toml, all of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]
    bounds = {
        (wanted := Requirement(text)).name: {Version(s.version) for s in wanted.specifier if s.operator == ">="}
        for text in (*project["dependencies"], *extra["ray"], *extra["data"])
    }
    lines = (ROOT / "tests/oldest.txt").read_text().splitlines()[1:]
    assert {name: {Version(version)} for name, version in (line.split("==") for line in lines)} == bounds


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_is_short_and_says_what_it_is(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        text = file.read_text()
        assert len(text.splitlines()) <= 250, file
        assert text.startswith('"""'), file


# --- what is asked and read where it should not be; a row that is no longer needed has to go ---

Check = Callable[[dict[str, ast.Module]], set[tuple[str, str]]]
STILL: dict[Check, set[tuple[str, str]]] = {
    foreign_checks: set(),
    reaches_into_libraries: {
        ("archspec/network/freezing.py", "_assert"),  # what torch.fx itself writes for an assertion
        ("archspec/testing/counting.py", "_fft_c2r"),  # operators have no other names
        ("archspec/testing/counting.py", "_fft_r2c"),
        ("search/training/lives.py", "_python_dispatch"),  # where torch's notes on extending it have its modes
    },
}
each_check = pytest.mark.parametrize("check", STILL, ids=lambda check: check.__name__)


@each_check
def test_nothing_new_is_asked_of_other_families_or_of_what_libraries_keep_to_themselves(check: Check) -> None:
    found = check(modules(ROOT))
    assert not found - STILL[check], "ask the object itself (CONTRIBUTING, doors), or use what the library publishes"
    assert not STILL[check] - found, "it is no longer there: take the row out"


PLANTED: dict[str, tuple[Check, str]] = {
    "isinstance": (foreign_checks, "from archspec.blocks.conv.conv import Conv\nisinstance(x, int | Conv)"),
    "isinstance of several": (foreign_checks, "import archspec\nisinstance(x, (int, archspec.Siren))"),
    "issubclass": (foreign_checks, "from archspec.kernels import Table as T\nissubclass(x, T)"),
    "its type": (foreign_checks, "from archspec.layers.norm import BatchNorm\ntype(x) is BatchNorm"),
    "a case": (foreign_checks, "from archspec import Norm\nmatch x:\n    case Norm():\n        pass"),
    "an attribute": (reaches_into_libraries, "study._storage.close()"),
    "a chain": (reaches_into_libraries, "import torch\ntorch._C._set_deterministic(True)"),
    "an import": (reaches_into_libraries, "from torch._dynamo import reset"),
    "a name imported": (reaches_into_libraries, "from optuna.storages import _cached"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(name: str) -> None:
    check, code = PLANTED[name]
    assert {path for path, _ in check({**modules(ROOT), "search/planted.py": ast.parse(code)})} >= {"search/planted.py"}


def test_what_a_family_asks_of_its_own_and_a_class_of_itself_is_no_fault() -> None:
    own = "from archspec.blocks.conv.conv import Conv\nisinstance(x, Conv)"
    itself = "class A:\n    def _b(self, other):\n        return self._c + other._b()._replace(d=1)"
    found = foreign_checks({**modules(ROOT), "archspec/blocks/conv/planted.py": ast.parse(own)})
    assert "archspec/blocks/conv/planted.py" not in {path for path, _ in found}
    assert reaches_into_libraries({"search/planted.py": ast.parse(itself)}) == set()
