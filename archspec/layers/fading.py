"""The mask by which a size makes what is beyond it vanish (Romero and Zeghidour 2023, arXiv 2302.05400)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

# The value of a mask at its size.
THRESHOLD = 0.1
# It falls from 0.9 to the threshold over this share of its size.
SOFTNESS = 0.25
# Sizes are rounded logarithms: one that is above a whole number by less counts as that.
SLACK = 1e-4
_EDGE = math.log(1 / THRESHOLD - 1)


def fading(size: Tensor, count: int) -> Tensor:
    """(count,): the mask over the first units of an axis, a sigmoid that is at the threshold at its size, then zero."""
    units = torch.arange(count, dtype=size.dtype, device=size.device)
    mask = torch.sigmoid(-_EDGE - 2 * _EDGE / SOFTNESS * (units / size - 1))
    return torch.where(units < size - SLACK, mask, torch.zeros_like(mask))
