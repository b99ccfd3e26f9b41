"""Kernels, windows and transforms are made in float32 or more, whatever the precision of the signals."""

from __future__ import annotations

import contextlib

import torch
from torch import Tensor, nn


def widened(x: Tensor) -> Tensor:
    """The same in float32, unless it is in float32 or float64 already."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def wide_dtype(dtype: torch.dtype) -> torch.dtype:
    """The precision that kernels of this one are made in."""
    return torch.promote_types(dtype, torch.float32)


def without_autocast(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Within it operations keep the precision of what they are given; entering costs nothing outside autocast."""
    if torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()


class WideLinear(nn.Linear):
    """A linear map in the precision of what it reads, whatever its weights are kept in."""

    def forward(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return nn.functional.linear(x, self.weight.to(x.dtype), bias)
