"""Equivariance that is learned: which elements of the group a network keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from archspec.block import Primitive
from archspec.cost import Cost
from archspec.groups import Group
from archspec.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


class Partial(Primitive):
    """From here on only learned elements of the group count; the identity always does (Romero & Lohit, 2110.10211).

    `elements` learns for each of the others how likely it is kept, by samples in training and the likelier in
    evaluation. `sector` learns how far turns may reach either way; what lies at its rim counts in part. A later
    Partial() keeps of what is left. Cost follows: `model.cost()`, and the frozen network computes nothing else.
    """

    reads_partial: ClassVar[str] = "given"
    kind: Literal["partial"] = "partial"
    learn: Literal["elements", "sector"] = "elements"
    start: float = Field(
        default=0.5, gt=0, lt=1, description="probability that an element (sector: a mirrored one) begins with"
    )
    temperature: float = Field(default=0.5, gt=0, le=10, description="of the relaxed samples in training")

    def infer(self, x: Signal) -> Signal:
        if x.group.trivial:
            return x
        if self.learn == "sector" and self.rings(x.group, x.dims) is None:
            raise SignalError(f"a sector is for the turns of C_n and D_n, not {x.group}; use learn='elements'", "learn")
        return x._replace(partial=True)

    def cost(self, x: Signal) -> Cost:
        sector, mirrors = self.learn == "sector", x.group.name[0] == "D"
        return Cost(params=1 + mirrors if sector else x.group.order - 1)

    def simplified(self, x: Signal) -> Primitive | None:
        return None if x.group.trivial else self

    def rings(self, group: Group, dims: int) -> tuple[list[int], list[bool]] | None:
        """By how many steps each element of C_n or D_n turns, either way, and whether it mirrors; None of others."""
        if group.name[0] not in "CD" or dims < 2:
            return None
        matrices = group.action(dims).matrices
        turns = int(group.name[1:])
        mirrored = [bool(d < 0) for d in np.linalg.det(matrices)]
        steps = [n % turns for n in range(group.order)]
        return [min(s, turns - s) for s in steps], mirrored

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.partial import Elements, Sector

        if self.learn == "elements":
            return Elements(x.group.order, x.dims, self.start, self.temperature)
        rings = self.rings(x.group, x.dims)
        assert rings is not None
        return Sector(*rings, x.dims, self.start, self.temperature)
