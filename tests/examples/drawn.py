"""Random architectures, drawn from the ready-made spaces: always the same ones."""

from __future__ import annotations

import random
from collections.abc import Iterator

import spaces
from archspec import Architecture, SignalError, price

MOST_FLOPS = 6_000_000
SPACES = {
    "images 12x12": (spaces.images(2, (12, 12), 3), 60),
    "images 13x13": (spaces.images(1, (13, 13), 3), 60),
    "images 16x20": (spaces.images(1, (16, 20), 3), 50),
    "sequences 48": (spaces.sequences(2, 48, 3), 90),
    "volumes 6x6x6": (spaces.volumes(1, (6, 6, 6), 2), 50),
    "rotated images 16x16": (spaces.rotated_images(1, (16, 16), 3), 30),
}


def drawn(space: spaces.Space, count: int, seed: int) -> Iterator[Architecture]:
    """Different well-typed architectures of a space that are quick to run."""
    rng = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < count:
        architecture = space.sample(rng)
        try:
            small = price(architecture).flops <= MOST_FLOPS
        except SignalError:
            continue
        if small and architecture.hash not in seen:
            seen.add(architecture.hash)
            yield architecture


RANDOM = {
    f"{name} #{i}": architecture
    for seed, (name, (space, count)) in enumerate(SPACES.items())
    for i, architecture in enumerate(drawn(space, count, seed))
}
