"""Tables of weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archspec.layers.kernels.features import KernelModule
from archspec.layers.layer import Role
from archspec.layers.precision import wide_dtype

if TYPE_CHECKING:
    from archspec.geometry.samples import Samples


class Table(KernelModule):
    """An independent weight for each tap, (R, M·K); interpolated on turned grids if turns do not map taps onto taps."""

    roles: ClassVar[Mapping[str, Role]] = {"": "plain"}
    turns: Tensor | None
    apart: Tensor | None
    repeated: Tensor | None
    subset: Tensor | None

    def __init__(self, rows: int, elements: int, taps: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, elements * taps))
        self.taps = taps

    def outgoing(self) -> Mapping[str, Tensor]:
        """The weights."""
        return {"weight": self.weight}

    def place(self, where: Samples) -> None:
        """Sample the kernels at these points from now on."""
        turns, apart, alike, self.among = where.turns, None, None, where.alike
        if turns is not None:
            assert where.alike is not None
            factor = np.ones(1) if where.factor is None else where.factor
            apart = turns * np.tile(factor, turns.shape[1] // len(factor))
            elements = np.arange(where.index.shape[1])[:, None] * turns.shape[1]
            alike = (where.alike[:, None] + elements).reshape(-1)
        self.alike = alike
        for name, values in (("turns", turns), ("apart", apart), ("repeated", alike), ("subset", where.subset)):
            self.hold(name, self._placed(values))

    def _placed(self, values: NDArray[Any] | None) -> Tensor | None:
        if values is None:
            return None
        dtype = wide_dtype(self.weight.dtype) if values.dtype.kind == "f" else None
        return torch.tensor(values, dtype=dtype, device=self.weight.device)

    def forward(self, distinct: bool = False) -> Tensor:
        """(R, P), the samples; distinct, only the different ones of turned tables, (R, M·U), times their factors."""
        if distinct and self.apart is not None:
            apart = self.weight.to(self.apart.dtype).view(-1, self.taps) @ self.apart
            return apart.view(len(self.weight), -1)
        if self.turns is None and self.subset is None:
            return self.weight
        table = self.weight.view(len(self.weight), -1, self.taps)
        if self.turns is not None:
            assert self.repeated is not None
            turned = table.flatten(0, 1).to(self.turns.dtype) @ self.turns
            return turned.view(len(table), -1).index_select(1, self.repeated)
        return (table if self.subset is None else table.index_select(2, self.subset)).flatten(1)

    def stretch(self, ratio: float, centre: float) -> None:
        """Do nothing: its weights belong to taps, whatever the coordinates are."""

    def resized(self, weight: Tensor, before: tuple[int, ...], now: tuple[int, ...], causal: bool) -> Tensor:
        """(R, M·K) to (R, M·K'): cropped or padded by zeros around the centre (causal: before the oldest tap)."""
        return recut(weight, before, now, causal)

    @torch.no_grad()
    def match(self, rows: Tensor, samples: Tensor, at: Tensor) -> int:
        """Set the weights of kernels to the samples at the first element, which they are."""
        self.weight[rows] = samples.to(self.weight)
        return samples.numel()

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw all weights with the variance that gives each kernel the expected energy `target`."""
        elements = self.weight.shape[1] // self.taps
        if self.turns is None:
            power = energy.sum(-1)
        else:
            assert self.among is not None
            among = torch.from_numpy(self.among).to(self.weight.device)
            spread = self.turns.square().sum(0)[among][:, None].expand(-1, elements, -1)
            power = energy @ spread.reshape(-1)
        self.weight.normal_().mul_((target / power.clamp(min=1e-12)).sqrt().reshape(-1, 1))


def recut(weight: Tensor, before: tuple[int, ...], now: tuple[int, ...], causal: bool) -> Tensor:
    """(…, M·K) to (…, M·K'): cropped or padded by zeros around the centre (causal: before the oldest tap)."""
    shaped = weight.reshape(*weight.shape[:-1], -1, *before)
    dims = shaped.dim() - len(before)
    for axis, (old, new) in enumerate(zip(before, now, strict=True), dims):
        first = new - old if causal else (new - old) // 2
        pads = [0, 0] * (shaped.dim() - 1 - axis) + [first, new - old - first]
        shaped = torch.nn.functional.pad(shaped, pads)
    return shaped.reshape(*weight.shape[:-1], -1)
