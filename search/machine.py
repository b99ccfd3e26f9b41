"""The machine: its cores, its memory, and which errors are faults of it, whatever was being trained when they came."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

# A disk that is full, over its quota, read-only or broken; a limit of the size of files; too many open files.
_FAULTS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE),
    *(errno.EFBIG, errno.EMFILE, errno.ENFILE),
}
# What torch says of a loader's process that was killed; it raises a RuntimeError for it.
_LOADER_KILLED = ("DataLoader worker", "killed by signal")
# Seconds to wait before what the machine made fail is tried again; after the last of them it is given up.
WAITS = (1.0, 5.0, 20.0)


def available_cores() -> int:
    """Number of CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # macOS has none
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def total_memory() -> int | None:
    """Bytes of memory that a process can have at the most, swap included; None where that is not known."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        known = {name: 1024 * int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        memory, swap = known["MemTotal"], known["SwapTotal"]
    except (OSError, ValueError, LookupError):  # not Linux
        return None
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()  # of a container
    except OSError:
        limit = ""
    return min(memory, int(limit)) + swap if limit.isdecimal() else memory + swap


def machine_fault(error: BaseException) -> str | None:
    """What the machine failed at, in a few words, if an error or one that it was raised from is a fault of the machine.

    Those are errors of disks (full, over quota, read-only, broken), limits of files (their size, how many are open) and
    a killed process of a data loader. None for any other error.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _FAULTS:
            return f"{cause.strerror}: {cause.filename}" if cause.filename else str(cause.strerror)
        if isinstance(cause, RuntimeError) and all(part in str(cause) for part in _LOADER_KILLED):
            return "a process of its data loader was killed"
        cause = cause.__cause__ or cause.__context__
    return None


def patiently(call: Callable[[], None]) -> None:
    """Call a function, again after a wait while the machine makes it fail; the last error is raised."""
    for seconds in WAITS:
        try:
            return call()
        except OSError as error:
            if machine_fault(error) is None:
                raise
        time.sleep(seconds)
    return call()
