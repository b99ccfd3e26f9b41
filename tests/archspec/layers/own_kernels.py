"""Modules of kernels as a person may write them: correct, and unlike any of ours."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from archspec.geometry.samples import Samples
from archspec.geometry.sampling import Sampling
from archspec.layers.kernels.features import FeatureKernel, KernelModule
from archspec.layers.precision import WideLinear


class Bound(FeatureKernel):
    """Its features belong to its size: it does not say how they are stretched."""

    def __init__(self, rows: int, inputs: int) -> None:
        super().__init__(4, rows)
        self.inner = WideLinear(inputs, 4)

    def features(self) -> Tensor:
        return torch.sin(self.inner(self.points))


class Whole(KernelModule):
    """A kernel that cannot be set to samples, and has one weight in two places."""

    points: Tensor

    def __init__(self, rows: int, inputs: int) -> None:
        super().__init__()
        self.first, self.second, self.third = WideLinear(inputs, 4), WideLinear(4, 4), WideLinear(4, 4)
        self.third.weight = self.second.weight
        self.last = WideLinear(4, rows)

    def place(self, where: Samples) -> None:
        points = torch.tensor(where.points).to(self.first.weight)
        self.register_buffer("points", points, persistent=False)

    def scale_to(self, energy: Tensor, target: float) -> None:
        """It stays as it is drawn."""

    def forward(self, distinct: bool = False) -> Tensor:
        inner = torch.sin(self.second(torch.sin(self.first(self.points))))
        samples: Tensor = self.last(torch.sin(self.third(inner)))
        return samples.T


class Constant(KernelModule):
    """A kernel that learns nothing."""

    points: Tensor

    def __init__(self, rows: int, inputs: int) -> None:
        super().__init__()
        self.rows = rows

    def place(self, where: Samples) -> None:
        self.register_buffer("points", torch.tensor(where.points), persistent=False)

    def scale_to(self, energy: Tensor, target: float) -> None:
        """It has no weights to draw."""

    def forward(self, distinct: bool = False) -> Tensor:
        each = torch.arange(1.0, self.rows + 1, device=self.points.device)
        return torch.cos(each[:, None] * self.points.square().sum(1).to(each)) / self.rows


OWN: dict[str, type[Bound | Whole | Constant]] = {"bound": Bound, "whole": Whole, "constant": Constant}


def lowered_to(module: type[Bound | Whole | Constant]) -> Callable[[object, Sampling], nn.Module]:
    """What a kernel's `lower` is to be, so that its module is this one."""
    return lambda self, where: module(where.rows, where.inputs)
