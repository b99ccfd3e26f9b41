"""A node of a cluster says whether it can train: versions first, which made-up ones stand for here."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch

from tests.search.planting import Fault, notices

pytest.importorskip("ray")

from search.backends import nodes
from search.backends.nodes import Kit

HERE = {"python": "3.12", "torch": "2.13.0", "archsearch": "0.1.0"}


@pytest.mark.parametrize(
    ("name", "there"), [("python", "3.11"), ("torch", "2.12.0"), ("archsearch", "0.0.9"), ("archsearch", "unknown")]
)
def test_a_node_of_another_version_is_refused_in_a_sentence(
    name: str, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "versions", lambda: HERE | {name: there})

    def load(kit: Kit) -> None:
        raise AssertionError("of another version, it must not be loaded")

    monkeypatch.setattr(nodes, "loaded", load)
    said = nodes.unfit(Kit(None, None, None, HERE))
    assert said == f"has {name} {there}, and the search {HERE[name]}; install the same there"


def test_a_node_of_the_same_versions_can_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "loaded", lambda kit: None)
    monkeypatch.setattr(nodes, "versions", lambda: dict(HERE))
    assert nodes.unfit(Kit(None, None, None, HERE)) is None


@pytest.mark.parametrize(
    ("what", "named", "version"),
    [
        ("torch", "2.13.0+cu126", "2.13.0"),  # the build for another device is the same version
        ("torch", "2.13.0", "2.13.0"),
        ("python", ("3", "12", "7"), "3.12"),
        ("python", ("3", "12", "0rc1"), "3.12"),
    ],
)
def test_what_is_compared_is_the_version_and_not_the_build(
    what: str, named: str | tuple[str, ...], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "torch":
        monkeypatch.setattr(torch, "__version__", named)
    else:
        monkeypatch.setattr(nodes.platform, "python_version_tuple", lambda: named)
    assert nodes.versions()[what] == version


REFUSED = partial(test_a_node_of_another_version_is_refused_in_a_sentence, "archsearch", "0.0.9")
FAULTS = {
    "whatever version": Fault(nodes.unfit, "if here[name] != wanted:", "if False:", REFUSED),
    "the versions the wrong way round": Fault(
        nodes.unfit, "{here[name]}, and the search {wanted}", "{wanted}, and the search {here[name]}", REFUSED
    ),
    "our own version is not compared": Fault(
        nodes.unfit, "in kit.versions.items():", "in list(kit.versions.items())[:2]:", REFUSED
    ),
    "no version can train": Fault(
        nodes.unfit, "if here[name] != wanted:", "if True:", test_a_node_of_the_same_versions_can_train
    ),
    "another build is another version": Fault(
        nodes.versions,
        '.split("+")[0]',
        "",
        partial(test_what_is_compared_is_the_version_and_not_the_build, "torch", "2.13.0+cu126", "2.13.0"),
    ),
    "another patch is another Python": Fault(
        nodes.versions,
        "[:2]",
        "",
        partial(test_what_is_compared_is_the_version_and_not_the_build, "python", ("3", "12", "7"), "3.12"),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notices(FAULTS[name], tmp_path, capsys)
