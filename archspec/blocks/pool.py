"""Pooling over the grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from archspec.graph.block import Primitive
from archspec.graph.grids import covered, per_axis, require_alike, slide, too_large
from archspec.graph.signal import Signal

if TYPE_CHECKING:
    from torch import nn


Window = Annotated[int, Field(ge=1, le=65_536)]


class Pool(Primitive):
    """Maximum or average over windows, which tile the grid or, if an odd `size` exceeds the stride, overlap.

    Tiles are not padded; overlapping windows are padded around their centre. On a group, tiles must divide the axes,
    and overlapping windows need axes of stride·n + 1 points: otherwise the output grid would be off centre.
    """

    reads_partial: ClassVar[str] = "unaffected"
    reads_scales: ClassVar[bool] = True
    kind: Literal["pool"] = "pool"
    size: Window | tuple[Window, ...] = Field(default=2, description="window, in steps of the reference grid per axis")
    stride: int | None = Field(default=None, ge=1, le=65_536, description="by default the window's size")
    reduce: Literal["max", "average"] = "max"

    def infer(self, x: Signal) -> Signal:
        window = self._window(x)
        require_alike(x, window, "windows", "size")
        for size, k in zip(x.grid, window, strict=True):
            if k > size:
                raise too_large(k, size, size, "size")
        strides = self._strides(x)
        grid = slide(x, x.symmetry, window, strides, self._overlaps(x), "size")
        return x.strided(grid, strides, self._stride(x))

    def receptive_field(self, x: Signal) -> float:
        return covered(self._window(x), x)

    def has_kernel_at_turns(self, x: Signal) -> bool:
        return False

    def warnings(self, x: Signal) -> Iterator[str]:
        for axis, (size, k, stride) in enumerate(zip(x.grid, self._window(x), self._strides(x), strict=True)):
            if not self._overlaps(x) and (left := (size - k) % stride):
                yield f"the last {left} of {size} points on axis {axis} are never read"

    def simplified(self, x: Signal) -> Primitive | None:
        window, stride = self._sizes(x), self._stride(x)
        if max(window, default=1) == 1 and stride == 1:
            return None
        plainest = {
            "size": window[0] if len(set(window)) == 1 else window,
            "stride": None if stride == max(window) else stride,
        }
        changes = {field: value for field, value in plainest.items() if getattr(self, field) != value}
        return self.with_fields(changes) if changes else self

    def lower(self, x: Signal) -> nn.Module:
        from archspec.layers.pool import Pool as Layer

        window = self._window(x)
        padding = tuple(k // 2 if self._overlaps(x) else 0 for k in window)
        return Layer(window, self._strides(x), padding, self.reduce, grouped=not x.group.trivial)

    def _sizes(self, x: Signal) -> tuple[int, ...]:
        """Window per axis, in steps of the reference grid."""
        return per_axis(self.size, x, "size")

    def _stride(self, x: Signal) -> int:
        """Stride, in steps of the reference grid."""
        return self.stride or max(self._sizes(x), default=1)

    def _overlaps(self, x: Signal) -> bool:
        sizes = self._sizes(x)
        return all(k % 2 for k in sizes) and self._stride(x) < max(sizes, default=1)

    def _strides(self, x: Signal) -> tuple[int, ...]:
        """Stride per axis, in points of the input's grid."""
        return x.strides(self._stride(x))

    def _window(self, x: Signal) -> tuple[int, ...]:
        """Window per axis, in points of the input's grid; odd where windows overlap, so that they have a centre."""
        sizes = self._sizes(x)
        if not x.spacing:
            return sizes
        if self._overlaps(x):
            return tuple(2 * round((k / s - 1) / 2) + 1 for k, s in zip(sizes, x.steps, strict=True))
        return tuple(1 if k == 1 else max(1, round(k / s)) for k, s in zip(sizes, x.steps, strict=True))
