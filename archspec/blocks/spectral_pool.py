"""Down-sampling by cropping the spectrum."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from archspec.graph.block import Primitive
from archspec.graph.cost import Cost
from archspec.graph.grids import per_axis, require_alike
from archspec.graph.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn

Points = Annotated[int, Field(ge=1, le=65_536)]


class SpectralPool(Primitive):
    """Down-sample to any number of points: the highest frequencies are left out (Rippel et al. 2015, arXiv 1506.03767).

    Frequencies are those of the cosine transform, so that a signal need not be periodic. Both grids have the same
    centre, and all turns and mirrors of the grid commute with it.
    """

    reads_partial: ClassVar[str] = "unaffected"
    reads_scales: ClassVar[bool] = True
    kind: Literal["spectral_pool"] = "spectral_pool"
    points: Points | tuple[Points, ...] = Field(description="points of the output per axis, on the reference grid")
    cut: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="share of the frequencies where a soft low-pass falls to 0.1; None: all",
    )

    def infer(self, x: Signal) -> Signal:
        points = per_axis(self.points, x, "points")
        for size, wanted in zip(x.reference, points, strict=True):
            if wanted > size:
                raise SignalError(f"{wanted} points from {size}; use at most {size}", "points")
        require_alike(x, points, "points", "points")
        grid = tuple(max(1, round(Fraction(n * p, r))) for n, p, r in zip(x.grid, points, x.reference, strict=True))
        if not x.spacing:
            return x._replace(grid=grid)
        sizes = zip(x.spacing, x.grid, grid, points, x.reference, strict=True)
        spacing = tuple(step * Fraction(n, m) * Fraction(p, r) for step, n, m, p, r in sizes)
        return x._replace(grid=grid, spacing=() if all(step == 1 for step in spacing) else spacing)

    def cost(self, x: Signal) -> Cost:
        macs, making, now = 0, 0, list(x.grid)
        for axis, (n, m) in enumerate(zip(x.grid, self.infer(x).grid, strict=True)):
            if n == m and self.cut is None:
                continue
            others = x.maps
            for other, size in enumerate(now):
                others *= 1 if other == axis else size
            macs += others * n * m
            making += n * m * m
            now[axis] = m
        return Cost(macs=macs, kernel_macs=making)

    def reads_ahead(self, x: Signal) -> bool:
        return True

    def bound_to_grid(self, x: Signal) -> str | None:
        return "its points are those of this grid"

    def has_kernel_at_turns(self, x: Signal) -> bool:
        return False

    def simplified(self, x: Signal) -> Primitive | None:
        points = per_axis(self.points, x, "points")
        if points == x.reference and self.cut is None:
            return None
        plainest = points[0] if len(set(points)) == 1 else points
        return self if plainest == self.points else self.with_fields({"points": plainest})

    def summary(self) -> str | None:
        return f"to {self.points}" if isinstance(self.points, int) else f"to {'×'.join(map(str, self.points))}"

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.spectral_pool import SpectralPool as Layer

        return Layer(x.grid, self.infer(x).grid, self.cut, grouped=not x.group.trivial)
