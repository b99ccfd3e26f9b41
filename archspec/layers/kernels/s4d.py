"""Kernels of diagonal state-space models."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from archspec.layers.kernels.features import KernelModule
from archspec.layers.precision import wide_dtype, widened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archspec.geometry.samples import Samples


class S4D(KernelModule):
    """K(t) = 2 Re Σₙ Cₙ (e^{ΔAₙ} - 1)/Aₙ · e^{ΔAₙ t}, t in reference steps before the current one.

    In a kernel that is not causal, t is the distance from the centre, with separate weights Cₙ before and after it.
    """

    steps: Tensor
    later: Tensor

    def __init__(
        self, rows: int, states: int, causal: bool, steps_per_unit: float, slowest: float, fastest: float
    ) -> None:
        super().__init__()
        low, high = sorted((slowest, fastest))
        self.log_step = nn.Parameter(torch.empty(rows, 1).uniform_(math.log(low), math.log(high)))
        self.log_decay = nn.Parameter(torch.full((rows, states), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(states).expand(rows, -1).to(self.log_step))
        sides = 1 if causal else 2
        self.weight = nn.Parameter(torch.randn(rows, sides, states, 2))
        self.causal, self.steps_per_unit = causal, steps_per_unit

    def outgoing(self) -> Mapping[str, Tensor]:
        """The weights."""
        return {"weight": self.weight}

    def place(self, where: Samples) -> None:
        """Sample the kernels at these points from now on."""
        points = torch.tensor(where.points[:, 0], dtype=wide_dtype(self.weight.dtype), device=self.weight.device)
        steps = (1 - points if self.causal else points.abs()) * self.steps_per_unit
        self.register_buffer("steps", steps, persistent=False)
        self.register_buffer("later", (points > 0).to(points), persistent=False)

    def stretch(self, ratio: float, centre: float) -> None:
        """Do nothing: its time is in steps of the grid, whatever the size."""

    def forward(self, distinct: bool = False) -> Tensor:
        """(R, P): the samples."""
        step = widened(self.log_step).exp()
        decay, frequency = -widened(self.log_decay).exp(), widened(self.frequency)
        # (e^{ΔA} - 1)/A, the zero-order hold of one step, in real and imaginary parts.
        grown = torch.exp(step * decay)
        real, imag = grown * torch.cos(step * frequency) - 1, grown * torch.sin(step * frequency)
        norm = decay.square() + frequency.square()
        held_real, held_imag = (real * decay + imag * frequency) / norm, (imag * decay - real * frequency) / norm
        envelope = torch.exp((step * decay)[:, :, None] * self.steps)
        phase = (step * frequency)[:, :, None] * self.steps
        waves = torch.cat([envelope * torch.cos(phase), envelope * torch.sin(phase)], 1)
        weight_real, weight_imag = widened(self.weight).unbind(3)
        held_real, held_imag = held_real[:, None], held_imag[:, None]
        c_real = weight_real * held_real - weight_imag * held_imag
        c_imag = weight_real * held_imag + weight_imag * held_real
        weights = 2 * torch.cat([c_real, -c_imag], 2)
        if not self.causal:
            waves = torch.cat([waves * (1 - self.later), waves * self.later], 1)
        return torch.bmm(weights.flatten(1)[:, None], waves).squeeze(1)

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """Scale the weights so that each kernel has exactly the energy `target`."""
        power = (self() * self()) * energy
        self.weight.mul_((target / power.sum(1).clamp(min=1e-12)).sqrt().view(-1, 1, 1, 1))
