"""Number of torch's threads in a process that trains."""

from __future__ import annotations

import contextlib


def one_thread() -> None:
    """Limit torch to one thread in this process: several processes are faster than several threads in one."""
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(RuntimeError):
        torch.set_num_interop_threads(1)
