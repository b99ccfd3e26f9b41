"""Free weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from archspec.layers.kernels.features import KernelModule

if TYPE_CHECKING:
    from archspec.sampling import Sampling


class Table(KernelModule):
    """Free weights (R, M·K); where turns do not map taps onto taps, interpolated to the turned grids."""

    turns: Tensor | None
    apart: Tensor | None
    kept: Tensor | None

    def __init__(self, rows: int, elements: int, taps: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, elements * taps))
        self.taps = taps

    def place(self, where: Sampling) -> None:
        """Sample here from now on."""
        weight, turns, kept = self.weight, where.turns, where.kept
        placed = None if turns is None else torch.tensor(turns, dtype=weight.dtype, device=weight.device)
        if placed is not None:
            placed = placed.view(self.taps, len(where.index), -1)  # (K₀, N, K)
        self.register_buffer("turns", placed, persistent=False)
        apart = alike = None
        if placed is not None:
            columns, among = where.turned_apart
            apart = torch.tensor(columns, dtype=weight.dtype, device=weight.device)  # (K₀, U)
            elements = torch.arange(where.index.shape[1])[:, None] * columns.shape[1]
            alike = (torch.from_numpy(among)[:, None] + elements).reshape(-1).to(weight.device)
        self.register_buffer("apart", apart, persistent=False)
        self.register_buffer("alike", alike, persistent=False)
        taps = None if kept is None else torch.tensor(kept, device=weight.device)
        self.register_buffer("kept", taps, persistent=False)

    def forward(self) -> Tensor:
        """Samples (R, P)."""
        table = self.weight.view(len(self.weight), -1, self.taps)
        if self.turns is not None:
            turned = table.flatten(0, 1) @ self.turns.flatten(1)
            return turned.view(*table.shape[:2], *self.turns.shape[1:]).transpose(1, 2).flatten(1)
        return (table if self.kept is None else table.index_select(2, self.kept)).flatten(1)

    def distinct(self) -> Tensor:
        """(R, M·U): the turned taps that differ, times their factors."""
        assert self.apart is not None
        return (self.weight.view(-1, self.taps) @ self.apart).view(len(self.weight), -1)

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw all weights with one variance that gives the kernels their energy."""
        elements = self.weight.shape[1] // self.taps
        if self.turns is None:
            power = energy.sum(-1)
        else:
            spread = self.turns.square().sum(0)[:, None].expand(-1, elements, -1)
            power = energy @ spread.reshape(-1)
        self.weight.normal_().mul_((target / power.clamp(min=1e-12)).sqrt().reshape(-1, 1))
