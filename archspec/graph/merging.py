"""The signal of several merged ones, and whether a plain signal turns together with one whose group was pooled.

The type of a plain signal does not say whether it turns when the input of the network does. If every block after some
earlier node, its origin, commutes with turns of the grid (norms, linear maps at each position, centred pools), it turns
when its origin does. So x + FrameAverage(x) is allowed: both terms turn when x does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archspec.geometry.groups import TRIVIAL, Group
from archspec.graph.block import Merge
from archspec.graph.node import Node
from archspec.graph.signal import Signal, SignalError


def merged(how: Merge, signals: Sequence[Signal]) -> Signal:
    """The signal of several merged into one.

    Plain signals take the pooled group of the others; `origins` tells whether they really turn with them.

    Raises:
        SignalError: channels, grids or groups differ.
    """
    pooled = next((s.pooled for s in signals if not s.pooled.trivial), TRIVIAL)
    first, *others = (s._replace(pooled=pooled) if s.symmetry == s.group == TRIVIAL else s for s in signals)
    for other in others:
        if other.partial != first.partial:
            raise SignalError(f"cannot {how} a signal on all and one on part of {first.group}; put Partial() after it")
        if other[1:] != first[1:]:
            raise SignalError(f"cannot {how} ({first}) and ({other}); give every branch the same grid and group")
        if how != "concat" and other.channels != first.channels:
            raise SignalError(
                f"cannot {how} {first.channels} and {other.channels} channels; make them equal, or concat"
            )
    if how == "concat":
        return first._replace(channels=sum(s.channels for s in signals))
    return first


def origins(nodes: Mapping[str, Node], name: str, group: Group, known: dict[str, frozenset[str]]) -> frozenset[str]:
    """The earliest nodes such that everything from them to node `name` turns when they do; cached in `known`."""
    open_ = [name]
    while open_:
        at = open_[-1]
        below = nodes[at].inputs if turns(nodes, at, group) else ()
        if missing := [i for i in below if i not in known]:
            open_ += missing
            continue
        known[at] = frozenset[str]().union(*(known[i] for i in below)) if below else frozenset((at,))
        open_.pop()
    return known[name]


def turns(nodes: Mapping[str, Node], name: str, group: Group) -> bool:
    """Whether the output of a node turns under a group when its inputs do.

    So it is where its signal is on the group or was pooled over it; for a plain signal the block's `infer` tells.
    """
    block, inputs, how, (signal, *_) = nodes[name]
    if block is None or not signal.symmetry.trivial:
        return bool(inputs)
    x = merged(how, [nodes[i].signal for i in inputs])
    if not x.group.trivial or not x.pooled.trivial:
        return False  # the symmetry was given up here
    try:
        return block.infer(x._replace(pooled=group)).pooled == group
    except SignalError:
        return False
