"""Which elements of a group count: learned weights (N, 1, …), that of the identity 1, to multiply (B, C, N, *S)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.layer import Layer, Role


class Elements(Layer):
    """Each element but the identity with a probability of its own: samples in training, else those above one half.

    Samples are relaxed ones of Bernoulli (Maddison et al. 2017), rounded; gradients go through as if they were not.
    """

    roles: ClassVar[Mapping[str, Role]] = {"": "elements"}

    def __init__(self, order: int, dims: int, start: float, temperature: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.full((order - 1,), math.log(start / (1 - start))))
        self.dims, self.temperature = dims, temperature

    def forward(self, before: Tensor | None = None) -> Tensor:
        kept = gates(self.logits, self.temperature, self.training)
        return _shaped(torch.cat([kept.new_ones(1), kept]), self.dims, before)


class Sector(Layer):
    """Turns up to a learned reach either way; a turn within one step of the rim counts in part.

    It begins with the farthest turns counting half: where all count as much, nothing tells what leaving them out gives.

    Args:
        rings: by how many steps each element turns.
        mirrored: whether it mirrors; if some do, they are kept or not together.
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
        self.register_buffer("rings", torch.tensor(rings), persistent=False)
        self.register_buffer("mirrored", torch.tensor(mirrored), persistent=False)
        self.dims, self.temperature = dims, temperature

    def forward(self, before: Tensor | None = None) -> Tensor:
        # Clamped, but so that a reach that has left its bounds still finds its way back.
        reach = self.reach + (self.reach.clamp(0, 1) - self.reach).detach()
        kept = (reach * self.rings.max() - self.rings + 1).clamp(0, 1)
        if self.logits is not None:
            mirrors = gates(self.logits, self.temperature, self.training)
            kept = torch.where(self.mirrored, kept * mirrors, kept)
        return _shaped(kept, self.dims, before)


def gates(logits: Tensor, temperature: float, sampled: bool) -> Tensor:
    """0 or 1 for each logit."""
    if not sampled:
        return (logits >= 0).to(logits)
    uniform = torch.rand_like(logits).clamp(1e-6, 1 - 1e-6)
    relaxed = torch.sigmoid((logits + uniform.logit()) / temperature)
    return (relaxed >= 0.5).to(relaxed) + (relaxed - relaxed.detach())


def _shaped(kept: Tensor, dims: int, before: Tensor | None) -> Tensor:
    shaped = kept.view(-1, *(1,) * dims)
    return shaped if before is None else shaped * before
