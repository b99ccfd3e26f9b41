"""Kernels that are sine networks (SIREN)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.kernels.features import FeatureKernel, KernelModule
from archspec.layers.kernels.weight_norm import WeightNormed
from archspec.layers.layer import Role
from archspec.layers.precision import WideLinear


class Siren(FeatureKernel):
    """A sine network from the coordinates of the samples to R kernels (Romero et al. 2021, eq. 5).

    z ← sin(ω(Wz + b)) in the hidden layers; the last layer is linear. ω multiplies the bias too. Coordinates after the
    first `dims` are those of the group, for which ω_group replaces ω. With `first_omega` the first layer has that
    factor, and the weights are initialised as in Sitzmann et al. 2020.
    """

    roles: ClassVar[Mapping[str, Role]] = {"": "kernel", "omega": "omega", "first_omega": "omega"}

    def __init__(
        self,
        rows: int,
        inputs: int,
        dims: int,
        hidden: int,
        layers: int,
        omega: float,
        omega_group: float,
        weight_norm: bool,
        learn_omega: bool,
        first_omega: float | None = None,
    ) -> None:
        super().__init__(hidden, rows)
        self.dims = dims
        widths = [inputs, *[hidden] * (layers - 1)]
        linear = WeightNormed if weight_norm else WideLinear
        self.hidden = nn.ModuleList(linear(a, b) for a, b in pairwise(widths))
        if weight_norm:
            self.out = WeightNormed(hidden, rows)
        own = first_omega is not None
        self.omega: float | Tensor = _factor(omega, learn_omega and not (own and layers == 2))
        self.first_omega = None if first_omega is None else _factor(first_omega, learn_omega)
        self.scale = [1.0] * dims + [omega_group / (first_omega or omega)] * (inputs - dims)
        with torch.no_grad():
            for i, layer in enumerate(self.hidden):
                assert isinstance(layer, nn.Linear | WeightNormed)
                first = 1 / inputs if own else 1.0
                _draw(layer, first if i == 0 else math.sqrt(6 / hidden) / omega)
                layer.bias.zero_() if own else layer.bias.uniform_(-1, 1)

    def seen(self, points: Tensor) -> Tensor:
        """The coordinates, those of the group scaled to their own frequency factor."""
        return torch.cat([points[:, : self.dims], points[:, self.dims :] * self.scale[-1]], 1)

    def features(self) -> Tensor:
        """(P, H): the last hidden layer."""
        z = self.points
        for i, layer in enumerate(self.hidden):
            omega = self.omega if i or self.first_omega is None else self.first_omega
            z = torch.sin(omega * layer(z))
        return z

    @torch.no_grad()
    def retune(self, other: KernelModule) -> None:
        """Scale the hidden layers where their factor ω, which may follow from the size, is another than theirs."""
        if not isinstance(other, Siren) or isinstance(self.omega, Tensor) or self.omega == other.omega:
            return
        ratio = float(other.omega) / self.omega
        for i, layer in enumerate(self.hidden):
            assert isinstance(layer, nn.Linear | WeightNormed)
            if i or self.first_omega is None:
                weight = layer.weight.clone()
                weight[:, : None if i else self.dims] *= ratio  # ω_group is the same: it is a factor of the coordinates
                layer.bias.mul_(ratio)
                _set(layer, weight)

    @torch.no_grad()
    def stretch(self, ratio: float, centre: float) -> None:
        """Rescale the first layer to the new unit of the coordinates."""
        first = self.hidden[0]
        assert isinstance(first, nn.Linear | WeightNormed)
        dims, moved = self.dims, first.weight.clone()
        first.bias.add_(moved[:, :dims].sum(1) * centre * (1 - ratio))
        moved[:, :dims] *= ratio
        _set(first, moved)

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """As `FeatureKernel.scale_to`; with weight normalisation, the lengths are set too."""
        if isinstance(self.out, nn.Linear):
            super().scale_to(energy, target)
            return
        like = self.out.direction
        outputs, inputs = like.shape
        plain = WideLinear(inputs, outputs, dtype=like.dtype, device=like.device)
        normed, self.out = self.out, plain
        super().scale_to(energy, target)
        self.out = normed
        normed.direction.copy_(plain.weight)
        normed.length.copy_(plain.weight.norm(dim=1))
        normed.bias.zero_()


def _factor(omega: float, learned: bool) -> float | nn.Parameter:
    return nn.Parameter(torch.tensor(omega)) if learned else omega


def _set(layer: nn.Linear | WeightNormed, weight: Tensor) -> None:
    if isinstance(layer, WeightNormed):
        layer.direction.copy_(weight)
        layer.length.copy_(weight.norm(dim=1))
    else:
        layer.weight.copy_(weight)


def _draw(layer: nn.Linear | WeightNormed, bound: float) -> None:
    if isinstance(layer, WeightNormed):
        layer.direction.uniform_(-bound, bound)
        layer.length.copy_(layer.direction.norm(dim=1))
    else:
        layer.weight.uniform_(-bound, bound)
