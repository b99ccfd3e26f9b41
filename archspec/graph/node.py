"""The nodes of a typed graph: a block with what is known of it where it stands, or a merge."""

from __future__ import annotations

from typing import NamedTuple

from archspec.graph.block import FREE, Merge, Primitive
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal

_MOST_FACTS = 50_000
_FACTS: dict[tuple[bytes, Signal], Facts] = {}


class Facts(NamedTuple):
    """All that is known of a block reading a signal.

    `plain` is its plainest form, unless it is `simple` already; `text` tells it from other blocks;
    `size` counts it and the nodes within it.
    """

    signal: Signal
    cost: Cost
    simple: bool
    plain: Primitive | None
    text: bytes
    size: int = 1


class Node(NamedTuple):
    """One operation. `block` is None for the input and for a pure merge; several inputs are merged before the block."""

    block: Primitive | None
    inputs: tuple[str, ...]
    merge: Merge
    facts: Facts

    @property
    def signal(self) -> Signal:
        """What the node gives out."""
        return self.facts.signal


def facts(block: Primitive, x: Signal) -> Facts:
    """What `block` makes of `x` by its three rules, remembered by value: a search meets the same blocks again."""
    text = block.__pydantic_serializer__.to_json(block)
    known = _FACTS.get((text, x))
    if known is None:
        if len(_FACTS) >= _MOST_FACTS:
            _FACTS.clear()
        block.check_reads(x)
        signal, plain = block.infer(x), block.simplified(x)
        identity, size = block.identity(x, text), 1 + block.nodes_within(x)
        known = _FACTS[text, x] = Facts(signal, block.cost(x), plain is block, plain, identity, size)
    return known


def merge_facts(signal: Signal) -> Facts:
    """What is known of a node without a block."""
    return Facts(signal, FREE, True, None, b"")
