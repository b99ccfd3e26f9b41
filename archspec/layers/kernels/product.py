"""Kernels that are a product of a kernel over space and a kernel over the group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from archspec.layers.kernels.features import KernelModule
from archspec.layers.layer import Role

if TYPE_CHECKING:
    from archspec.geometry.samples import Samples


class Product(KernelModule):
    """k(u, h) = a(u) · b(h), for each of R kernels (Knigge et al. 2022, arXiv 2110.13059, section 4)."""

    roles: ClassVar[Mapping[str, Role]] = {}  # as in the two kernels

    def __init__(self, space: KernelModule, group: KernelModule, dims: int) -> None:
        super().__init__()
        self.space, self.group, self.dims = space, group, dims

    def outgoing(self) -> Mapping[str, Tensor]:
        """Those of the kernel over space."""
        return {f"space.{name}": value for name, value in self.space.outgoing().items()}

    def place(self, where: Samples) -> None:
        """Sample the kernels at these points from now on."""
        _, self.elements, taps = where.index.shape
        points = where.points.reshape(-1, self.elements, taps, where.points.shape[1])
        space = points[:, 0, :, : self.dims].reshape(-1, self.dims)
        self.space.place(replace(where, points=space, index=where.index[:, :1]))
        group = points[:, :, 0, self.dims :]
        if np.array_equal(group, np.broadcast_to(group[:1], group.shape)):
            group = group[:1]  # the relative elements are the same for all turned grids
        group, index = group.reshape(-1, group.shape[-1]), where.index[:, :, :1]
        self.group.place(replace(where, points=group, index=index, turns=None, subset=None))
        self.taps = taps

    def forward(self, distinct: bool = False) -> Tensor:
        """(R, P): the samples."""
        space, group = self.space(), self.group()
        product: Tensor = space.view(len(space), -1, 1, self.taps) * group.view(len(group), -1, self.elements, 1)
        return product.flatten(1)

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw b with a mean square of 1 over the group, and a so that each kernel has the expected energy `target`."""
        self.group.scale_to(energy.new_full((self.elements,), 1 / self.elements), 1.0)
        over_space = energy.view(*energy.shape[:-1], -1, self.elements, self.taps).sum(-2)
        self.space.scale_to(over_space.flatten(-2), target)

    def limit_band(self, nyquist: float, masked: bool) -> None:
        """Limit the frequencies over space to `nyquist`."""
        self.space.limit_band(nyquist, masked)

    def stretch(self, ratio: float, centre: float) -> None:
        """Rescale the kernel over space; that over the group stays the same."""
        self.space.stretch(ratio, centre)
