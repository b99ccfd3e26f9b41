"""The implicit filter of Hyena."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.kernels.features import FeatureKernel
from archspec.layers.layer import Role
from archspec.layers.precision import WideLinear, widened

if TYPE_CHECKING:
    from archspec.geometry.samples import Samples


class Hyena(FeatureKernel):
    """A sine network of positional features, times exponential decays from the current step (causal) or the centre."""

    is_their_sum = False
    positions: Tensor
    decays: Tensor
    distance: Tensor

    roles: ClassVar[Mapping[str, Role]] = {"": "kernel", "omega": "omega"}

    def __init__(
        self,
        rows: int,
        inputs: int,
        dims: int,
        hidden: int,
        layers: int,
        bands: int,
        omega: float,
        lengths: tuple[float, float],
        causal: bool,
    ) -> None:
        super().__init__(hidden, rows, bias=False)
        self.dims, self.bands, self.causal = dims, bands, causal
        widths = [inputs * (1 + 2 * bands), *[hidden] * (layers - 1)]
        self.hidden = nn.ModuleList(WideLinear(a, b) for a, b in pairwise(widths))
        self.omega = nn.Parameter(torch.full((hidden,), omega))
        fastest, slowest = lengths
        # The decay rates are spread over the kernels of a layer.
        rates = torch.linspace(math.log(100) / slowest, math.log(100) / fastest, rows)
        self.fix("decays", rates.double())

    def place(self, where: Samples) -> None:
        """Sample the kernels at these points from now on."""
        super().place(where)
        harmonics = math.pi * torch.arange(1, self.bands + 1, device=self.points.device).to(self.points)
        phase = (self.points[:, :, None] * harmonics).flatten(1)
        self.register_buffer("positions", torch.cat([self.points, phase.cos(), phase.sin()], 1), persistent=False)
        space = self.points[:, : self.dims]
        # 1 at the end of the kernel: a causal one is two units long, a centred one extends one unit either way.
        distance = (1 - space[:, 0]) / 2 if self.causal else space.norm(dim=1)
        self.register_buffer("distance", distance, persistent=False)

    def features(self) -> Tensor:
        """(P, H): the last hidden layer, before the decay."""
        z = self.positions
        for layer in self.hidden:
            z = torch.sin(self.omega * layer(z))
        return z

    def window(self) -> Tensor:
        """(R, P): the decay of each kernel."""
        return torch.exp(-widened(self.decays)[:, None] * self.distance)

    def forward(self, distinct: bool = False) -> Tensor:
        """(R, P): the samples."""
        samples: Tensor = self.out(self.features()).T
        return samples * self.window()

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """As `FeatureKernel.scale_to`, taking the decay into account."""
        super().scale_to(energy * self.window().square(), target)
