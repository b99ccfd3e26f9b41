"""Whatever is killed, and however often the disk is full, a run ends as the undisturbed one, score by score."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from search.result import Result
from tests.search.backends.test_backends import assert_mirrored
from tests.search.drill import COMMAND

ROOT = Path(__file__).parents[3]


def begin(directory: Path, backend: str, strategy: str) -> subprocess.Popen[str]:
    """Begin, or resume, the search of the drill."""
    command = [sys.executable, "-c", COMMAND, str(directory), backend, strategy]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def below(parent: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split("\n")
    children: dict[int, list[int]] = {}
    for pid, its_parent in (map(int, row.split()) for row in rows if row.strip()):
        children.setdefault(its_parent, []).append(pid)
    found, new = [], [parent]
    while new:
        new = [child for each in new for child in children.get(each, [])]
        found += new
    return found


def workers(parent: int) -> list[int]:
    """The processes below it that train, or that will."""
    found = []
    for pid in below(parent):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            continue
        if "search.backends.process" in line or line.startswith(("ray::IDLE", "ray::ImplicitFunc")):
            found.append(pid)
    return found


def kill_parent(process: subprocess.Popen[str], flag: Path, rng: random.Random) -> bool:
    process.kill()
    return True


def interrupt(process: subprocess.Popen[str], flag: Path, rng: random.Random) -> bool:
    if not workers(process.pid):  # it has not begun to search
        return False
    process.send_signal(signal.SIGINT)
    return True


def kill_worker(process: subprocess.Popen[str], flag: Path, rng: random.Random) -> bool:
    if not (found := workers(process.pid)):
        return False
    os.kill(rng.choice(found), signal.SIGKILL)
    return True


def fill_disk(process: subprocess.Popen[str], flag: Path, rng: random.Random) -> bool:
    flag.touch()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=rng.uniform(0.1, 1.5))
    flag.unlink()
    return True


DRILLS = (kill_worker, kill_parent, fill_disk, interrupt)


def drill(
    directory: Path,
    backend: str,
    strategy: str,
    rng: random.Random,
    wanted: list[Callable[..., bool]],
    latest: float,
) -> Counter[str]:
    """One run, disturbed by the wanted drills in turn, and resumed until it ends; how often each drill was done."""
    done: Counter[str] = Counter()
    for _ in range(100):
        process = begin(directory, backend, strategy)
        while wanted:
            try:
                process.wait(timeout=rng.uniform(1.0, latest))
                break
            except subprocess.TimeoutExpired:
                if wanted[-1](process, directory.with_name(f"{directory.name}.full"), rng):
                    done[wanted.pop().__name__] += 1
        out, errors = process.communicate(timeout=300)
        if process.returncode == 0:
            break
        assert process.returncode in (1, -signal.SIGKILL), errors
        said = [line for line in errors.splitlines() if line.startswith(("paused: ", "interrupted"))]
        assert process.returncode < 0 or said, errors
    else:
        pytest.fail("a run did not end")
    trials = [[state, rest] for _, state, *rest in json.loads(out.splitlines()[-1])]
    assert trials == [[state, rest] for _, state, *rest in undisturbed(directory, strategy)]
    found = Result.open(directory).trials
    assert {trial.state for trial in found} <= {"scored", "rejected", *(() if strategy == "tpe" else ("stopped",))}
    paused = {f"{trial.hash}.trunk.pt" for trial in found if trial.state == "stopped"}
    assert {path.name for path in directory.glob("checkpoints/*.pt")} <= paused
    assert_mirrored(directory)
    return done


KNOWN: dict[Path, list[list[object]]] = {}


def undisturbed(directory: Path, strategy: str) -> list[list[object]]:
    """What the search comes to when nothing disturbs it."""
    home = directory.parent
    if home not in KNOWN:
        out, _ = begin(home / "undisturbed", "local", strategy).communicate(timeout=300)
        KNOWN[home] = json.loads(out.splitlines()[-1])
    return KNOWN[home]


def test_killed_and_out_of_room_a_run_ends_as_the_undisturbed_one(tmp_path: Path) -> None:
    rng = random.Random(1)
    done = drill(tmp_path / "run", "local", "tpe", rng, [kill_parent, fill_disk], latest=2.5)
    assert sum(done.values()) >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "strategy", "drills", "latest"),
    [
        ("local", "tpe", 16, 5.0),
        ("local", "front", 24, 5.0),
        ("local", "inheriting", 16, 5.0),
        ("local", "halving", 16, 5.0),
        ("local", "gradient", 12, 5.0),
        ("ray", "tpe", 12, 14.0),
        ("ray", "front", 12, 14.0),
        ("ray", "inheriting", 3, 14.0),
        ("ray", "halving", 3, 14.0),
        ("ray", "gradient", 3, 14.0),
    ],
)
def test_a_hundred_drills_over_backends_and_strategies(
    backend: str, strategy: str, drills: int, latest: float, tmp_path: Path
) -> None:
    rng, done, number = random.Random(0), Counter[str](), 0
    while sum(done.values()) < drills:
        wanted = [rng.choice(DRILLS) for _ in range(min(3, drills - sum(done.values())))]
        done += drill(tmp_path / str(number), backend, strategy, rng, wanted, latest)
        number += 1
    print(f"\n{backend}, {strategy}: {dict(done)} in {number} runs")
