"""Free weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from archspec.layers.kernels.features import KernelModule

if TYPE_CHECKING:
    from archspec.sampling import Sampling


class Table(KernelModule):
    """Free weights (R, M·K); where turns do not map taps onto taps, interpolated to the turned grids."""

    turns: Tensor | None
    apart: Tensor | None
    among: Tensor | None
    kept: Tensor | None

    def __init__(self, rows: int, elements: int, taps: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, elements * taps))
        self.taps = taps

    def place(self, where: Sampling) -> None:
        """Sample here from now on."""
        weight, turns, kept = self.weight, where.turns, where.kept
        placed = apart = alike = among = None
        if turns is not None:
            assert where.alike is not None
            factor = 1.0 if where.factor is None else np.tile(where.factor, turns.shape[1] // len(where.factor))
            placed = torch.tensor(turns, dtype=weight.dtype, device=weight.device)  # (K₀, F·K)
            apart = torch.tensor(turns * factor, dtype=weight.dtype, device=weight.device)
            among = torch.from_numpy(where.alike).to(weight.device)  # (N, K)
            elements = torch.arange(where.index.shape[1], device=weight.device)[:, None] * turns.shape[1]
            alike = (among[:, None] + elements).reshape(-1)
        for name, buffer in (("turns", placed), ("apart", apart), ("among", among), ("alike", alike)):
            self.register_buffer(name, buffer, persistent=False)
        taps = None if kept is None else torch.tensor(kept, device=weight.device)
        self.register_buffer("kept", taps, persistent=False)

    def forward(self) -> Tensor:
        """Samples (R, P)."""
        if self.turns is None and self.kept is None:
            return self.weight
        table = self.weight.view(len(self.weight), -1, self.taps)
        if self.turns is not None:
            assert self.alike is not None
            return (table.flatten(0, 1) @ self.turns).view(len(table), -1).index_select(1, self.alike)
        return (table if self.kept is None else table.index_select(2, self.kept)).flatten(1)

    def distinct(self) -> Tensor:
        """(R, M·U): of turned tables the taps that differ, times their factors; else the samples."""
        if self.apart is None:
            return self.forward()
        return (self.weight.view(-1, self.taps) @ self.apart).view(len(self.weight), -1)

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw all weights with one variance that gives the kernels their energy."""
        elements = self.weight.shape[1] // self.taps
        if self.turns is None:
            power = energy.sum(-1)
        else:
            assert self.among is not None
            spread = self.turns.square().sum(0)[self.among][:, None].expand(-1, elements, -1)
            power = energy @ spread.reshape(-1)
        self.weight.normal_().mul_((target / power.clamp(min=1e-12)).sqrt().reshape(-1, 1))
