"""Weight normalisation of linear layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.layers.precision import widened


class WeightNormed(nn.Module):
    """A weight-normalised linear layer: a unit's weight is a length times a direction (Salimans and Kingma 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.direction = nn.Parameter(torch.empty(outputs, inputs))
        self.length = nn.Parameter(torch.empty(outputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    @property
    def weight(self) -> Tensor:
        direction = widened(self.direction)
        scaled: Tensor = direction * (self.length / direction.norm(dim=1))[:, None]
        return scaled

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.weight, self.bias.to(x.dtype))
