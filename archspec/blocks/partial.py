"""Equivariance that is learned: which elements of the group a network keeps."""

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
    """From here on only learned elements of the group count; the identity always does (Romero & Lohit, 2110.10211).

    `elements` learns for each of the others how likely it is kept, by samples in training and the likelier in
    evaluation. `sector` learns how far turns may reach either way; what lies at its rim counts in part. A later
    Partial() keeps of what is left. Cost follows: `model.cost()`, and the frozen network computes nothing else.

    With `sampling="continuous"` the sector is cut anywhere, as published: from here on the next convolutions give
    `turns` elements spread over ±`reach`·π, at which their kernels are sampled, later ones keep them. In training
    they have a random offset, in evaluation they lie evenly about the identity, which need not be one of them. Each
    such Partial() has a sector of its own, larger or smaller than the one before. Cost stays.
    """

    reads_partial: ClassVar[str] = "given"
    kind: Literal["partial"] = "partial"
    learn: Literal["elements", "sector"] = "elements"
    start: float = Field(
        default=0.5, gt=0, lt=1, description="probability that an element (sector: a mirrored one) begins with"
    )
    sampling: Literal["elements", "continuous"] = later(
        "elements", description="of a sector on C_n: among the group's elements, or turns anywhere in it"
    )
    turns: int | None = later(
        None, ge=2, le=64, description="continuous: how many; by default as many as the group has elements"
    )
    reach: float = later(
        0.75, gt=0, le=1, description="continuous: share of the circle that the sector begins with; published is 1"
    )
    learned: bool = later(True, description="continuous: train the reach; else turns are fixed, not drawn either")
    temperature: float = Field(default=0.5, gt=0, le=10, description="of the relaxed samples in training")

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
        """Whether convolutions after it are sampled at turns of a sector."""
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
