"""The penalty on frequencies that a kernel's taps cannot hold."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.geometry.cropping import unit
from archspec.layers.bank import Bank
from archspec.layers.kernels.magnet import Magnet
from archspec.layers.windows import Gaussian

Part = Literal["sines", "gaussians", "gabor", "gabor+window"]


def alias_penalty(
    model: nn.Module,
    part: Part = "gabor",
    each_filter: bool = True,
    deviations: float = 2.0,
    smooth: bool = False,
    horizon: int | None = None,
) -> Tensor:
    """Σ relu(f - share of Nyquist)² over the filters of the Magnets under `band_limit="regularise"`.

    FlexConv (Romero et al. 2022, arXiv 2110.08059, section 3.3 and appendix A). A filter's frequency, in cycles per
    unit, is that of its fastest sine plus `deviations` of the spectrum of its narrowest Gaussian; those of the filters
    of a kernel add up. Zero for a model with none. Add it to the loss, times 0.1 in the paper.

    Args:
        model: a network, or a layer.
        part: what counts as a filter's frequency; with the window, its spectrum is shared among the filters.
        each_filter: hold each filter to its share; else all of a kernel together to the whole.
        deviations: of the Gaussians' spectra.
        smooth: the offset exponential in place of the squared excess.
        horizon: taps whose Nyquist frequency is the limit; by default the kernel's own.
    """
    excesses = [
        _excess(bank, part, each_filter, deviations, horizon)
        for bank in model.modules()
        if isinstance(bank, Bank) and isinstance(bank.kernel, Magnet) and bank.kernel.regularised
    ]
    if not excesses:
        return torch.zeros((), device=next((p.device for p in model.parameters()), None))
    excess = torch.cat(excesses)
    if smooth:
        return 5 * (F.elu(excess - 4) + 1).sum()
    return excess.clamp(min=0).square().sum()


def _excess(bank: Bank, part: Part, each_filter: bool, deviations: float, horizon: int | None) -> Tensor:
    """How far the frequencies of a kernel's filters, or their sum, lie above the limit, in cycles per unit."""
    kernel, window = bank.kernel, bank.window
    assert isinstance(kernel, Magnet)
    sines, gaussians = (x.amax(1) for x in kernel.frequencies(deviations))
    used = {"sines": sines, "gaussians": gaussians}.get(part, sines + gaussians)
    spread = torch.zeros(()).to(used)
    if part == "gabor+window" and isinstance(window, Gaussian):
        spread = deviations / (2 * math.pi * window.width.min())
    limit = unit((horizon,) if horizon else bank.sizes) / 2
    if each_filter:
        return used + (spread - limit) / len(used)
    return (used.sum() + spread - limit)[None]
