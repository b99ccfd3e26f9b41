"""Down-sampling by cropping the cosine spectrum, as a matrix product along each axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.fading import fading
from archspec.layers.layer import Active, Layer
from archspec.layers.precision import Fixed

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target


def cosines(points: int) -> Tensor:
    """(K, K), orthonormal rows: the basis of the cosine transform (DCT-II), the lowest frequency first."""
    frequency, place = torch.arange(points).double()[:, None], torch.arange(points).double() + 0.5
    rows = torch.cos(math.pi / points * frequency * place) * math.sqrt(2 / points)
    rows[0] /= math.sqrt(2)
    return rows


class SpectralPool(Layer, Fixed):
    """(B, C, N, *S) or (B, C, *S) to the same on another grid.

    The buffers `passed0`, `passed1` … are the factors of the frequencies along each axis that is changed.

    Args:
        grid: points per axis of the input.
        out: points per axis of the output.
        cut: share of the frequencies at which a soft low-pass falls to the threshold; None passes all.
        grouped: whether the input has a group axis.
    """

    prunable: ClassVar[bool] = True

    def __init__(self, grid: tuple[int, ...], out: tuple[int, ...], cut: float | None, grouped: bool) -> None:
        super().__init__()
        self.first = 3 if grouped else 2
        self.changed = [axis for axis, (n, m) in enumerate(zip(grid, out, strict=True)) if n != m or cut is not None]
        for axis in self.changed:
            n, m = grid[axis], out[axis]
            size = torch.tensor(m * (cut or 1.0), dtype=torch.float64)
            self.fix(f"there{axis}", cosines(n)[:m])
            self.fix(f"back{axis}", cosines(m) * math.sqrt(m / n))
            self.fix(f"passed{axis}", torch.ones(m).double() if cut is None else fading(size, m))

    def matrix(self, axis: int) -> Tensor:
        """(n, m): what a line of points along an axis is multiplied by."""
        there, back, passed = (self.get_buffer(f"{name}{axis}") for name in ("there", "back", "passed"))
        return there.T @ (passed[:, None] * back)

    def forward(self, x: Tensor) -> Tensor:
        for axis in self.changed:
            at = self.first + axis
            x = torch.movedim(torch.matmul(torch.movedim(x, at, -1), self.matrix(axis).to(x.dtype)), -1, at)
        return x.contiguous()

    def prune(self, active: Active) -> None:
        """Do nothing: it maps each element separately."""

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same on the folded layout, with the matrices multiplied out."""
        return _Folded({axis: self.matrix(axis).detach().clone() for axis in self.changed})


class _Folded(nn.Module):
    def __init__(self, matrices: dict[int, Tensor]) -> None:
        super().__init__()
        self.axes = list(matrices)
        for axis, matrix in matrices.items():
            self.register_buffer(f"matrix{axis}", matrix)

    def forward(self, x: Tensor) -> Tensor:
        for axis in self.axes:
            moved = torch.movedim(x, 2 + axis, -1)
            x = torch.movedim(torch.matmul(moved, getattr(self, f"matrix{axis}")), -1, 2 + axis)
        return x.contiguous()
