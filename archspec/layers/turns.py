"""Turns spread over a learned sector of the circle, and the convolution from such turns to others."""

# Letters: I/O channels in/out, N input turns, M output turns, K taps, R kernels, S grid.

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.conv import CONV, GroupConv
from archspec.layers.layer import Layer, Role
from archspec.layers.precision import Fixed, wide_dtype, widened, without_autocast


def spread(count: int, reach: Tensor, offset: Tensor) -> Tensor:
    """(M,) angles in [-π·reach, π·reach): one in each of M equal parts, at the fraction `offset` of the part.

    An offset of one half makes them symmetric about 0.
    """
    return math.pi * reach * ((torch.arange(count, device=reach.device).to(reach.dtype) + offset) * (2 / count) - 1)


class Turns(Layer, Fixed):
    """Computes angles (M,) spread over a sector ±π·reach, symmetric in evaluation, with a random offset in training.

    A reach of 1 is the whole circle (Romero & Lohit 2022, arXiv 2110.10211).

    Args:
        count: M.
        reach: initial reach.
        learned: whether the reach is trained; if not, the angles are symmetric in training too.
    """

    roles: ClassVar[Mapping[str, Role]] = {"": "elements"}

    def __init__(self, count: int, reach: float, learned: bool) -> None:
        super().__init__()
        self.count, self.learned = count, learned
        value = torch.full((1,), reach)
        if learned:
            self.reach = nn.Parameter(value)
        else:
            self.fix("reach", torch.full((1,), reach, dtype=torch.float64))

    def forward(self) -> Tensor:
        # Clamped in value but not in gradient, so that a reach that has left its bounds can return.
        reach = widened(self.reach)
        reach = reach + (reach.clamp(0, 1) - reach).detach()
        return spread(self.count, reach, self.offset())

    def offset(self) -> Tensor:
        """The position of each angle within its part of the sector, between 0 and 1."""
        reach = widened(self.reach)
        return torch.rand_like(reach) if self.training and self.learned else torch.full_like(reach, 0.5)


class TurnedConv(GroupConv):
    """(B, I, N, *S) to (B, O, M, *S'): a convolution between given turns; the kernel is sampled for each pair of them.

    Called without turns, it uses those of its `where`.
    """

    by_elements: ClassVar[bool] = False
    taps_at: Tensor
    read: Tensor

    def place(self, cropped: tuple[int, ...]) -> None:
        """As `GroupConv.place`; also recompute the coordinates of the taps and the default input turns."""
        super().place(cropped)
        like, taps = self.like, self.where.taps
        for name, array in (("taps_at", taps.coordinates(taps.offsets())), ("read", self.where.read)):
            self.register_buffer(
                name, torch.tensor(array, dtype=wide_dtype(like.dtype), device=like.device), persistent=False
            )

    def resample(self, out: tuple[float, ...], read: tuple[float, ...]) -> None:
        """Sample the kernel between these turns; with an empty `read` the input turns stay as they are."""
        self.where = self.where._replace(out=out, read=read or self.where.read)
        self.place(self.cropped)

    def forward(self, x: Tensor, out: Tensor | None = None, read: Tensor | None = None) -> Tensor:
        if out is None:
            return super().forward(x)
        with without_autocast(out.device):
            points = self.points(widened(out), self.read if read is None else widened(read))
            bank = self.kernel.at(points).view(self.outputs, self.inputs, self.order, self.elements, -1).transpose(1, 2)
            bank = (bank if self.factor is None else bank * self.factor).to(self.like.dtype)
        bank = bank.reshape(self.outputs * self.order, self.inputs * self.elements, *self.taps)
        padding: Any = tuple(before for before, _ in self.around)
        y: Tensor = CONV[len(self.taps) - 1](x.flatten(1, 2), bank, self.expanded_bias(), self.stride, padding)
        return torch.unflatten(y, 1, (self.outputs, self.order))

    def points(self, out: Tensor, read: Tensor) -> Tensor:
        """(M·N·K, 2 + e): the kernel's coordinates: each tap turned back, and the angle from output to input turn."""
        down, along = self.taps_at.unbind(1)
        cosine, sine = torch.cos(out)[:, None], torch.sin(out)[:, None]
        space = torch.stack([cosine * down + sine * along, cosine * along - sine * down], -1)
        angles = read[None] - out[:, None]
        if self.where.coordinates == "circle":
            seen = torch.stack([torch.cos(angles), torch.sin(angles)], -1)
        else:
            seen = (torch.remainder(angles + 1e-12, 2 * math.pi) / math.pi - 1)[..., None]
        shape = (len(out), len(read), len(self.taps_at), -1)
        return torch.cat([space[:, None].expand(shape), seen[:, :, None].expand(shape)], -1).flatten(0, 2)
