"""Position embeddings of self-attention: vectors that are functions of relative coordinates."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from archspec.layers.inheriting import copied
from archspec.layers.precision import Fixed


class Place(Fixed):
    """ρ, the position embedding of one axis: from coordinates (U,) to vectors (M', U) that multiply queries."""

    coordinates: Tensor

    def __init__(self, coordinates: NDArray[np.float64], units: int, size: int) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(1, units), nn.LayerNorm(units, 1e-12)
        # A bias would add the same to all scores of a query.
        self.last = nn.Linear(units, size, bias=False)
        self.fix("coordinates", torch.tensor(coordinates[:, None]))
        with torch.no_grad():
            # Each unit is zero at a random point of [-1, 1]. With zero biases only the sign of the coordinate would be
            # left after the norm.
            self.first.weight.normal_()
            self.first.bias.copy_(self.first.weight[:, 0] * (2 * torch.rand(units) - 1))
            self.last.weight.normal_(std=1 / math.sqrt(units))
            if len(coordinates) > 1:
                found = self()
                spread = (found - found.mean(1, keepdim=True)).square().mean().sqrt()
                self.last.weight /= spread.clamp(min=1e-2)  # the spread can be zero: two normalised units are constant

    @torch.no_grad()
    def inherit(self, other: Place) -> int:
        """Take over an embedding of as many hidden units; further channels stay as they were drawn."""
        if self.norm.normalized_shape != other.norm.normalized_shape:
            return 0
        both = min(self.last.out_features, other.last.out_features)
        self.last.weight[:both] = other.last.weight[:both].to(self.last.weight)
        return copied(self.first, other.first) + copied(self.norm, other.norm) + both * self.last.in_features

    def forward(self) -> Tensor:
        features: Tensor = self.last(F.silu(self.norm(self.first(self.coordinates))))
        return torch.transpose(features, 0, 1)


class Baked(nn.Module):
    """A position embedding as a constant."""

    values: Tensor

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.register_buffer("values", values.clone(memory_format=torch.contiguous_format))

    def forward(self) -> Tensor:
        return self.values
