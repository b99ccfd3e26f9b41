"""What is measured of an architecture without training it: latency and bytes; and what it is on other grids."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from archspec.architecture import Architecture
from archspec.graph.signal import SignalError

if TYPE_CHECKING:
    from torch import nn

# Runs before the clock counts, runs of which the fastest counts, and seconds after which there are no more.
WARM_UP, RUNS, LONG = 3, 20, 0.5
# How many times as many points each axis has on the finer grid.
FINER = 2


@lru_cache(maxsize=4096)
def latency(architecture: Architecture) -> float:
    """Seconds that the frozen network takes for one example, on one core of this machine.

    It is the fastest of 20 runs, or of those in half a second, after a warm-up: whatever else the machine does only
    makes a run longer. Its weights are random, and torch's random state is left as it was. A second call in the same
    process gives the same number.
    """
    import torch

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            network = _frozen(architecture)
            x = torch.randn(1, architecture.input.channels, *architecture.input.grid)
            return _fastest(lambda: network(x))
    finally:
        torch.set_num_threads(threads)


@lru_cache(maxsize=4096)
def weight_bytes(architecture: Architecture) -> int:
    """Bytes of the weights of the frozen network, kernels as they are sampled, of learned sizes as initialised."""
    import torch

    with torch.random.fork_rng(devices=[]):
        return sum(part.numel() * part.element_size() for part in _frozen(architecture).state_dict().values())


def _frozen(architecture: Architecture) -> nn.Module:
    from archspec.lowering import lower
    from archspec.network.freezing import freeze

    return freeze(lower(architecture))


def _fastest(run: Callable[[], object]) -> float:
    for _ in range(WARM_UP):
        run()
    found: list[float] = []
    while not found or (len(found) < RUNS and sum(found) < LONG):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return min(found)


def finer(architecture: Architecture) -> Architecture:
    """The architecture on a grid of twice as many points on each axis; SignalError if a block has no weights there."""
    grid = architecture.input.grid
    resampled = architecture.at_resolution(*(FINER * points for points in grid)) if grid else architecture
    _ = resampled.graph
    return resampled


def coarser(architecture: Architecture, factor: int) -> Architecture:
    """The architecture on a grid of so many times fewer points on each axis.

    Raises:
        SignalError: the factor does not divide the grid, there is none, or a block has no weights on the coarser one.
    """
    grid = architecture.input.grid
    if not grid or any(points % factor for points in grid):
        sizes = "×".join(map(str, grid)) or "no"
        raise SignalError(f"the grid has {sizes} points, which {factor} does not divide")
    resampled = architecture.at_resolution(*(points // factor for points in grid))
    _ = resampled.graph
    return resampled


def at_rates(architecture: Architecture, factors: tuple[int, ...]) -> dict[int, Architecture]:
    """The architecture on grids of so many times fewer points, by the factor; empty if there is one it cannot be on."""
    try:
        return {factor: coarser(architecture, factor) for factor in factors}
    except SignalError:
        return {}
