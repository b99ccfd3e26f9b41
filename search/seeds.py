"""Seeds of everything random in a run, all from the one that a person gives."""

from __future__ import annotations

import hashlib


def derived_seed(seed: int, what: str) -> int:
    """A seed of 63 bits that depends on nothing but these."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {what}".encode(), digest_size=8).digest()) >> 1
