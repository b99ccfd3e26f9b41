"""The action of a group on signals, and random signals that can be moved exactly."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from archspec.geometry.groups import Group
from archspec.graph.signal import Signal
from archspec.layers.moving import axes_of, keeps_grid, permuted, places, turned

WAVES = 12


def transformed(x: Tensor, signal: Signal, group: Group, element: int) -> Tensor:
    """(L_g F)(p, h) = F(g⁻¹p, g⁻¹h): the grid turned, and the group axis permuted where there is one.

    `group` has no scales; a signal on several scales is turned at each of them.
    """
    if not signal.grid:
        return x
    if signal.group.scaling:
        at_each = signal._replace(channels=signal.channels * signal.group.scales, group=signal.group.turning)
        return transformed(x.reshape(-1, *at_each.shape), at_each, group, element).reshape(x.shape)
    action = group.action(signal.dims)
    inverse = int(action.relative[element, 0])
    if not signal.group.trivial:
        fibre = signal.group.action(signal.dims)
        at = int(fibre.index_of(action.matrices[inverse]))
        x = x.index_select(2, torch.tensor(fibre.product[at], device=x.device))
    matrix = action.matrices[inverse]
    if keeps_grid(matrix):
        return permuted(x, *axes_of(matrix))
    size = (signal.grid[-2], signal.grid[-1])
    return turned(x, places(matrix, size).to(x), tuple(x.shape[1:]))


def still(size: int, of: int | None = None) -> int:
    """Index of the fixed point of scaling on an axis of `size` points, near its middle.

    It is chosen on the axis of the network's input, of `of` points (by default the same), so that it stays a point of
    the grid after strides of two, as far as there are points left around it.
    """
    whole = of or size
    step = 1 << int(math.log2(max(1.0, whole / 4)))
    return whole // 2 // step * step * size // whole


class Waves:
    """Random signals given as functions (cosines times a wide Gaussian), so that they can be moved exactly.

    Args:
        shape: (B, C, *grid).
        group: the group that moves them: turns and flips about the centre of the grid, scales about the point `still`.
        cutoff: highest frequency, as a fraction of Nyquist.
        seed: seed of the random functions.
    """

    def __init__(self, shape: tuple[int, ...], group: Group, cutoff: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.grid, dims, waves = np.array(shape[2:]), len(shape) - 2, (*shape[:2], WAVES)
        directions = rng.standard_normal((*waves, dims))
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        radii = cutoff * np.pi * rng.uniform(0.05, 1, waves) ** (1 / dims)
        self.frequencies = directions * radii[..., None]
        self.phases, self.amplitudes = rng.uniform(0, 2 * np.pi, waves), rng.standard_normal(waves)
        self.turns = np.linalg.inv(group.turning.action(dims).matrices)
        self.centre = (self.grid - 1) / 2
        self.still = np.array([still(n) for n in shape[2:]]) if group.scaling else self.centre

    def moved(self, elements: list[int]) -> Tensor:
        """(B, C, *grid), float64: example i moved by element elements[i], (L_g x)(p) = x(g⁻¹p).

        Scales act inversely: they compress, so that a coarse scale's response appears at a finer one. Turns act first.
        """
        scales, turns = np.divmod(np.array(elements), len(self.turns))
        axes = np.meshgrid(*(np.arange(n) for n in self.grid), indexing="ij")
        points = np.stack(axes, -1).reshape(-1, len(self.grid)) - self.still
        stretched = 2.0 ** scales[:, None, None] * points + (self.still - self.centre)
        seen = np.einsum("bij,bpj->bpi", self.turns[turns], stretched)
        waves = np.einsum("bcwd,bpd->bcwp", self.frequencies, seen) + self.phases[..., None]
        envelope = np.exp(-0.5 * ((seen / (self.grid / 5)) ** 2).sum(-1))[:, None]
        values = np.einsum("bcw,bcwp->bcp", self.amplitudes, np.cos(waves)) * envelope
        return torch.from_numpy(values.reshape(*values.shape[:2], *self.grid))


def smooth_noise(shape: tuple[int, ...], seed: int, cutoff: float = 0.3) -> Tensor:
    """Random signals without frequencies above `cutoff` of Nyquist, float64, unit variance."""
    noise = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    axes = tuple(range(2, len(shape)))
    radius = torch.zeros(shape[2:], dtype=torch.float64)
    for axis, size in enumerate(shape[2:]):
        frequency = torch.fft.fftfreq(size, dtype=torch.float64) * 2
        radius = radius + (frequency**2).view([-1 if a == axis else 1 for a in range(len(axes))])
    smooth = torch.fft.ifftn(torch.fft.fftn(noise, dim=axes) * torch.exp(-radius / (2 * cutoff**2)), dim=axes).real
    scaled: Tensor = smooth / smooth.std()
    return scaled
