"""The seeds within a run, all derived from the seed of the search."""

from __future__ import annotations

import hashlib


def derived_seed(seed: int, what: str) -> int:
    """A seed of 63 bits, a hash of the seed of the run and the purpose `what`."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {what}".encode(), digest_size=8).digest()) >> 1
