"""Kernels that are linear in their parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from archspec.layers.kernels.features import FeatureKernel, KernelModule
from archspec.layers.precision import wide_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from archspec.geometry.samples import Samples


class Fourier(FeatureKernel):
    """Cosines and sines of fixed random frequencies."""

    frequencies: Tensor

    def __init__(self, rows: int, inputs: int, dims: int, features: int, omega: float, omega_group: float) -> None:
        super().__init__(2 * features, rows)
        directions = torch.randn(features, dims)
        radii = omega * torch.rand(features, 1) ** (1 / max(dims, 1))  # uniform over the ball
        spatial = radii * directions / directions.norm(dim=1, keepdim=True)
        fibre = (torch.rand(features, inputs - dims) * 2 - 1) * omega_group
        self.register_buffer("frequencies", torch.cat([spatial, fibre], 1))
        self.dims, self.nyquist = dims, math.inf

    def limit_band(self, nyquist: float, masked: bool) -> None:
        """Mask the features of higher frequencies."""
        self.nyquist = nyquist if masked else math.inf

    @torch.no_grad()
    def stretch(self, ratio: float, centre: float) -> None:
        """Keep the frequencies in radians per grid step; the phase shift of causal kernels rotates the weights."""
        turned = self.frequencies[:, : self.dims].sum(1) * centre * (1 - ratio)
        cosines, sines = self.out.weight.chunk(2, 1)
        c, s = torch.cos(turned), torch.sin(turned)
        self.out.weight.copy_(torch.cat([cosines * c + sines * s, sines * c - cosines * s], 1))
        self.frequencies[:, : self.dims] *= ratio

    def features(self) -> Tensor:
        """(P, 2F): the cosines and sines at the points."""
        phase = self.points @ self.frequencies.to(self.points.dtype).T
        waves = torch.cat([torch.cos(phase), torch.sin(phase)], 1)
        if self.nyquist == math.inf:
            return waves
        held = (self.frequencies[:, : self.dims].abs().amax(1) <= self.nyquist).to(waves)
        return waves * held.repeat(2)


class Spline(KernelModule):
    """Weights at n knots (R, M·n) times B-splines at the points.

    With `around`, weights (R, Q·n) are at Q knots along the circle too, instead of one set for each of M elements.

    Args:
        rows: R.
        elements: M.
        knots: number of knots per axis, n in all.
        reach: coordinate of the last knot per axis; the first one is at its negative.
        degree: of the B-splines.
        around: Q; None without knots along the circle.
    """

    basis: Tensor
    circle: Tensor | None

    def __init__(
        self,
        rows: int,
        elements: int,
        knots: tuple[int, ...],
        reach: tuple[float, ...],
        degree: int,
        around: int | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, (around or elements) * math.prod(knots)))
        self.elements, self.knots, self.reach, self.degree, self.around = elements, knots, reach, degree, around

    def outgoing(self) -> Mapping[str, Tensor]:
        """The weights."""
        return {"weight": self.weight}

    def place(self, where: Samples) -> None:
        """Sample the kernels at these points from now on."""
        like, dims = self.weight, len(self.knots)
        # (G grids, M, K, d): the spatial coordinates are the same for all elements on the kernel's own group axis.
        elements = where.index.shape[1]
        every = where.points.reshape(-1, elements, where.index.shape[2], where.points.shape[1])
        points = every[:, 0, :, :dims]
        basis = np.ones((1, *points.shape[:2]))
        for axis, (count, reach) in enumerate(zip(self.knots, self.reach, strict=True)):
            places = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
            step = 2 / max(1, count - 1)
            along = _bspline((points[..., axis] / (reach or 1.0) - places[:, None, None]) / step, self.degree)
            basis = (basis[:, None] * along).reshape(-1, *points.shape[:2])
        circle = self._around(every[:, :, 0, dims:]) if self.around else None
        for name, values in (("basis", basis), ("circle", circle)):
            placed = None if values is None else torch.tensor(values, dtype=wide_dtype(like.dtype), device=like.device)
            self.register_buffer(name, placed, persistent=False)

    def _around(self, embedding: NDArray[np.float64]) -> NDArray[np.float64]:
        """(Q, G, M): periodic B-splines of angles, given by their cosine and sine."""
        assert self.around
        places = np.arctan2(embedding[..., 1], embedding[..., 0]) / (2 * math.pi) * self.around
        apart = places - np.arange(self.around)[:, None, None]
        periods = [_bspline(apart + turn * self.around, self.degree) for turn in (-1, 0, 1)]
        total: NDArray[np.float64] = np.sum(periods, axis=0)
        return total

    def forward(self, distinct: bool = False) -> Tensor:
        """(R, P): the samples."""
        weight = self.weight.to(self.basis.dtype)
        table = weight.view(-1, len(self.basis)) @ self.basis.flatten(1)
        shaped = table.view(len(self.weight), -1, *self.basis.shape[1:])
        if self.circle is None:
            return shaped.transpose(1, 2).flatten(1)
        # For each grid, from the knots along the circle to the elements: (G, M, Q) times (G, Q, R·K).
        knots = shaped.permute(2, 1, 0, 3).flatten(2)
        along = self.circle.permute(1, 2, 0)
        mixed = torch.bmm(along.expand(len(knots), -1, -1), knots)
        samples: Tensor = mixed.unflatten(2, (len(self.weight), -1)).permute(2, 0, 1, 3).flatten(1)
        return samples

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw all weights with the variance that gives each kernel the expected energy `target`."""
        spread = self.basis.square().sum(0)[:, None]
        spread = spread.expand(-1, self.elements, -1) if self.circle is None else spread * self._shares()
        power = energy @ spread.reshape(-1)
        self.weight.normal_().mul_((target / power.clamp(min=1e-12)).sqrt().reshape(-1, 1))

    def _shares(self) -> Tensor:
        """(G, M, 1): variance of the kernel at each element, relative to that of the knots along the circle."""
        assert self.circle is not None
        return self.circle.square().sum(0)[:, :, None]


def _bspline(x: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """The centred cardinal B-spline of a degree at points x."""
    from scipy.interpolate import BSpline

    knots = np.arange(degree + 2) - (degree + 1) / 2
    values: NDArray[np.float64] = np.nan_to_num(BSpline.basis_element(knots, extrapolate=False)(x))
    return values
