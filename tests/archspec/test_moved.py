"""Names of earlier versions are those of now, and say so.

`old_names.txt` holds every public name of the version before the rooms, a line for each module; names after a minus are
gone, with what they stood for.
"""

from __future__ import annotations

import importlib
import re
import runpy
import sys
import warnings
from pathlib import Path

import pytest

import archspec
import search
import spaces
from archspec.moved import MODULES, NAMES, keep_old_names

OLD = dict(line.split(":") for line in Path(__file__).with_name("old_names.txt").read_text().splitlines())


def missing(module: str, names: str) -> list[str]:
    """The names that cannot be found in a module, and with a minus those that should be gone and are there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = importlib.import_module(module)
        return [name for name in names.split() if hasattr(found, name.lstrip("-")) == name.startswith("-")]


def forget(module: str) -> None:
    """Have a module imported anew, and looked up anew in its package."""
    package, _, name = module.rpartition(".")
    sys.modules.pop(module, None)
    vars(sys.modules.get(package, archspec)).pop(name, None)


def test_every_public_name_of_before_is_found_by_its_old_path() -> None:
    assert len(OLD) > 160
    assert {module: lost for module in OLD if (lost := missing(module, OLD[module]))} == {}


def test_a_name_that_is_lost_is_found_out() -> None:
    assert missing("archspec.lattice", "Lattice Lettuce -Lattice -Nothing") == ["Lettuce", "-Lattice"]


@pytest.mark.parametrize(
    ("module", "name", "now"),
    [
        ("archspec.lattice", "Lattice", "archspec.geometry.tap_grid.TapGrid"),
        ("archspec.schema", "schema_text", "archspec.reference.schema_text"),
        ("archspec.kernels.kernel", "Wanted", "archspec.geometry.sampling.Sampling"),
        ("search.candidate", "Candidate", "search.trial.Trial"),
        ("search", "Candidate", "search.trial.Trial"),
    ],
)
def test_what_is_called_otherwise_is_what_it_is_now_and_warns(module: str, name: str, now: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = importlib.import_module(module)
    with pytest.warns(DeprecationWarning, match=f"^{module}.{name} is now {now}; the old name goes with version 1.0$"):
        found = getattr(old, name)
    place, _, attribute = now.rpartition(".")
    assert found is getattr(importlib.import_module(place), attribute)


@pytest.mark.parametrize("module", ["archspec.turning", "archspec.passes.share", "search.store"])
def test_an_old_module_warns(module: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its package may be an old name itself
        importlib.import_module(module.rpartition(".")[0])
    forget(module)
    with pytest.warns(DeprecationWarning, match=f"{module} is now "):
        found = importlib.import_module(module)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = found.nothing


def test_old_modules_are_found_in_their_packages_and_their_names_by_a_star() -> None:
    for module in ("archspec.groups", "archspec.blocks.conv_parts", "archspec.layers.roles", "search.task"):
        forget(module)
    with pytest.warns(DeprecationWarning, match=r"archspec\.groups is now archspec\.geometry\.groups"):
        assert archspec.groups.Group is archspec.Group
    with pytest.warns(DeprecationWarning, match="conv_parts is now"):
        assert archspec.blocks.conv_parts.spatial
    with pytest.warns(DeprecationWarning, match="roles is now"):
        assert archspec.layers.roles.roles is archspec.roles
    taken: dict[str, object] = {}
    with pytest.warns(DeprecationWarning, match=r"search\.task is now"):
        exec("from search.task import *", taken)
    assert taken["Task"] is search.Task


def test_what_is_gone_says_what_to_use() -> None:
    gone = {old: now for old, now in NAMES.items() if now.startswith("use ")}
    listed = {f"{module}.{name[1:]}" for module in OLD for name in OLD[module].split() if name.startswith("-")}
    assert len(gone) > 15
    assert gone.keys() <= listed
    for now in gone.values():
        for path in re.findall(r"\b(?:archspec|search|spaces)(?:\.\w+)+", now):
            place, _, attribute = path.rpartition(".")
            try:
                found = importlib.import_module(place)
            except ModuleNotFoundError:  # a method
                place, _, name = place.rpartition(".")
                found = getattr(importlib.import_module(place), name)
            assert hasattr(found, attribute), path
    for module, name in ((spaces.space, "KINDS"), (spaces.parameters, "domain")):
        with pytest.raises(AttributeError, match=rf"^{module.__name__}\.{name} is gone; use "):
            getattr(module, name)


def test_a_module_in_an_old_package_is_not_loaded_twice() -> None:
    forget("archspec.passes.share")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = importlib.import_module("archspec.passes.share")
    assert old.share_equal is importlib.import_module("archspec.graph.passes.share").share_equal


def test_what_kept_its_name_does_not_warn() -> None:
    for name in ("certify", "settle", "Certificate"):
        assert getattr(importlib.import_module("archspec.symmetry"), name)


def test_every_old_module_leads_to_modules_that_exist() -> None:
    assert len(MODULES) > 60
    for new in MODULES.values():
        assert all(importlib.import_module(name) for name in new)


def test_one_that_leads_nowhere_is_found() -> None:
    keep_old_names("archspec", {"gone": ("nowhere",)})
    with pytest.warns(DeprecationWarning, match="gone is now"), pytest.raises(ImportError, match="nowhere"):
        importlib.import_module("archspec.gone")
    del MODULES["archspec.gone"]
    assert not hasattr(archspec, "gone")


def test_the_commands_of_before_work_or_say_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["search.cli", "--help"])
    with pytest.raises(SystemExit, match=r"^0$"):
        runpy.run_module("search.cli", run_name="__main__")
    with pytest.raises(SystemExit, match=r"^python -m archspec\.schema is now python -m archspec\.reference"):
        runpy.run_module("archspec.schema", run_name="__main__")
