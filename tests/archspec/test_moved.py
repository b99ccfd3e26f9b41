"""Names of earlier versions are those of now, and say so."""

from __future__ import annotations

import importlib
import sys
import warnings

import pytest

import archspec
import search  # noqa: F401  its old names, too
from archspec.moved import keep_old_names

OLD = {
    "archspec.turning": ("turn", "reestimate"),
    "archspec.hole": ("choice", "Hole"),
    "archspec.groups": ("Group", "MAX_ROTATIONS"),
    "archspec.lattice": ("TapGrid",),
    "archspec.blocks.conv_scales": ("Scales",),
    "archspec.freezing": ("freeze",),
    "archspec.carrying": ("carry",),
    "archspec.passes.share": ("share_equal",),
    "search.store": ("RunDirectory", "RunError"),
    "search.worker": ("Trainer",),
    "search.candidate": ("derived_seed",),
    "search.tables": ("summary", "cost_table"),
}


@pytest.mark.parametrize("module", OLD)
def test_an_old_name_is_what_it_is_now_and_warns(module: str) -> None:
    parent = module.rpartition(".")[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may be an old name itself
        importlib.import_module(parent)
    sys.modules.pop(module, None)
    with pytest.warns(DeprecationWarning, match=f"{module} is now "):
        found = importlib.import_module(module)
    assert all(hasattr(found, name) for name in OLD[module])
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = found.nothing


def test_a_module_in_an_old_package_is_not_loaded_twice() -> None:
    for name in ("archspec.passes.share", "archspec.passes"):
        sys.modules.pop(name, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = importlib.import_module("archspec.passes.share")
    assert old.share_equal is importlib.import_module("archspec.graph.passes.share").share_equal


@pytest.mark.parametrize("name", ["certify", "settle", "Certificate"])
def test_what_kept_its_name_does_not_warn(name: str) -> None:
    assert getattr(importlib.import_module("archspec.symmetry"), name)


def test_every_old_name_leads_to_modules_that_exist() -> None:
    names = {old: new for f in sys.meta_path for old, new in getattr(f, "names", {}).items()}
    assert len(names) > 60
    assert {old.partition(".")[0] for old in names} == {"archspec", "search"}
    for new in names.values():
        assert all(importlib.import_module(name) for name in new)


def test_one_that_leads_nowhere_is_found() -> None:
    keep_old_names("archspec", {"gone": ("nowhere",)})
    with pytest.warns(DeprecationWarning, match="gone is now"), pytest.raises(ImportError, match="nowhere"):
        importlib.import_module("archspec.gone")
    del sys.meta_path[0]
    assert not hasattr(archspec, "gone")
