"""Pooling over the grid, separately for every element of the group."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.layer import Active, Layer
from archspec.layers.precision import widened

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target

MAX: tuple[Any, ...] = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
AVERAGE: tuple[Any, ...] = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)


class Pool(Layer):
    """Maximum or average over windows, not counting padding; (B, C, N, *S) or (B, C, *S)."""

    prunable: ClassVar[bool] = True

    def __init__(
        self, window: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], reduce: str, grouped: bool
    ) -> None:
        super().__init__()
        dims = len(window)
        self.grouped = grouped
        if reduce == "max":
            self.pool: nn.Module = MAX[dims - 1](window, stride, padding)
        else:
            self.pool = AVERAGE[dims - 1](window, stride, padding, count_include_pad=False)

    def forward(self, x: Tensor) -> Tensor:
        # torch has no 3-D average pooling in half precision on a CPU.
        wide = widened(x) if isinstance(self.pool, nn.AvgPool3d) else x
        pooled: Tensor = self.pool(wide.flatten(1, 2) if self.grouped else wide).to(x.dtype)
        return torch.unflatten(pooled, 1, x.shape[1:3]) if self.grouped else pooled

    def prune(self, active: Active) -> None:
        """Do nothing: it pools each element separately."""

    def plain(self, target: Target = "torch") -> nn.Module:
        """The ordinary pooling of the folded channels."""
        return copy.deepcopy(self.pool)
