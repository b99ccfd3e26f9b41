"""Learned weights of the elements of a group, (N, 1, …), which multiply signals (B, C, N, *S); the identity's is 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.bounded import bounded
from archspec.layers.layer import Layer, Role
from archspec.layers.precision import Fixed


class Elements(Layer):
    """A learned probability for each element but the identity.

    Weights are samples, 0 or 1, in training; in evaluation they are 1 where the probability is at least one half.
    Samples are rounded relaxed Bernoulli variables (Maddison et al. 2017), with the gradients of the unrounded ones.
    """

    roles: ClassVar[Mapping[str, Role]] = {"": "elements"}

    def __init__(self, order: int, dims: int, start: float, temperature: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.full((order - 1,), math.log(start / (1 - start))))
        self.dims, self.temperature = dims, temperature

    def forward(self, before: Tensor | None = None) -> Tensor:
        weights = gates(self.logits, self.temperature, self.training)
        return _shaped(torch.cat([weights.new_ones(1), weights]), self.dims, before)


class Sector(Layer, Fixed):
    """Weight 1 for turns up to a learned reach either way, falling to 0 within one step beyond it.

    Initially the farthest turns have weight one half: with equal weights, training would not see the effect of leaving
    turns out.

    Args:
        rings: by how many steps of the circle each element turns, either way.
        mirrored: whether each element mirrors; those that do have a common learned probability.
        dims: number of axes of the grid.
        start: initial probability of the mirrored elements.
        temperature: temperature of their relaxed samples in training.
    """

    roles: ClassVar[Mapping[str, Role]] = {"": "elements"}
    rings: Tensor
    mirrored: Tensor

    def __init__(
        self, rings: tuple[int, ...], mirrored: tuple[bool, ...], dims: int, start: float, temperature: float
    ) -> None:
        super().__init__()
        self.reach = nn.Parameter(torch.full((1,), 1 - 0.5 / max(1, *rings)))
        self.logits = nn.Parameter(torch.full((1,), math.log(start / (1 - start)))) if any(mirrored) else None
        self.fix("rings", torch.tensor(rings))
        self.fix("mirrored", torch.tensor(mirrored))
        self.dims, self.temperature = dims, temperature

    def forward(self, before: Tensor | None = None) -> Tensor:
        # Clamped in value but not in gradient, so that a reach that has left its bounds can return.
        reach = self.reach + (self.reach.clamp(0, 1) - self.reach).detach()
        weights = bounded(reach * self.rings.max() - self.rings + 1, 0, 1)
        if self.logits is not None:
            mirrors = gates(self.logits, self.temperature, self.training)
            weights = torch.where(self.mirrored, weights * mirrors, weights)
        return _shaped(weights, self.dims, before)


def gates(logits: Tensor, temperature: float, sampled: bool) -> Tensor:
    """0 or 1 for each logit: sampled with its probability, or else whether the probability is at least one half."""
    if not sampled:
        return (logits >= 0).to(logits)
    uniform = torch.rand_like(logits).clamp(1e-6, 1 - 1e-6)
    relaxed = torch.sigmoid((logits + uniform.logit()) / temperature)
    return (relaxed >= 0.5).to(relaxed) + (relaxed - relaxed.detach())


def _shaped(weights: Tensor, dims: int, before: Tensor | None) -> Tensor:
    shaped = weights.view(-1, *(1,) * dims)
    return shaped if before is None else shaped * before
