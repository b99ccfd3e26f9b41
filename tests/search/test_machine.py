"""What is a fault of the machine, and on which machines a search runs."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from search import machine
from search.machine import available_cores, machine_fault, patiently

FULL = "No space left on device"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG])
def test_errors_of_disks_are_faults_of_the_machine_whatever_was_raised_from_them(number: int) -> None:
    error = OSError(number, os.strerror(number), "weights/3.safetensors")
    assert machine_fault(error) == f"{os.strerror(number)}: weights/3.safetensors"
    wrapped = ValueError("the cache cannot be written")
    wrapped.__cause__ = error
    assert machine_fault(wrapped) == machine_fault(error)
    assert machine_fault(FileNotFoundError(errno.ENOENT, "No such file", "x.png")) is None
    assert machine_fault(RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed.")) is not None
    assert machine_fault(RuntimeError("shapes differ")) is None


def test_what_the_disk_refuses_is_tried_as_often_as_there_are_waits_and_once_more() -> None:
    def write(error: OSError, calls: list[int], until: int) -> None:
        calls.append(1)
        if len(calls) < until:
            raise error

    full, calls = OSError(errno.ENOSPC, FULL), list[int]()
    patiently(partial(write, full, calls, 4))
    assert len(calls) == 1 + len(machine.WAITS)
    with pytest.raises(OSError, match=FULL):
        patiently(partial(write, full, [], 9))
    calls.clear()
    with pytest.raises(FileNotFoundError):
        patiently(partial(write, FileNotFoundError(errno.ENOENT, "gone"), calls, 9))
    assert len(calls) == 1


def test_cores_are_counted_where_the_system_does_not_say_which_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert available_cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    assert available_cores() == os.cpu_count()


@pytest.mark.thorough
def test_where_a_run_cannot_be_locked_a_sentence_says_so() -> None:
    code = "import sys; sys.modules['fcntl'] = None; import search"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == "ImportError: archsearch runs on Linux and macOS; on Windows use it in WSL"
