"""What keeps a decision from being learned: each check raises an error, with the reason, where it finds that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from archspec.architecture import Architecture
from archspec.graph.graph import Graph, module_names
from archspec.graph.signal import Signal
from archspec.layers.layer import Layer
from archspec.lowering import Network, lower
from archspec.transfer import beginning_anew
from search.masks.places import COPY, Change, is_depth, plain_path, varying
from search.masks.sizes import Fillings

# So many values of a size are looked at.
MOST = 256


def refuse(found: Sequence[Change], high: Network, low: Architecture) -> None:
    """Refuse a decision that changes what masks do not see, or what is lost when the network is built anew.

    Args:
        found: what the decision changes.
        high: the network with its highest value.
        low: the architecture with its lowest value.

    Raises:
        ValueError: there is such a thing.
    """
    _refuse_what_is_inside(found, [high.typed, low.graph])
    _refuse_what_is_not_zero(high, varying(high.architecture, low))
    if any(is_depth(change) for change in found):  # copies that both have are the same
        return
    with torch.random.fork_rng(devices=[]):
        if anew := beginning_anew(lower(low), high):
            raise ValueError(f"the weights of {plain_path(anew[0])} cannot be carried from one value to another")


def _refuse_what_is_inside(found: Sequence[Change], graphs: Sequence[Graph]) -> None:
    """Refuse what is in the body of another block, such as `TestTimeAverage`: it is no node of the network."""
    names = [name for graph in graphs for name in graph.nodes]
    seen = {plain_path(name) for name in names}
    seen |= {plain_path(name[: copy.start()]) for name in names for copy in COPY.finditer(name)}
    for change in found:
        if not any(f"{path}.".startswith(f"{change.path}.") for path in seen):
            raise ValueError(f"masks do not see {change.path}, in the body of another block")


def _refuse_what_is_not_zero(network: Network, wide: frozenset[str]) -> None:
    """Refuse modules without parameters that make something of channels that are zero."""
    graph, modules = network.typed, module_names(network.typed)
    for name in sorted(wide & modules.keys()):
        layer = network.get_submodule(modules[name])
        if isinstance(layer, Layer) or any(True for _ in layer.parameters()):
            continue
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            given = layer(_zeros(graph.source(name)))
        if bool(given.any()):
            raise ValueError(f"{plain_path(name)} makes something of channels that are zero")


def _zeros(signal: Signal) -> torch.Tensor:
    """One example of a signal, which is zero everywhere."""
    elements = () if signal.group.trivial else (signal.group.order,)
    return torch.zeros(1, signal.channels, *elements, *signal.grid)


def refuse_beside(fillings: Fillings, deep: Sequence[bool], begin: Sequence[int]) -> None:
    """Refuse the last size where not all of its values give the same blocks, or go with the sizes before it.

    The shortcut of a residual has weights unless two widths are equal, say. So all values of a width are looked at,
    and where it equals another; of each two sizes also the ends.

    Args:
        fillings: the fillings that differ in the sizes.
        deep: which of the sizes are numbers of copies.
        begin: sizes that fit together.

    Raises:
        ValueError: such fillings have other blocks.
        RunError: some do not fit together.
    """
    *others, last = fillings.sizes
    i, wanted = len(others), fillings.at(begin).architecture.graph.nodes.keys()
    alone = [{i: value} for value in last.values[:MOST]]
    beside = [{i: a, j: b} for j, other in enumerate(others) for a, b in _pairs(last.values, other.values)]
    for changed in [*alone, *beside]:
        at = [changed.get(k, value) for k, value in enumerate(begin)]
        nodes = fillings.at(at).architecture.graph.nodes.keys()
        if not any(deep[k] for k in changed) and nodes != wanted:
            odd = plain_path(min(nodes ^ wanted))
            where = " and ".join(f"{fillings.sizes[k].name}={value}" for k, value in changed.items())
            raise ValueError(f"{odd} is there or not, depending on whether {where}")


def _pairs(first: Sequence[int], second: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The ends of two sizes that lie apart, and where they are equal."""
    yield from ((first[0], second[-1]), (first[-1], second[0]))
    yield from ((value, value) for value in first[:MOST] if value in second)
