"""Partial equivariance: which elements of the group a network uses is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archspec.graph.block import Primitive
from archspec.graph.cost import Cost
from archspec.graph.signal import Signal, SignalError
from archspec.schema.model import later

if TYPE_CHECKING:
    from torch import nn


class Partial(Primitive):
    """Learn which elements of the group are active after it; the identity always is (Romero & Lohit, 2110.10211).

    With `learn="elements"` each other element is active with a learned probability: sampled in training, active if the
    probability is at least one half in evaluation. With `learn="sector"` turns up to a learned angle either way are
    active, those near the limit with a weight below 1. A later Partial() can only make more elements inactive. The cost
    follows: `model.cost()` counts active elements, and the frozen network computes no others.

    With `sampling="continuous"` the sector has any limits, as published: the next convolution outputs `turns` elements
    at angles spread over ±`reach`·π, at which its kernels are sampled, and later blocks keep these angles. In training
    the angles have a random offset; in evaluation they are symmetric about the identity, which need not be one of
    them. Each such Partial() has a separate sector, larger or smaller than the one before. The cost does not change.
    """

    reads_partial: ClassVar[str] = "given"
    kind: Literal["partial"] = "partial"
    learn: Literal["elements", "sector"] = "elements"
    start: float = Field(
        default=0.5, gt=0, lt=1, description="initial probability of an element (for a sector: of the mirrored ones)"
    )
    sampling: Literal["elements", "continuous"] = later(
        "elements", description="a sector on C_n contains elements of the group, or (continuous) any turns"
    )
    turns: int | None = later(
        None, ge=2, le=64, description="continuous: number of turns; by default the order of the group"
    )
    reach: float = later(
        0.75, gt=0, le=1, description="continuous: initial share of the circle in the sector; published is 1"
    )
    learned: bool = later(
        True, description="continuous: train the reach; otherwise the turns are fixed in training too"
    )
    temperature: float = Field(default=0.5, gt=0, le=10, description="temperature of the relaxed samples in training")

    def infer(self, x: Signal) -> Signal:
        if x.group.trivial:
            return x
        if self.learn == "sector" and x.group.rings(x.dims) is None:
            raise SignalError(f"a sector is for the turns of C_n and D_n, not {x.group}; use learn='elements'", "learn")
        if self.continuous:
            return self._ahead(x)
        if x.scattered or x.ahead:
            raise SignalError("turns of a sector are not left out one by one; use sampling='continuous'", "sampling")
        return x._replace(partial=True)

    @property
    def continuous(self) -> bool:
        """Whether convolutions after it sample their kernels at any turns of a sector."""
        return self.sampling == "continuous"

    def learns(self) -> frozenset[str]:
        return frozenset(("elements",))

    @property
    def states(self) -> Literal["elements", "turns"] | None:
        return "turns" if self.continuous else "elements"

    def _ahead(self, x: Signal) -> Signal:
        if self.learn != "sector" or not x.group.cyclic or x.dims != 2:
            raise SignalError(
                f"turns anywhere are those of a sector of C_n of images, not of {x.group}; use learn='sector' on C_n, "
                "or sampling='elements'",
                "sampling",
            )
        if x.partial and not x.scattered:
            raise SignalError(f"part of {x.group} was left out before; use one kind of sampling", "sampling")
        return x._replace(ahead=self.turns or x.group.order)

    def cost(self, x: Signal) -> Cost:
        if self.continuous:
            return Cost(params=int(self.learned))
        rings = x.group.rings(x.dims) if self.learn == "sector" else None
        return Cost(params=1 + any(rings.mirrored) if rings else x.group.order - 1)

    def simplified(self, x: Signal) -> Primitive | None:
        if x.group.trivial:
            return None
        unused = ("start", "temperature") if self.continuous else ("turns", "reach", "learned")
        plainest = {field: type(self).model_fields[field].default for field in unused}
        if self.continuous and self.turns is None:
            plainest["turns"] = x.group.order
        changes = {field: value for field, value in plainest.items() if getattr(self, field) != value}
        return self.with_fields(changes) if changes else self

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.partial import Elements, Sector
        from archspec.layers.turns import Turns

        if self.continuous:
            return Turns(self.turns or x.group.order, self.reach, self.learned)
        if self.learn == "elements":
            return Elements(x.group.order, x.dims, self.start, self.temperature)
        rings = x.group.rings(x.dims)
        assert rings is not None
        return Sector(rings.steps, rings.mirrored, x.dims, self.start, self.temperature)
