"""What makes the samples of a convolution kernel."""

# Letters: R kernels, M elements on a kernel's own group axis, K taps, N group elements, P samples.

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class TableKernel(nn.Module):
    """Free weights (R, M·K); where turns do not map taps onto taps, interpolated to the turned grids."""

    turns: Tensor | None

    def __init__(self, rows: int, elements: int, taps: int, turns: NDArray[np.float64] | None, variance: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(rows, elements * taps) * math.sqrt(variance))
        self.taps = taps
        self.register_buffer(
            "turns", None if turns is None else torch.tensor(turns, dtype=torch.get_default_dtype()), persistent=False
        )

    def forward(self) -> Tensor:
        """Samples (R, P)."""
        if self.turns is None:
            return self.weight
        turned = self.weight.view(-1, self.taps) @ self.turns
        rows = len(self.weight)
        return turned.view(rows, -1, self.turns.shape[1] // self.taps, self.taps).transpose(1, 2).reshape(rows, -1)


class SirenKernel(nn.Module):
    """A sine network from the coordinates of the samples to R kernels (Romero et al. 2021, eq. 5).

    z ← sin(ω(Wz + b)) in the hidden layers, the last one linear. ω multiplies the bias too. The last layer is
    initialised so that the samples, times `quadrature`, have the given variance (Chang et al. 2020).
    """

    points: Tensor

    def __init__(
        self,
        rows: int,
        points: NDArray[np.float64],
        dims: int,
        hidden: int,
        layers: int,
        omega: float,
        omega_group: float,
        variance: float,
        quadrature: float,
    ) -> None:
        super().__init__()
        scaled = points * np.where(np.arange(points.shape[1]) < dims, 1.0, omega_group / omega)
        self.register_buffer("points", torch.tensor(scaled, dtype=torch.get_default_dtype()), persistent=False)
        self.omega, self.quadrature = omega, quadrature
        widths = [points.shape[1], *[hidden] * (layers - 1)]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.out = nn.Linear(hidden, rows)
        with torch.no_grad():
            for i, layer in enumerate(self.layers()):
                bound = 1.0 if i == 0 else math.sqrt(6 / hidden) / omega
                layer.weight.uniform_(-bound, bound)
                layer.bias.uniform_(-1, 1)
            # A sine of a well-spread phase has mean square 1/2.
            bound = math.sqrt(3 * variance / quadrature**2 / (hidden / 2))
            self.out.weight.uniform_(-bound, bound)
            self.out.bias.zero_()

    def layers(self) -> list[nn.Linear]:
        """The hidden layers, first to last."""
        return [layer for layer in self.hidden if isinstance(layer, nn.Linear)]

    def forward(self) -> Tensor:
        """Samples (R, P)."""
        z = self.points
        for layer in self.layers():
            z = torch.sin(self.omega * layer(z))
        samples: Tensor = self.out(z).T * self.quadrature
        return samples
