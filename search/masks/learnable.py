"""Which decisions of a space can be learned by masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch

from archspec.architecture import Architecture
from archspec.graph.signal import SignalError
from archspec.lowering import lower
from archspec.schema.hole import Scalar
from search.errors import RunError
from search.masks.places import Change, changes, is_depth, is_extent, is_grid, is_width, placed, varying
from search.masks.refusing import refuse, refuse_beside
from search.masks.shown import Shown
from search.masks.sizes import Fillings, Size, whole_values
from spaces import Space


class Learnable(NamedTuple):
    """The decisions of a space that masks can learn, with the others fixed.

    Attributes:
        fillings: the fillings that differ in them.
        shown: where they show.
        left: of the other decisions among whole numbers that change the network, why they cannot be learned, by name.
    """

    fillings: Fillings
    shown: Shown
    left: dict[str, str]


def learnable(
    space: Space,
    values: Mapping[str, Scalar],
    priced: Callable[[Architecture], float],
    over: Callable[[Architecture], float] = lambda architecture: 0.0,
) -> Learnable:
    """The decisions that masks can learn: sizes of kernels and grids, numbers of channels and of residual copies.

    A decision can be learned if it is one among whole numbers, if each of its fields is a `kernel_size` without a
    window, the `points` of a `SpectralPool`, a number of `channels` or the `times` of a `Repeat`, and if the layers
    that it changes can fade out.

    Args:
        space: the space.
        values: a filling of it; its other decisions stay as they are here.
        priced: what an architecture costs.
        over: how far it is over limits on other quantities; see `Fillings`.
    """
    holes = {parameter.name: parameter.hole for parameter in space.parameters()}
    sizes, left, shows, deep = list[Size](), dict[str, str](), list[Change](), list[bool]()
    for name in values:
        if not (whole := whole_values(holes[name])):
            continue
        try:
            if not (found := _changes(space, values, name, whole)):
                continue
            known, more = [*sizes, Size(name, whole)], [*deep, any(is_depth(change) for change in found)]
            _refuse_beside(space, values, known, _shown([*shows, *found], more))
        except (ValueError, SignalError, RunError) as error:
            left[name] = str(error)
            continue
        sizes, deep, shows = known, more, [*shows, *found]
    shown = _shown(shows, deep)
    return Learnable(Fillings(space, _others(values, sizes), sizes, priced, shown.prepared, over), shown, left)


def _refuse_beside(space: Space, values: Mapping[str, Scalar], sizes: Sequence[Size], shown: Shown) -> None:
    fillings = Fillings(space, _others(values, sizes), sizes, _typed, shown.prepared)
    begin = [next(value for value in size.values if value == values[size.name]) for size in sizes]
    refuse_beside(fillings, shown.deep, begin)


def _typed(architecture: Architecture) -> float:
    """No price, but an error if it does not fit together."""
    return float(not architecture.graph.nodes)


def _others(values: Mapping[str, Scalar], sizes: Sequence[Size]) -> dict[str, Scalar]:
    """The values of what is not among the sizes."""
    return {name: value for name, value in values.items() if all(name != size.name for size in sizes)}


def _shown(found: Sequence[Change], deep: Sequence[bool]) -> Shown:
    """Where sizes show that make these changes."""
    kinds = (is_extent, is_grid, is_depth)
    extents, grids, repeats = (dict.fromkeys(change.path for change in found if kind(change)) for kind in kinds)
    return Shown(tuple(extents), tuple(grids), tuple(repeats), tuple(deep))


def _kind(change: Change) -> str:
    known = {"kernel_size": is_extent, "points": is_grid, "times": is_depth, "channels": is_width}
    return change.field if change.field in known and known[change.field](change) else ""


def _changes(space: Space, values: Mapping[str, Scalar], name: str, whole: tuple[int, ...]) -> list[Change]:
    """What a decision changes, between its lowest and its highest value; ValueError if that cannot fade out."""
    low, high = (space.fill({**values, name: value}) for value in (whole[0], whole[-1]))
    if not (found := list(changes(high, low))):
        return []
    kinds = {_kind(change) for change in found}
    if kinds & {""} or ("times" in kinds and len(kinds) > 1):
        odd = next((change for change in found if not _kind(change)), None)
        raise ValueError(f"masks do not learn {odd.path}.{odd.field}" if odd else "it changes different things")
    if whole[0] < 1:
        raise ValueError(f"sizes that are learned begin at 1, and its values at {whole[0]}")
    with torch.random.fork_rng(devices=[]):
        network = lower(high)
    if any(is_depth(change) for change in found):
        placed(network, frozenset(), frozenset(change.path for change in found if is_depth(change)))
    else:
        placed(network, varying(high, low), frozenset())
    refuse(found, network, low)
    return found
