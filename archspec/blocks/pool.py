"""Pooling over the grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from archspec.block import Primitive, per_axis, slide
from archspec.signal import Signal, SignalError

if TYPE_CHECKING:
    from torch import nn


Window = Annotated[int, Field(ge=1, le=65_536)]


class Pool(Primitive):
    """Maximum or average over windows that tile the grid or, where an odd `size` exceeds the stride, overlap.

    Tiles are not padded, overlapping windows are padded around their centre. Under a group tiles need axes they divide,
    overlapping windows axes of stride·n + 1: else the sampled grid is off centre.
    """

    kind: Literal["pool"] = "pool"
    size: Window | tuple[Window, ...] = Field(default=2, description="window, in grid points per axis")
    stride: int | None = Field(default=None, ge=1, le=65_536, description="by default the window's size")
    reduce: Literal["max", "average"] = "max"

    def infer(self, x: Signal) -> Signal:
        window = self._window(x)
        for a, b in x.symmetry.action(x.dims).mixed_axes:
            if window[a] != window[b]:
                raise SignalError(
                    f"{x.symmetry} turns axis {a} into axis {b}, so their windows {window[a]} and {window[b]} "
                    "must be equal",
                    "size",
                )
        grid = slide(x.grid, x.symmetry, window, self._stride(x), self._overlaps(x), "size")
        return Signal(x.channels, grid, x.group, x.pooled)

    def warnings(self, x: Signal) -> Iterator[str]:
        window, stride = self._window(x), self._stride(x)
        for axis, (size, k) in enumerate(zip(x.grid, window, strict=True)):
            if not self._overlaps(x) and (left := (size - k) % stride):
                yield f"the last {left} of {size} points on axis {axis} are never read"

    def simplified(self, x: Signal) -> Primitive | None:
        window, stride = self._window(x), self._stride(x)
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
        return Layer(window, self._stride(x), padding, self.reduce, grouped=not x.group.trivial)

    def _window(self, x: Signal) -> tuple[int, ...]:
        return per_axis(self.size, x, "size")

    def _overlaps(self, x: Signal) -> bool:
        window = self._window(x)
        return all(k % 2 for k in window) and self._stride(x) < max(window, default=1)

    def _stride(self, x: Signal) -> int:
        return self.stride or max(self._window(x), default=1)
