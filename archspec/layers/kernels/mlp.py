"""Kernel networks of rectified linear units."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from archspec.layers.kernels.features import FeatureKernel
from archspec.layers.precision import WideLinear


class Mlp(FeatureKernel):
    """A network of rectified linear units from coordinates to R kernels; its kinks are uniform over the kernel."""

    def __init__(self, rows: int, inputs: int, dims: int, hidden: int, layers: int) -> None:
        super().__init__(hidden, rows)
        self.dims = dims
        self.hidden = nn.ModuleList(WideLinear(a, b) for a, b in pairwise([inputs, *[hidden] * (layers - 1)]))
        with torch.no_grad():
            for i, layer in enumerate(self.hidden):
                assert isinstance(layer, nn.Linear)
                nn.init.normal_(layer.weight, std=math.sqrt(2 / layer.in_features))
                knots = torch.rand(hidden, inputs) * 2 - 1
                # The kink of a unit, where its input is zero, is at a random point of the kernel.
                layer.bias.copy_(-(layer.weight * knots).sum(1) if i == 0 else torch.zeros(hidden))

    @torch.no_grad()
    def stretch(self, ratio: float, centre: float) -> None:
        """Rescale the first layer to the new unit of the coordinates."""
        first = self.hidden[0]
        assert isinstance(first, nn.Linear)
        first.bias.add_(first.weight[:, : self.dims].sum(1) * centre * (1 - ratio))
        first.weight[:, : self.dims] *= ratio

    def features(self) -> Tensor:
        """(P, H): the last hidden layer."""
        z = self.points
        for layer in self.hidden:
            z = torch.relu(layer(z))
        return z
