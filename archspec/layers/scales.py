"""Convolution over time and dyadic scales."""

# Letters: I/O channels in/out, S scales, Q scales that a kernel reads, K taps, T time.

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from archspec.layers.kernels.features import KernelModule
    from archspec.sampling import Sampling


class ScaleConv(nn.Module):
    """(B, I, T) or (B, I, S, T) to (B, O, S', T), or to (B, O, T) where one scale is left.

    y_j(t) = Σ_i Σ_q Σ_a w_iq(a) x̄_i,j+q(t + a·2ʲ), with x̄ smoothed at the width of scale j.

    Args:
        kernel: gives samples (O·I, Q·K).
        stages: for each scale of the output, its dilation and how many scales it reads.
        lifts: whether the input has no scales.
        grouped: whether the output has scales.
        splines: what smooths, for each scale; None where nothing does.
    """

    def __init__(
        self,
        kernel: KernelModule,
        where: Sampling,
        *,
        inputs: int,
        outputs: int,
        stages: tuple[tuple[int, int], ...],
        lifts: bool,
        grouped: bool,
        splines: tuple[tuple[float, ...], ...] | None,
        bias: bool,
    ) -> None:
        super().__init__()
        self.kernel, self.stages, self.lifts, self.grouped, self.splines = kernel, stages, lifts, grouped, splines
        self.inputs, self.outputs, self.span, self.taps = inputs, outputs, where.index.shape[1], where.taps[0]
        kernel.place(where)
        with torch.no_grad():
            kernel.scale_to(torch.ones(self.span * self.taps), 1 / inputs)
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        for j, spline in enumerate(splines or ()):
            self.register_buffer(f"spline_{j}", torch.tensor(spline), persistent=False)

    def weight(self) -> Tensor:
        """(O, I, Q, K)."""
        sampled: Tensor = self.kernel()
        return sampled.view(self.outputs, self.inputs, self.span, self.taps)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight()
        scales = [self.at_scale(j, x, weight) for j in range(len(self.stages))]
        return torch.stack(scales, 2) if self.grouped else scales[0]

    def at_scale(self, j: int, x: Tensor, weight: Tensor) -> Tensor:
        """(B, O, T): the output at one scale."""
        dilation, read = self.stages[j]
        seen = x if self.lifts else x[:, :, j : j + read].flatten(1, 2)
        half, maps = (self.taps - 1) // 2 * dilation, self.inputs * read
        if self.splines is None:
            seen = F.pad(seen, (half, half))
        else:
            spline = self.get_buffer(f"spline_{j}")
            reach = half + len(spline) // 2
            seen = F.conv1d(F.pad(seen, (reach, reach)), spline.expand(maps, 1, -1), groups=maps)
        taps = weight[:, :, :read].flatten(1, 2)
        return F.conv1d(seen, taps, self.bias, dilation=dilation)

    def plain(self) -> nn.Module:
        """Ordinary convolutions, two for each scale."""
        return _PlainScales(self)


class _PlainScales(nn.Module):
    def __init__(self, layer: ScaleConv) -> None:
        super().__init__()
        self.stages, self.inputs, self.lifts = layer.stages, layer.inputs, layer.lifts
        weight, self.grouped = layer.weight().detach(), layer.grouped
        self.smoothing, self.convs = nn.ModuleList(), nn.ModuleList()
        for j, (dilation, read) in enumerate(layer.stages):
            maps, half = layer.inputs * read, (layer.taps - 1) // 2 * dilation
            conv = nn.Conv1d(
                maps, layer.outputs, layer.taps, dilation=dilation, bias=layer.bias is not None, device="meta"
            )
            conv.weight = nn.Parameter(weight[:, :, :read].flatten(1, 2).clone())
            if layer.bias is not None:
                conv.bias = nn.Parameter(layer.bias.detach().clone())
            self.convs.append(conv)
            if layer.splines is None:
                self.smoothing.append(nn.ConstantPad1d(half, 0.0))
                continue
            spline = layer.get_buffer(f"spline_{j}")
            smooth = nn.Conv1d(maps, maps, len(spline), groups=maps, bias=False, device="meta")
            smooth.weight = nn.Parameter(spline.expand(maps, 1, -1).clone())
            self.smoothing.append(nn.Sequential(nn.ConstantPad1d(half + len(spline) // 2, 0.0), smooth))

    def forward(self, x: Tensor) -> Tensor:
        apart = None if self.lifts else torch.unflatten(x, 1, (self.inputs, -1))
        scales = []
        for j, (_, read) in enumerate(self.stages):
            seen = x if apart is None else torch.flatten(torch.narrow(apart, 2, j, read), 1, 2)
            scales.append(self.convs[j](self.smoothing[j](seen)))
        return torch.flatten(torch.stack(scales, 2), 1, 2) if self.grouped else scales[0]


def admissibility_penalty(model: nn.Module) -> Tensor:
    """Σ over layers of mean((Σ_t ψ)²): a wavelet has no mean (Romero et al. 2024, arXiv 2006.05259, section 5).

    Zero for a model without convolutions on scales. Add it to the loss, times 1 in the paper.
    """
    means = [layer.weight().sum(-1).square().mean() for layer in model.modules() if isinstance(layer, ScaleConv)]
    return torch.stack(means).sum() if means else torch.zeros(())
