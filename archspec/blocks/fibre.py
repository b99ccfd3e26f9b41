"""Blocks that change the group of a signal: to a subgroup, and to a plain signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.geometry.groups import TRIVIAL, Group, cosets, is_subgroup
from archspec.graph.block import Primitive
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


class Restrict(Primitive):
    """Keep the symmetry of a subgroup only: each of its cosets becomes a channel; the values are only reordered.

    After GroupPool, Restrict(group="C1") gives up the symmetry of the grid that was left after pooling.
    """

    reads_scales: ClassVar[bool] = True
    kind: Literal["restrict"] = "restrict"
    group: Group = Field(description="the subgroup, such as C4 of D4; C1 keeps no symmetry")

    def infer(self, x: Signal) -> Signal:
        if x.group.scaling and self.group.scales not in (1, x.group.scales):
            raise SignalError(
                f"scales can only be given up altogether; use group='{self.group.turning}', or as many scales as "
                f"{x.group}",
                "group",
            )
        if not is_subgroup(self.group, x.symmetry, x.dims):
            held = f"on {x.symmetry}" if not x.symmetry.trivial else "plain"
            raise SignalError(
                f"{self.group} is not a subgroup of what this signal has (it is {held}); restrict to a "
                "subgroup, or Lift() to the larger group earlier",
                "group",
            )
        if x.group.trivial:
            return x._replace(group=TRIVIAL, pooled=self.group)
        return x._replace(channels=x.maps // self.group.order, group=self.group)

    def has_kernel_at_turns(self, x: Signal) -> bool:
        raise SignalError("offsets need the whole group, and Restrict selects a subgroup; train without offsets")

    def simplified(self, x: Signal) -> Primitive | None:
        return None if self.infer(x) == x else self

    def lower(self, x: Signal) -> nn.Module:
        from torch import nn

        from archspec.layers.fibre import Restrict as Layer

        if x.group.trivial:
            return nn.Identity()
        return Layer(cosets(self.group, x.group, x.dims), x.channels)


class GroupPool(Primitive):
    """Maximum or mean over the elements of the group; the output is plain, and its grid still turns with the input.

    On a plain signal it is the identity.
    """

    reads_partial: ClassVar[str] = "given"
    reads_scales: ClassVar[bool] = True
    kind: Literal["group_pool"] = "group_pool"
    reduce: Literal["max", "mean"] = Field(default="max")

    def infer(self, x: Signal) -> Signal:
        if x.group.trivial and not x.pooled.trivial:
            raise SignalError(f"the {x.pooled} axis was pooled before; remove one of the two GroupPool()")
        return x._replace(group=TRIVIAL, pooled=x.symmetry, partial=False, ahead=0, scattered=False)

    def has_kernel_at_turns(self, x: Signal) -> bool:
        return False

    def simplified(self, x: Signal) -> Primitive | None:
        return None if x.group.trivial else self

    def lower(self, x: Signal) -> nn.Module:
        from torch import nn

        from archspec.layers.fibre import GroupPool as Layer

        return nn.Identity() if x.group.trivial else Layer(x.channels, x.group.order, self.reduce)
