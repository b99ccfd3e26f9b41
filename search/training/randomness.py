"""The random numbers of an epoch: they follow from its seed, wherever they are drawn from."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch


def seed_epoch(seed: int, epoch: int, *data: object) -> None:
    """Seed all that an epoch of a training draws from: torch, numpy, Python's `random`, and what its data hold.

    A loader, its samplers and its dataset may hold generators of their own, by which they shuffle or augment. Where
    these went on from one training to the next, an outcome would depend on what its worker has trained before.
    """
    own = (seed * 1_000_003 + epoch) % 2**63
    torch.manual_seed(own)
    np.random.seed(own % 2**32)
    random.seed(own)
    for generator in (found for part in data for found in _generators(part)):
        _seed(generator, own)


@contextlib.contextmanager
def as_found() -> Iterator[None]:
    """Within it torch, numpy and Python's `random` may be seeded: afterwards they go on as if they had not been."""
    states = np.random.get_state(), random.getstate()
    with torch.random.fork_rng(devices=list(range(torch.cuda.device_count()))):
        try:
            yield
        finally:
            np.random.set_state(states[0])
            random.setstate(states[1])


def _generators(data: object) -> Iterator[Any]:
    """The generators that data hold, as attributes of a loader, of its samplers and of its datasets."""
    left, seen = [data], set[int]()
    while left:
        here = left.pop()
        for name, held in () if id(here) in seen else dict(getattr(here, "__dict__", {})).items():
            if name in ("sampler", "batch_sampler", "dataset"):
                left.append(held)
            elif isinstance(held, torch.Generator | np.random.Generator | np.random.RandomState | random.Random):
                yield held
        seen.add(id(here))


def _seed(generator: Any, seed: int) -> None:
    """Let a generator of any library go on as a new one of this seed."""
    if isinstance(generator, torch.Generator):
        generator.manual_seed(seed)
    elif isinstance(generator, np.random.Generator):
        generator.bit_generator.state = type(generator.bit_generator)(seed).state
    else:
        generator.seed(seed % 2**32)
