"""What is told of candidates that wait for room, what is sent to nodes, and what goes through a storage."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from search.backends.resources import Resources
from search.errors import RunError
from search.files import RunDirectory
from search.outcome import Failed, Scored, Stopped
from search.trial import Trial
from tests.search.inside import inside, searched
from tests.search.planting import Fault, notices

pytest.importorskip("ray")

from search.backends import nodes, shipping
from search.backends import ray as backend
from search.backends.cluster import Node
from search.backends.lookout import AFTER, AGAIN, JOINS, STARTS, Stranded, Waiting
from search.backends.place import refuse_a_package
from search.backends.quiet import Quiet, without_remarks
from search.backends.searcher import QueueSearcher
from search.backends.storage import Storage

TWO = [Node(name, "10.0.0.1", 1, {"CPU": 2.0}) for name in ("a", "b")]


def told(waiting: Waiting, times: list[float], wait: int, busy: int, free: float, there: list[Node]) -> list[str]:
    said = (waiting.tell(now, wait, busy, there, {"CPU": free}) for now in times)
    return [text for text in said if text is not None]


def test_what_waits_is_told_soon_and_then_once_a_minute() -> None:
    times = [2.0 * look for look in range(100)]
    said = told(Waiting(Resources(gpus=1)), times, wait=1, busy=0, free=0.0, there=TWO)
    assert set(said) == {"waiting for 1 GPU; the cluster has 0 free, 2 nodes"}
    assert len(said) == 1 + int((times[-1] - AFTER) / AGAIN)


def test_while_others_train_it_is_told_once_until_it_changes() -> None:
    waiting, times = Waiting(Resources()), [2.0 * look for look in range(100)]
    assert told(waiting, times, 3, 4, 0.0, TWO) == ["waiting for 1 CPU; the cluster has 0 free, 2 nodes"]
    later = [200 + time for time in times]
    assert told(waiting, later, 3, 4, 0.0, TWO[:1]) == ["waiting for 1 CPU; the cluster has 0 free, 1 node"]


def test_a_worker_that_starts_is_not_waited_for() -> None:
    before = [2.0 * look for look in range(int(STARTS / 2))]
    assert told(Waiting(Resources()), before, wait=2, busy=0, free=0.0, there=TWO) == []
    assert told(Waiting(Resources()), [0.0, 100.0], wait=2, busy=0, free=4.0, there=TWO) == []
    assert told(Waiting(Resources()), [0.0, 100.0], wait=0, busy=4, free=0.0, there=TWO) == []


def test_a_head_without_cpus_and_nodes_that_are_too_small_are_told() -> None:
    bare = [Node("a", "10.0.0.1", 1, {})]
    assert told(Waiting(Resources()), [0.0, 100.0], 1, 0, 0.0, bare) == [
        "waiting for 1 CPU; the cluster has 0 free, 1 node"
    ]
    assert told(Waiting(Resources(cpus=4)), [0.0, 100.0], 1, 0, 4.0, TWO) == [
        "waiting for 4 CPUs; the cluster has 4 free, 2 nodes, each candidate takes 4 CPUs, and the largest node has "
        "2 CPUs"
    ]


def test_a_search_whose_nodes_were_all_refused_ends_unless_another_joins() -> None:
    """A head without CPUs trains nothing either way, and what trains already is trained to its end."""
    head, why, stranded = (
        Node("h", "10.0.0.1", 1, {}),
        {"a": "a has no torch", "b": "b has none"},
        Stranded(Resources()),
    )
    assert stranded.why(0.0, 0, [head, TWO[0]], {}) is None
    assert stranded.why(JOINS, 0, [head, TWO[0]], why) is None
    assert stranded.why(2 * JOINS - 1, 0, [head, TWO[0]], why) is None
    assert stranded.why(2 * JOINS - 1, 0, [head, *TWO], why) is None  # one more has joined, and was refused
    assert stranded.why(2 * JOINS, 0, [head, *TWO], why) is None
    assert stranded.why(3 * JOINS, 0, [head, *TWO], why) == "b has none"
    assert stranded.why(3 * JOINS, 0, [head, TWO[0]], why) == "a has no torch"
    assert stranded.why(3 * JOINS, 1, [head, TWO[0]], why) is None
    assert stranded.why(3 * JOINS + 1, 0, [head, TWO[0]], why) is None
    assert stranded.why(9 * JOINS, 0, [head], why) is None  # nodes may come yet


@pytest.mark.parametrize(
    ("line", "instead"),
    [("busy or not able", "not able"), ("or not ids <= self._seen", ""), ("or not ids <= set(refused)", "")],
)
def test_a_fault_by_which_a_search_ends_that_could_go_on_is_noticed(
    line: str, instead: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    law = test_a_search_whose_nodes_were_all_refused_ends_unless_another_joins
    notices(Fault(Stranded.why, line, instead, law), tmp_path, capsys)


def test_the_python_files_beside_a_script_are_sent_and_nothing_else(tmp_path: Path) -> None:
    inside = ["mine.py", "package/__init__.py", "package/search.py"]
    outside = ["search.py", "archspec/__init__.py", "data.csv", ".hidden/x.py", "env/lib/y.py", "__pycache__/z.py"]
    for name in (*inside, *outside, "env/pyvenv.cfg"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    copy = shipping.packed([tmp_path])
    assert sorted(str(path.relative_to(copy)) for path in copy.rglob("*.py")) == inside


def test_a_folder_that_is_too_large_to_be_sent_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in range(4):
        (tmp_path / f"{name}.py").write_text("1234")
    for limit, least in (("MOST_FILES", 3), ("MOST_BYTES", 15), ("MOST_SEEN", 3)):
        with monkeypatch.context() as patched:
            patched.setattr(shipping, limit, least)
            with pytest.raises(
                RunError, match="is too large to be sent to the nodes of the cluster; put the script into"
            ):
                shipping.packed([tmp_path])
            patched.setattr(shipping, limit, least + 1)
            assert shipping.packed([tmp_path]).is_dir()


def test_an_installed_script_and_our_own_sources_are_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(Path(sys.prefix) / "lib"), str(shipping.OURS)])
    assert shipping.shipped() is None
    (tmp_path / "mine.py").touch()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert os.listdir((shipping.shipped() or {})["working_dir"]).count("mine.py") == 1


def test_folders_that_a_script_adds_are_sent_where_a_module_was_imported_from_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those that it looks into last are apart, so that what a node has installed comes before them there, too."""
    for name in ("script/mine.py", "lib/helper.py", "lib/mine.py", "unused/no.py", "last/package/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    for name in ("lib/helper.py", "last/package/__init__.py"):
        module = ModuleType(name)
        module.__file__ = str(tmp_path / name)
        monkeypatch.setitem(sys.modules, name, module)
    before, after = [str(tmp_path / name) for name in ("script", "lib", "unused")], str(tmp_path / "last")
    monkeypatch.setattr(sys, "path", [*before, str(shipping.STDLIB), after])

    def sent() -> dict[str, str]:
        copy = Path((shipping.shipped() or {})["working_dir"])
        return {str(path.relative_to(copy)): path.read_text() for path in copy.rglob("*.py")}

    later = {f"{shipping.LATER}/package/__init__.py": "last/package/__init__.py"}
    assert sent() == {"mine.py": "script/mine.py", "helper.py": "lib/helper.py"} | later
    (tmp_path / "lib" / "more.py").touch()
    (tmp_path / "lib" / "and_more.py").touch()
    monkeypatch.setattr(shipping, "MOST_FILES", 2)  # a node that lacks what is too large says so
    assert sent() == {"mine.py": "script/mine.py"} | later


def test_a_run_in_the_package_of_a_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="lies in the package of a Ray job, and would be lost with it; give an absolute"):
        refuse_a_package(str(tmp_path / "working_dir_files" / "_ray_pkg_5e5e" / "runs" / "mine"))
    refuse_a_package(str(tmp_path / "runs" / "mine"))


def test_no_backend_begins_in_the_package_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes of a job, too, would leave their run where it is deleted."""
    begun = inside(monkeypatch)
    searched(tmp_path / "runs", trials=1)
    with pytest.raises(RunError, match="lies in the package of a Ray job"):
        searched(tmp_path / "_ray_pkg_5e5e" / "runs", trials=1)
    assert len(begun.trainers) == 1


def test_a_storage_takes_files_to_a_worker_and_back(tmp_path: Path) -> None:
    storage = Storage((tmp_path / "store").as_uri(), "run")
    here, there = RunDirectory(tmp_path / "here"), RunDirectory(tmp_path / "there")
    trial = Trial(3, 0, {}, hash="5e5e", inherits=1)
    storage.check()
    for path in (here.checkpoint(3), here.weights(1), here.weights(2)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())
    storage.hand_over(here, trial)
    with pytest.raises(FileNotFoundError):  # a folder that is gone is no storage without files
        storage.get(there.path, there.checkpoint(3))
    there.path.mkdir()
    storage.get(there.path, there.checkpoint(3), there.weights(1), there.weights(2), there.trunk("5e5e"))
    assert there.checkpoint(3).read_bytes() == b"3.pt"
    assert there.weights(1).exists()
    assert not there.weights(2).exists()  # it does not begin from them
    there.weights(3).write_bytes(b"trained")
    there.trunk("5e5e").write_bytes(b"trunk")
    storage.put(there.path, there.weights(3), there.trunk("5e5e"))
    storage.fetch(here, trial, Stopped({}))
    assert (here.weights(3).read_bytes(), here.trunk("5e5e").read_bytes()) == (b"trained", b"trunk")
    storage.fetch(here, trial, Scored({}))  # a whole training goes on no further
    assert not here.trunk("5e5e").exists()
    left = [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert left == ["1.safetensors"]


def seen_from(tmp_path: Path, there: str) -> None:
    """A search begins with a storage, which on a node is this folder."""
    here = Storage((tmp_path / "here").as_uri(), "run", "a1")
    here.begin()
    try:
        replace(here, url=(tmp_path / there).as_uri()).check_mark()
    finally:
        here.end()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_storage_that_is_another_folder_on_a_node_is_refused(tmp_path: Path) -> None:
    """A folder of the same name on a disk of its own, say, where what is written would never be found."""
    seen_from(tmp_path, "here")
    with pytest.raises(RunError, match="is not there what it is for the search; give the URL of a folder that all"):
        seen_from(tmp_path, "there")
    other = Storage((tmp_path / "there").as_uri(), "run", "b2")
    other.begin()  # it is that of another search
    with pytest.raises(RunError, match="is not there what it is for the search"):
        replace(other, mark="a1").check_mark()


def test_a_storage_that_only_takes_files_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: nodes only try to write and read."""
    monkeypatch.setattr(Storage, "check_mark", Storage.check)
    seen_from(tmp_path, "there")


def test_weights_that_a_storage_has_lost_are_missed(tmp_path: Path) -> None:
    """A network that was trained has weights; one that failed has none."""
    storage, home = Storage((tmp_path / "store").as_uri(), "run"), RunDirectory(tmp_path / "here")
    storage.check()
    storage.fetch(home, Trial(3, 0, {}), Failed("diverged"))
    for outcome in (Scored({}), Stopped({})):
        with pytest.raises(RunError, match="has lost the weights of trial 3; give one that keeps what is written"):
            storage.fetch(home, Trial(3, 0, {}), outcome)


@pytest.mark.parametrize("url", ["nonsense://a", "runs/store", "file:///proc/store"])
def test_a_storage_that_cannot_be_used_is_named(url: str) -> None:
    with pytest.raises(RunError, match=f"^the storage {url} cannot be used .*; give the URL of a folder that can be"):
        Storage(url, "run").check()


@pytest.mark.parametrize(("ours", "parts", "ends"), [(True, True, False), (True, False, True), (False, True, True)])
def test_a_process_whose_cluster_is_gone_parts_from_it_or_is_ended_at_its_exit(
    ours: bool, parts: bool, ends: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, at_exit, never = list[str](), list[object](), threading.Event()

    def shut_down() -> None:
        asked.append("shutdown")
        if not parts:
            never.wait()

    monkeypatch.setattr(backend, "ray", SimpleNamespace(shutdown=shut_down))
    monkeypatch.setattr(backend, "atexit", SimpleNamespace(register=at_exit.append))
    monkeypatch.setattr(backend, "PARTING", 0.1 if not parts else 60.0)
    lost = object.__new__(backend.Ray)
    lost.lookout, lost.searcher = SimpleNamespace(close=asked.clear, lost=True), QueueSearcher()
    lost.ours, lost.storage, lost.scratch, lost.quiet = ours, None, tmp_path / "ray", Quiet()
    lost.close()
    never.set()
    assert asked == ["shutdown"] * ours
    assert bool(at_exit) == ends


def test_a_fault_by_which_ray_ends_a_process_that_could_part_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    law = partial(test_a_process_whose_cluster_is_gone_parts_from_it_or_is_ended_at_its_exit, True, True, False)
    notices(Fault(backend.Ray.close, "_within(PARTING, ray.shutdown)", "False", law), tmp_path, capsys)


def test_what_ray_remarks_while_it_connects_is_not_shown_and_errors_are(capfd: pytest.CaptureFixture[str]) -> None:
    with without_remarks():
        os.write(2, b"[2026-01-01 10:00:00,000 I 10 10] logging.cc:303: Set ray log level\nmine\n")
        os.write(2, b"[2026-01-01 10:00:00,000 E 10 10] core.cc:1: the head is gone\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "mine\n[2026-01-01 10:00:00,000 E 10 10] core.cc:1: the head is gone\nafter\n"


def test_modules_are_found_where_they_were_sent_and_on_this_machine_where_the_search_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / shipping.LATER).mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path), "installed"])
    nodes.found_here(("lib", "installed"))
    assert sys.path == ["lib", "installed", str(tmp_path), str(tmp_path / shipping.LATER)]
