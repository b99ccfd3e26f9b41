"""The nodes of a typed graph: a block with what was inferred for its input signal, or a merge of several inputs."""

from __future__ import annotations

from typing import NamedTuple

from archspec.doors import additions
from archspec.graph.block import FREE, Merge, Primitive
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal
from archspec.graph.stated import cost_of, signal_of

_MOST_FACTS = 50_000
_FACTS: dict[tuple[type[Primitive], bytes, Signal, int], Facts] = {}


class Facts(NamedTuple):
    """What was inferred for a block with a certain input signal.

    Attributes:
        signal: the output signal.
        cost: the block's cost on the first target, torch on a CPU.
        simple: whether the block is already in its simplest form.
        plain: that simplest form; None where the block is the identity and can be left out.
        text: the block's `identity`, which differs from that of other blocks.
        size: number of nodes: the block's own and those of a network that it wraps.
        receptive_field: the block's receptive field, as a share of the input's extent.
    """

    signal: Signal
    cost: Cost
    simple: bool
    plain: Primitive | None
    text: bytes
    size: int = 1
    receptive_field: float = 0.0


class Node(NamedTuple):
    """One operation: its inputs are merged, then `block` is applied; `block` is None for the input and for a merge."""

    block: Primitive | None
    inputs: tuple[str, ...]
    merge: Merge
    facts: Facts

    @property
    def signal(self) -> Signal:
        """The output signal of the node."""
        return self.facts.signal


def facts(block: Primitive, x: Signal) -> Facts:
    """The facts of `block` with input signal `x`, cached by value, since a search meets the same blocks again.

    A block, kernel or window may be defined anew, as in a notebook: what was known by its values then counts no longer.

    Raises:
        SignalError: the block cannot read `x`.
        TypeError: what it infers is no signal, or its cost is none.
    """
    text = block.__pydantic_serializer__.to_json(block)
    key = type(block), text, x, additions()
    known = _FACTS.get(key)
    if known is None:
        if len(_FACTS) >= _MOST_FACTS:
            _FACTS.clear()
        block.check_reads(x)
        signal, plain = signal_of(block, x), block.simplified(x)
        identity, size = block.identity(x, text), 1 + block.nodes_within(x)
        cost, field = cost_of(block, block.cost, x), block.receptive_field(x)
        known = _FACTS[key] = Facts(signal, cost, plain is block, plain, identity, size, field)
    return known


def merge_facts(signal: Signal) -> Facts:
    """The facts of a node without a block, whose output is `signal`."""
    return Facts(signal, FREE, True, None, b"")
