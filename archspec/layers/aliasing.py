"""The penalty on frequencies of kernels above the Nyquist frequency of their taps."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.layers.kernel_layer import KernelLayer

Part = Literal["sines", "gaussians", "gabor", "gabor+window"]


def alias_penalty(
    model: nn.Module,
    part: Part = "gabor",
    each_filter: bool = True,
    deviations: float = 2.0,
    smooth: bool = False,
    horizon: int | None = None,
) -> Tensor:
    """Σ relu(f - share of Nyquist)² over the filters of all Magnets with `band_limit="regularise"`.

    FlexConv (Romero et al. 2022, arXiv 2110.08059, section 3.3 and appendix A). A filter's frequency, in cycles per
    unit, is that of its fastest sine plus `deviations` standard deviations of the spectrum of its narrowest Gaussian.
    The frequencies of the filters of a kernel add up. Zero for a model without such kernels. Add it to the loss, with
    the factor 0.1 in the paper.

    Args:
        model: a network, or a layer.
        part: what a filter's frequency consists of; with the window, its spectrum is shared equally by the filters.
        each_filter: compare each filter with its share of the Nyquist frequency; else the sum of all with the whole.
        deviations: number of standard deviations of the Gaussians' spectra.
        smooth: use the offset exponential of the paper instead of the squared excess.
        horizon: taps per axis whose Nyquist frequency is the limit; by default those of the kernel.
    """
    banks = [bank for bank in model.modules() if isinstance(bank, KernelLayer) and bank.kernel.regularised]
    excesses = [bank.alias_excess(part, each_filter, deviations, horizon) for bank in banks]
    if not excesses:
        return torch.zeros((), device=next((p.device for p in model.parameters()), None))
    excess = torch.cat(excesses)
    if smooth:
        return 5 * (F.elu(excess - 4) + 1).sum()
    return excess.clamp(min=0).square().sum()
