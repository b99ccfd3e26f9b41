"""How much memory examples will take, told before they are read."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path

MOST_NUMBERS = 2**26  # of one example: 256 MiB
_COPIES = 3  # of all examples at a time: as they are read, put together, and split


def check_memory(count: int, shape: tuple[int, ...], remedy: str) -> None:
    """Refuse examples that would not fit into the memory that is there.

    Args:
        count: number of examples.
        shape: (channels, *grid) of one.
        remedy: what to do, for the sentence.

    Raises:
        ValueError: one example has too many numbers, or all together take more memory than there is.
    """
    size = " × ".join(f"{side:,}" for side in shape)
    if prod(shape) > MOST_NUMBERS:
        raise ValueError(f"an example of {size} numbers is too large (at most {MOST_NUMBERS:,}); {remedy}")
    needed, there = _COPIES * 4 * count * prod(shape), available_memory()
    if there is not None and needed > there:
        raise ValueError(
            f"{count:,} examples of {size} numbers take about {needed / 2**30:,.1f} GiB of memory, and "
            f"{there / 2**30:,.1f} GiB are there; {remedy}"
        )


def available_memory() -> int | None:
    """Bytes of memory that this process can still get, roughly; None where that is not known."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()  # of a container
        found += [int(limit)] if limit.isdecimal() else []
    except (OSError, ValueError, IndexError):
        pass
    if not found and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    return min(found, default=None)
