"""On a real cluster of two nodes, each with one CPU: the same search, whatever is killed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from search.cli.main import package_version
from search.files import RunDirectory
from search.result import Result
from tests.search.backends.nodes import ADDRESS, OURS, RAY, ROOT, Nodes, cluster
from tests.search.backends.test_backends import as_json
from tests.search.backends.test_drills import workers
from tests.search.test_confirmation import came

pytest.importorskip("ray")
pytestmark = pytest.mark.thorough

# The task needs a module that lies beside the script, which nodes have only if it is sent to them.
# Where nodes are to meet, the first that trains waits there for the other one: it could train all that is small.
HELPER = """
import sys
from pathlib import Path
from threading import Event

MEETING = Path(__PLACE__)


def half(outputs, targets):
    ray = sys.modules.get("ray")
    if MEETING.is_dir() and ray and ray.is_initialized() and ray.get_runtime_context().get_actor_id():
        (MEETING / ray.get_runtime_context().get_node_id()).touch()
        for _ in range(6_000):
            if len(list(MEETING.iterdir())) == 2:
                break
            Event().wait(0.01)
    return 0.5
"""
MINE = """
from search import Search, Task, Training
from tests.search.tiny import bars, small_space
from helper import half

task = Task.from_arrays(*bars().train, metrics={"half": half})
training = Training(epochs=20, batch_size=32)
search = Search(small_space(), task, constraints=["params <= 1k"], trials=40, seed=3, training=training, strategy="tpe")

if __name__ == "__main__":
    import sys
    search.run(sys.argv[1], backend="ray", workers=2)
"""
TRIALS = 40
RAYS = ["--backend", "ray", "--address", ADDRESS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the script."""
    home = tmp_path_factory.mktemp("mine")
    (home / "helper.py").write_text(HELPER.replace("__PLACE__", repr(str(home / "meeting"))))
    (home / "mine.py").write_text(MINE)
    return home


@pytest.fixture(scope="module")
def two(folder: Path) -> Iterator[Nodes]:
    """A cluster of two nodes."""
    with cluster() as nodes:
        yield nodes


@pytest.fixture(scope="module")
def expected(folder: Path, two: Nodes) -> list[list[object]]:
    """What the search comes to on this machine."""
    return search(two, folder, "undisturbed", "--workers", "2")


def search(nodes: Nodes, folder: Path, name: str, *options: str) -> list[list[object]]:
    """Run the search by the command line; what it comes to, of all trials."""
    code, out, errors = nodes.run([*OURS, "search", "mine.py", "--directory", name, *options], folder)
    assert code == 0, out + errors
    return as_json(Result.open(folder / name))


def confirming(folder: Path, name: str, trials: int, seeds: int, *options: str) -> list[str]:
    """The command that confirms the first trials that were scored."""
    numbers = [t.number for t in Result.open(folder / "undisturbed").trials if t.state == "scored"][:trials]
    chosen = [text for number in numbers for text in ("--trial", str(number))]
    return [
        *OURS,
        "confirm",
        "mine.py",
        "--directory",
        name,
        *chosen,
        "--seeds",
        str(seeds),
        "--workers",
        "2",
        *options,
    ]


def confirm(nodes: Nodes, folder: Path, name: str, *wanted: Any) -> list[tuple[object, ...]]:
    """What the command of `confirming` comes to."""
    code, out, errors = nodes.run(confirming(folder, name, *wanted), folder)
    assert code == 0, out + errors
    confirmation = Result.open(folder / name).confirmation
    assert confirmation is not None
    return came(confirmation)


def lines(directory: Path, event: str) -> list[dict[str, object]]:
    """The events of this kind that are written; a last line that is being written does not count."""
    with contextlib.suppress(FileNotFoundError):
        written = (directory / "record.jsonl").read_text().split("\n")[:-1]
        return [line for line in map(json.loads, written) if line.get("event") == event]
    return []


def begun(process: subprocess.Popen[str], directory: Path, outcomes: int) -> None:
    """Wait until so many outcomes are recorded."""
    while len(lines(directory, "finished")) < outcomes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"it ended first: {process.wait(timeout=0.05)}")


def trainers() -> list[int]:
    """The processes below this one that train on Ray, or will."""
    found = [pid for pid in workers(os.getpid()) if "ImplicitFunc" in Path(f"/proc/{pid}/cmdline").read_text()]
    assert found, "what is below this process"
    return found


def ends(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, _ = process.communicate(timeout=120)
    return process.returncode, out


def assert_whole(directory: Path, expected: list[list[object]]) -> None:
    """Every trial has one outcome, that of the undisturbed run."""
    assert as_json(Result.open(directory)) == expected
    numbers = [line["number"] for line in lines(directory, "finished")]
    assert len(numbers) == len(set(numbers)) == TRIALS


def test_both_nodes_train_what_is_begun_and_ended_on_this_machine(
    folder: Path, two: Nodes, expected: list[list[object]]
) -> None:
    assert search(two, folder, "here", "--trials", "4", "--workers", "2") != expected
    (folder / "meeting").mkdir()
    assert search(two, folder, "here", *RAYS, "--trials", "36", "--workers", "2") != expected
    shutil.rmtree(folder / "meeting")
    assert search(two, folder, "here", "--workers", "2") == expected
    assert_whole(folder / "here", expected)
    assert len({line["node"] for line in lines(folder / "here", "started") if "node" in line}) == 2
    assert str(Result.open(folder / "here").front) == str(Result.open(folder / "undisturbed").front)


@pytest.mark.slow
def test_a_confirmation_begun_here_ends_there_with_the_same_scores(
    folder: Path, two: Nodes, expected: list[list[object]]
) -> None:
    shutil.copytree(folder / "undisturbed", folder / "moved")
    whole = confirm(two, folder, "undisturbed", 3, 2)
    confirm(two, folder, "moved", 3, 1)
    assert confirm(two, folder, "moved", 3, 2, *RAYS) == whole
    confirmed = RunDirectory(folder / "moved").confirmation
    assert sorted(line["number"] for line in lines(confirmed.path, "finished")) == list(range(6))
    assert all(confirmed.weights(number).exists() for number in range(6))
    assert {line["number"] for line in lines(confirmed.path, "started") if "node" in line} == {3, 4, 5}


@pytest.mark.slow
def test_a_wrong_token_is_named(folder: Path, two: Nodes) -> None:
    wrong = {"RAY_AUTH_TOKEN": "00" * 32}
    code, _, errors = two.run([*OURS, "search", "mine.py", "--directory", "no", *RAYS], folder, wrong)
    assert code == 1
    assert "set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN as on its head" in errors.splitlines()[-1]


@pytest.mark.slow
def test_a_script_that_is_run_as_a_job_of_the_cluster(folder: Path, expected: list[list[object]]) -> None:
    pytest.importorskip("aiohttp", reason="`ray job submit` needs ray[default]")
    with cluster(dashboard=True) as nodes:
        job = [*RAY, "job", "submit", "--address", "http://127.0.0.1:8265", "--working-dir", ".", "--", sys.executable]
        code, out, errors = nodes.run([*job, "mine.py", "job"], folder)
        assert code != 0
        assert "lies in the package of a Ray job" in out + errors
        code, out, errors = nodes.run([*job, "mine.py", str(folder / "job")], folder)
        assert code == 0, out + errors
    assert_whole(folder / "job", expected)


@pytest.mark.slow
def test_as_many_workers_as_the_cluster_has_room_for(folder: Path, two: Nodes) -> None:
    third = two.start(cpus=3)
    code, out, errors = two.run([*OURS, "search", "mine.py", "--directory", "room", "--trials", "2", *RAYS], folder)
    assert code == 0, errors
    assert "5 at once" in out
    two.kill(third)


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_node_change_nothing(
    folder: Path, two: Nodes, expected: list[list[object]]
) -> None:
    third = two.start()
    process = two.popen(
        [*OURS, "search", "mine.py", "--directory", "killed", *RAYS, "--workers", "2"], folder, stdout=PIPE
    )
    begun(process, folder / "killed", 8)
    for pid in trainers():
        os.kill(pid, signal.SIGKILL)
    begun(process, folder / "killed", 20)
    subprocess.run(["pkill", "-KILL", "-g", str(third)], check=False)
    code, out = ends(process)
    assert code == 0, out
    assert_whole(folder / "killed", expected)


@pytest.mark.slow
def test_a_confirmation_whose_workers_driver_and_node_are_killed_ends_the_same_through_a_storage(
    folder: Path, two: Nodes, expected: list[list[object]], tmp_path: Path
) -> None:
    for name in ("calm", "torn"):
        shutil.copytree(folder / "undisturbed", folder / name, ignore=shutil.ignore_patterns("confirmation"))
    whole = confirm(two, folder, "calm", 6, 4)
    home, store = folder / "torn" / "confirmation", tmp_path / "store"
    command = confirming(folder, "torn", 6, 4, *RAYS, "--storage", store.as_uri())
    third = two.start()
    for kill_driver in (True, False):
        before = len(lines(home, "finished"))
        process = two.popen(command, folder, stdout=PIPE)
        begun(process, home, before + 3)
        for pid in trainers():
            os.kill(pid, signal.SIGKILL)
        begun(process, home, before + 6)
        two.kill(process.pid if kill_driver else third)
        code, out = ends(process)
        assert code == (-signal.SIGKILL if kill_driver else 0), out
    assert confirm(two, folder, "torn", 6, 4) == whole
    assert sorted(line["number"] for line in lines(home, "finished")) == list(range(24))
    assert len(list((home / "weights").iterdir())) == 24
    assert not [path for path in store.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_a_killed_driver_and_a_killed_head_leave_a_run_that_resumes(folder: Path, expected: list[list[object]]) -> None:
    with cluster(1) as nodes:
        command = [*OURS, "search", "mine.py", "--directory", "resumed", *RAYS, "--workers", "2"]
        process = nodes.popen(command, folder, stdout=PIPE)
        begun(process, folder / "resumed", 8)
        nodes.kill(process.pid)
        assert ends(process)[0] == -signal.SIGKILL
        process = nodes.popen(command, folder, stdout=PIPE)
        begun(process, folder / "resumed", 20)
        subprocess.run(["pkill", "-KILL", "-g", str(nodes.head)], check=False)
        code, out = ends(process)
        assert code == 1
        assert [line for line in out.splitlines() if line.startswith("archsearch: ")] == [
            "archsearch: the head of the Ray cluster, or this machine's part of it, does not answer any more; start "
            "the cluster again, and run the same again: it resumes"
        ]
    with cluster(1) as nodes:
        assert search(nodes, folder, "resumed", *RAYS, "--workers", "2") == expected
    assert_whole(folder / "resumed", expected)


@pytest.mark.slow
def test_a_node_that_sees_nothing_is_named_and_a_storage_helps(
    folder: Path, two: Nodes, expected: list[list[object]], tmp_path: Path
) -> None:
    if not two.enter or not shutil.which("mount"):
        pytest.skip("no node of another file system can be made here")
    enter, two.enter = (
        two.enter,
        [*two.enter, "unshare", "-m", "sh", "-c", f'mount -t tmpfs no {folder} && exec "$@"', "x"],
    )
    try:
        blind = two.start()
    finally:
        two.enter = enter
    code, _, errors = two.run([*OURS, "search", "mine.py", "--directory", "seen", *RAYS], folder)
    assert code == 1
    said = r"archsearch: Ray's node \S+ does not see \S+/seen; put the run's directory on a file system that all"
    assert re.match(said, errors.splitlines()[-1])
    storage = ["--storage", (tmp_path / "store").as_uri()]
    assert search(two, folder, "stored", *RAYS, "--workers", "2", *storage) == expected
    assert len(list((folder / "stored" / "weights").iterdir())) == TRIALS
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    subprocess.run(["pkill", "-KILL", "-g", str(blind)], check=False)


@pytest.mark.slow
def test_a_node_with_another_version_of_our_package_is_refused_before_anything_is_trained(
    folder: Path, two: Nodes, expected: list[list[object]], tmp_path: Path
) -> None:
    for package in ("archspec", "spaces", "search"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    about = tmp_path / "archsearch-0.0.9.dist-info" / "METADATA"  # as an installer leaves it
    about.parent.mkdir()
    about.write_text("Metadata-Version: 2.1\nName: archsearch\nVersion: 0.0.9\n")
    other = two.start(environment={"PYTHONPATH": str(tmp_path)})
    code, _, errors = two.run([*OURS, "search", "mine.py", "--directory", "older", *RAYS], folder)
    assert code == 1
    said = rf"archsearch: Ray's node \S+ has archsearch 0\.0\.9, and the search {re.escape(package_version())}; install"
    assert re.match(said, errors.splitlines()[-1]), errors
    assert not lines(folder / "older", "proposed")
    two.kill(other)


@pytest.mark.slow
def test_a_bad_node_that_joins_is_left_out_and_what_waits_is_told(
    folder: Path, expected: list[list[object]], tmp_path: Path
) -> None:
    (tmp_path / "search").mkdir()  # hides the package, wherever it is installed
    (tmp_path / "search" / "__init__.py").touch()
    with cluster(0, cpus=0) as nodes:
        command = [*OURS, "search", "mine.py", "--directory", "joined", *RAYS, "--workers", "2"]
        process = nodes.popen(command, folder, stdout=PIPE)
        assert process.stdout is not None
        said = ""
        while "waiting for" not in said:
            said = process.stdout.readline()
            assert said, "it ended first"
        assert said == "waiting for 1 CPU; the cluster has 0 free, 1 node\n"
        nodes.start(environment={"PYTHONPATH": str(tmp_path)})
        nodes.start()
        code, out = ends(process)
        assert code == 0, out
        assert re.search(r"Ray's node \S+ cannot train \(.*No module named 'search.*\); install archsearch there", out)
    assert_whole(folder / "joined", expected)


# Nodes can import it when they are asked, and those who train cannot.
REFUSES = """
import ray

if ray.is_initialized() and ray.get_runtime_context().get_actor_id():
    raise ModuleNotFoundError("No module named 'gone'")
"""


@pytest.mark.slow
def test_a_search_whose_nodes_are_all_refused_ends_with_the_reason_and_resumes(
    folder: Path, two: Nodes, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text("from search.backends import lookout\nlookout.JOINS = 4.0\n" + MINE)
    helper = (folder / "helper.py").read_text()
    (tmp_path / "helper.py").write_text(helper + REFUSES)
    command = [*OURS, "search", "mine.py", "--directory", "refused", *RAYS, "--workers", "2", "--trials", "2"]
    code, out, errors = two.run(command, tmp_path)
    assert code == 1, out
    assert re.fullmatch(
        r"archsearch: no node of the Ray cluster can train: Ray's node \S+ cannot load the task "
        r"\(ModuleNotFoundError: No module named 'gone'\); install there what the task needs, or keep its modules in "
        r"the folder of the script, and run the same again: it resumes",
        errors.splitlines()[-1],
    ), errors
    (tmp_path / "helper.py").write_text(helper)
    code, out, errors = two.run(command, tmp_path)
    assert code == 0, out + errors


@pytest.mark.slow
def test_a_search_that_waits_for_ever_ends_when_its_time_is_up(folder: Path, two: Nodes) -> None:
    options = [*RAYS, "--cpus", "2", "--hours", "0.006", "--trials", "1"]
    code, out, errors = two.run([*OURS, "search", "mine.py", "--directory", "waits", *options], folder)
    assert code == 1, errors
    assert re.search(r"waiting for 2 CPUs; the cluster has \d free, \d nodes?, each candidate takes 2 CPUs, and", out)
    assert "1 running" in out
