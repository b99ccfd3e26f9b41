"""The cost of a chain of blocks, cached block by block, so that further fillings of a space are cheap to price."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.geometry.fourier import Target
from archspec.graph.block import Block
from archspec.graph.cost import Cost
from archspec.graph.graph import INPUT, Builder, Graph
from archspec.graph.receptive_field import receptive_field
from archspec.graph.signal import Signal

_MOST_REMEMBERED = 50_000
# By `id`: blocks and signals are immutable, and each entry keeps its own alive.
_SHARES: dict[tuple[int, int, Target], tuple[Block, Signal, Signal, Cost, float]] = {}
# One object for equal signals, so that different blocks with equal outputs lead to the same entries.
_SIGNALS: dict[Signal, Signal] = {}


def price_by_block(x: Signal, blocks: Sequence[Block], target: Target = "torch") -> Cost:
    """The sum of the costs of the blocks, the first of which reads `x`.

    It equals the cost of their graph, since no pass rewrites across blocks of a chain.

    Raises:
        SignalError: a block cannot read the output of the one before.
    """
    return follow(x, blocks, target)[1]


def follow(x: Signal, blocks: Sequence[Block], target: Target = "torch") -> tuple[Signal, Cost, float]:
    """The output of blocks one after another, the first of which reads `x`; the sums of costs and receptive fields.

    Raises:
        SignalError: a block cannot read the output of the one before.
    """
    total, total_field = [0, 0, 0, 0, 0], 0.0
    for block in blocks:
        share = _SHARES.get((id(block), id(x), target))
        if share is None:
            share = _priced(block, x, target)
        _, _, x, cost, field = share
        total_field += field
        total[0] += cost.macs
        total[1] += cost.fft_flops
        total[2] += cost.params
        total[3] += cost.activations
        total[4] += cost.kernel_macs
    return x, Cost(*total), total_field


def _priced(block: Block, x: Signal, target: Target) -> tuple[Block, Signal, Signal, Cost, float]:
    from archspec.graph.passes import optimise

    build = Builder(x)
    graph = optimise(Graph(build.nodes, block.expand(build, "block", INPUT)))
    if len(_SHARES) >= _MOST_REMEMBERED:
        _SHARES.clear()
        _SIGNALS.clear()
    out = _SIGNALS.setdefault(graph.signal, graph.signal)
    share = _SHARES[id(block), id(x), target] = (block, x, out, graph.cost(target), receptive_field(graph))
    return share
