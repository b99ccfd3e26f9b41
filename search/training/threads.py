"""Threads of the processes that train."""

from __future__ import annotations

import contextlib


def one_thread() -> None:
    """Give this process one thread of torch: more in one process are slower than more processes."""
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(RuntimeError):
        torch.set_num_interop_threads(1)
