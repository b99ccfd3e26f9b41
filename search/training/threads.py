"""Number of torch's threads in a process that trains."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


def one_thread() -> None:
    """Limit torch to one thread in this process: several processes are faster than several threads in one."""
    threads(1)


def threads(count: int) -> None:
    """Limit torch to so many threads in this process; operations are done one after the other."""
    import torch

    torch.set_num_threads(count)
    with contextlib.suppress(RuntimeError):
        torch.set_num_interop_threads(1)


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Within it torch computes in one thread, as workers do."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
