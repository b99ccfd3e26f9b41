"""Nodes that are suspended, or lost, as Ray sees it: their machines may take connections all the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.search.planting import Fault, notices

pytest.importorskip("ray")

from search.backends import cluster, lookout
from search.backends.cluster import Node
from search.backends.lookout import Lookout
from search.backends.nodes import Kit

HERE, SUSPENDED, OFF = (Node(56 * name, f"10.0.0.{name}", 1, {"CPU": 2.0}) for name in "123")
KIT = Kit(None, None, None, {})


class Asked:
    """In place of a task of Ray: every node is asked, and none can train."""

    def options(self, scheduling_strategy: Any) -> Asked:
        return self

    def remote(self, kit: Kit) -> str:
        return "has no torch; install it"


def see(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray has given the suspended node up, and does not know yet of the one that is off."""
    errors = cluster.ray.exceptions
    there = SimpleNamespace(remote=lambda **_: lambda _: Asked(), get=lambda reply, timeout: reply, exceptions=errors)
    monkeypatch.setattr(cluster, "ray", there)
    monkeypatch.setattr(cluster, "nodes", lambda: [HERE, OFF])
    asked: list[str] = []

    def answers(address: str, port: int) -> bool:
        asked.append(address)
        return address != OFF.address or asked.count(address) == 1

    monkeypatch.setattr(cluster, "answers", answers)
    monkeypatch.setattr(lookout, "answers", lambda address, port: address != OFF.address)


def test_only_a_node_that_is_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    see(monkeypatch)
    refused = cluster.probe(KIT, [HERE, SUSPENDED, OFF])
    assert refused == {HERE.id: "Ray's node 10.0.0.1/111111 has no torch; install it"}


def test_a_worker_on_a_node_that_ray_has_given_up_did_not_die_of_its_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    see(monkeypatch)
    watching = object.__new__(Lookout)
    watching.known = {node.id: node for node in (HERE, OFF)}
    gone = [watching.gone(id_) for id_ in (HERE.id, SUSPENDED.id, OFF.id, None)]
    assert gone == [False, True, True, False]


@pytest.mark.parametrize(
    ("where", "line", "instead", "law"),
    [
        (cluster.probe, "node.id in alive and answers", "answers", test_only_a_node_that_is_there_is_refused),
        (cluster.probe, "node.id in alive and", "node.id in alive or", test_only_a_node_that_is_there_is_refused),
        (
            Lookout.gone,
            "node is None or not",
            "node is not None and not",
            test_a_worker_on_a_node_that_ray_has_given_up_did_not_die_of_its_candidate,
        ),
    ],
)
def test_a_fault_by_which_a_node_that_is_gone_counts_is_noticed(
    where: Any, line: str, instead: str, law: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notices(Fault(where, line, instead, law), tmp_path, capsys)
