"""Which units of one network are which of another: channels of a signal at elements of its group."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from archspec.geometry.groups import Group, cosets, is_subgroup

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Units(NamedTuple):
    """The units of a signal as units of the signal at the same place in another network, the parent.

    Attributes:
        of: (C, N) index c·N' + n' of the parent's unit for each channel and element; -1 for a new unit.
        order: N', number of elements of the parent's group.
        pooled: whether what reads the signal reads the channels pooled over their elements.
        parent_pooled: whether that is so in the parent.
    """

    of: NDArray[np.int64]
    order: int
    pooled: bool = False
    parent_pooled: bool = False

    @property
    def channels(self) -> NDArray[np.int64]:
        """(C,): the parent's channel of each channel; -1 for a new one."""
        return np.where(self.of[:, 0] < 0, -1, self.of[:, 0] // self.order)


def same_units(group: Group, channels: int, parent: Group, parents: int, dims: int) -> Units:
    """Which units of a parent the units of a signal are.

    On the same group channel c is the parent's channel c, and further ones are new. On a subgroup K of the parent's
    group H each coset of K in an orbit of H becomes a channel, as in `Restrict`. On a larger group the |H|/|K|
    channels in a row become the cosets of one orbit, so that the way back is the identity. If neither group is a
    subgroup of the other, all units are new.

    Args:
        group: the group of the signal.
        channels: C.
        parent: the group of the parent's signal.
        parents: C', the parent's number of channels.
        dims: number of axes of the grid.
    """
    of = np.full((channels, group.order), -1)
    if group == parent:
        rows = np.arange(parent.order)[None]
    elif is_subgroup(group, parent, dims):
        rows = cosets(group, parent, dims)
    elif is_subgroup(parent, group, dims):
        rows = cosets(parent, group, dims)
        every = np.arange(channels * group.order).reshape(channels, *rows.shape)
        kept = every < parents * parent.order
        for row, elements in enumerate(rows):
            of[:, elements] = np.where(kept[:, row], every[:, row], -1)
        return Units(of, parent.order)
    else:
        return Units(of, parent.order)
    every = (np.arange(parents)[:, None, None] * parent.order + rows).reshape(-1, group.order)[:channels]
    of[: len(every)] = every
    return Units(of, parent.order)
