"""Convolution over the grid, dyadic scales and turns."""

# Letters: I/O channels in/out, N turns, S scales, Q scales that a kernel spans, M elements of the kernel (Q·N, or Q).

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.layers.conv import CONV
from archspec.layers.kernel_layer import KernelLayer
from archspec.layers.layer import penalty
from archspec.layers.plain import CONV_MODULE, ZERO_PAD

if TYPE_CHECKING:
    from archspec.geometry.fourier import Target
    from archspec.geometry.sampling import Sampling
    from archspec.layers.kernels.features import KernelModule


class ScaleConv(KernelLayer):
    """(B, I, *grid) or (B, I, S·N, *grid) to (B, O, S'·N, *grid), or to (B, O, *grid) if one element is left.

    y_j,h(t) = Σ_i Σ_q Σ_h' Σ_a w_i(h⁻¹a, h⁻¹h', q) x̄_i,j+q,h'(t + a·2ʲ), with x̄ smoothed at the width of scale j.

    Args:
        kernel: the module that computes the samples of the kernels.
        where: where the kernel is sampled.
        energy: initial sum of squares of one kernel over its taps and elements, in expectation.
        dilations: for each output scale, its dilation and the number of input scales.
        lifts: whether the input has no group axis.
        grouped: whether the output has a group axis.
        splines: for each output scale, the smoothing filter along an axis; None without smoothing.
        bias: whether to add a bias per channel of the output.
        bank: other arguments of `Bank`.
    """

    def __init__(
        self,
        kernel: KernelModule,
        where: Sampling,
        *,
        energy: float,
        dilations: tuple[tuple[int, int], ...],
        lifts: bool,
        grouped: bool,
        splines: tuple[tuple[float, ...], ...] | None,
        bias: bool,
        **bank: Any,
    ) -> None:
        super().__init__(kernel, None, where, crop=None, **bank)
        self.dilations, self.lifts, self.grouped, self.splines = dilations, lifts, grouped, splines
        self.begin((), energy)
        self.bias = nn.Parameter(torch.zeros(self.outputs)) if bias else None
        for j, spline in enumerate(splines or ()):
            self.fix(f"spline_{j}", torch.tensor(spline, dtype=torch.float64))

    @property
    def apart(self) -> bool:
        """Whether each output element depends on one input element."""
        return not self.lifts and not self.where.mixes

    @property
    def groups(self) -> int:
        """Number of sets of maps that are convolved separately."""
        return self.inputs * (self.order if self.apart else 1) if self.depthwise else 1

    @property
    def turned(self) -> int:
        """Number of maps of an input channel at one scale."""
        return 1 if self.lifts else self.order

    def weight(self) -> Tensor:
        """(O·N, I, M, *taps), or (I·N, 1, M, *taps) when depthwise."""
        bank = self.bank()
        return bank.view(len(bank), -1, self.elements, *self.taps)

    def read_of(self, weight: Tensor, read: int) -> Tensor:
        """(O·N, I·M, *taps): the weight for the first `read` scales of its span."""
        return weight[:, :, : self.elements // self.where.span * read].flatten(1, 2)

    def expanded_bias(self) -> Tensor | None:
        """One bias per output channel, repeated over the turns."""
        return self.bias if self.bias is None or self.order == 1 else self.bias.repeat_interleave(self.order)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight()
        scales = [self.at_scale(j, x, weight) for j in range(len(self.dilations))]
        y = torch.stack([y.unflatten(1, (self.outputs, self.order)) for y in scales], 2).flatten(2, 3)
        return y if self.grouped else y.squeeze(2)

    def at_scale(self, j: int, x: Tensor, weight: Tensor) -> Tensor:
        """(B, O·N, *grid): the output at one scale."""
        dilation, read = self.dilations[j]
        seen = x if self.lifts else x[:, :, j * self.order : (j + read) * self.order].flatten(1, 2)
        for axis, taps in enumerate(self.taps):
            seen = self.smoothed(seen, axis, (taps - 1) // 2 * dilation, j)
        convolve: Callable[..., Tensor] = CONV[len(self.taps) - 1]
        bias = self.expanded_bias()
        return convolve(seen, self.read_of(weight, read), bias, dilation=dilation, groups=self.groups)

    def smoothed(self, x: Tensor, axis: int, half: int, j: int) -> Tensor:
        """`x` smoothed along one axis at scale j, and padded by `half` zeros at either end."""
        dims, maps = len(self.taps), x.shape[1]
        if self.splines is None:
            return F.pad(x, _around(axis, dims, half))
        spline: Tensor = self.get_buffer(f"spline_{j}")
        x = F.pad(x, _around(axis, dims, half + len(spline) // 2))
        return CONV[dims - 1](x, _along(spline, axis, dims).expand(maps, *(-1,) * (dims + 1)), groups=maps)

    def penalty(self, name: str) -> Tensor | None:
        """The term of `admissibility`: the mean over its kernels of their squared sum; none for kernels of one tap."""
        if name != "admissibility" or max(self.taps) == 1:
            return super().penalty(name)
        return self.weight().flatten(3).sum(-1).square().mean()[None]

    def plain(self, target: Target = "torch") -> nn.Module:
        """For each scale, smoothing along each axis and then a dilated convolution, as ordinary modules."""
        return _PlainScales(self)


def _around(axis: int, dims: int, margin: int) -> tuple[int, ...]:
    """Padding of one axis in the order of `F.pad`, the last axis first."""
    return tuple(margin if a == axis else 0 for a in range(dims - 1, -1, -1) for _ in range(2))


def _along(spline: Tensor, axis: int, dims: int) -> Tensor:
    """(1, 1, …): the spline as a kernel along one axis."""
    return spline.view(1, 1, *(-1 if a == axis else 1 for a in range(dims)))


class _PlainScales(nn.Module):
    def __init__(self, layer: ScaleConv) -> None:
        super().__init__()
        self.dilations, self.inputs, self.lifts = layer.dilations, layer.inputs, layer.lifts
        self.outputs, self.order = layer.outputs, layer.order
        self.smoothing, self.convs = nn.ModuleList(), nn.ModuleList()
        bias = layer.expanded_bias()
        for j, (dilation, read) in enumerate(layer.dilations):
            maps = layer.inputs * read * layer.turned
            weight = layer.read_of(layer.weight().detach(), read).clone()
            conv = CONV_MODULE[len(layer.taps) - 1](
                maps,
                len(weight),
                layer.taps,
                dilation=dilation,
                groups=layer.groups,
                bias=bias is not None,
                device="meta",
            )
            conv.weight = nn.Parameter(weight)
            if bias is not None:
                conv.bias = nn.Parameter(bias.detach().clone())
            self.convs.append(conv)
            self.smoothing.append(nn.Sequential(*_smoothing(layer, j, maps)))

    def forward(self, x: Tensor) -> Tensor:
        apart = None if self.lifts else torch.unflatten(x, 1, (self.inputs, -1))
        scales = []
        for j, (_, read) in enumerate(self.dilations):
            seen = x if apart is None else torch.narrow(apart, 2, j * self.order, read * self.order)
            maps = self.convs[j](self.smoothing[j](seen if apart is None else torch.flatten(seen, 1, 2)))
            scales.append(torch.unflatten(maps, 1, (self.outputs, self.order)))
        return torch.flatten(torch.stack(scales, 2), 1, 3)


def _smoothing(layer: ScaleConv, j: int, maps: int) -> list[nn.Module]:
    """Modules that pad and smooth one scale, axis by axis."""
    found: list[nn.Module] = []
    dims, dilation = len(layer.taps), layer.dilations[j][0]
    pad = ZERO_PAD[dims - 1]
    for axis, taps in enumerate(layer.taps):
        half = (taps - 1) // 2 * dilation
        if layer.splines is None:
            found.append(pad(_around(axis, dims, half), 0.0))
            continue
        spline: Tensor = layer.get_buffer(f"spline_{j}")
        kernel = _along(spline, axis, dims)
        smooth = CONV_MODULE[dims - 1](maps, maps, kernel.shape[2:], groups=maps, bias=False, device="meta")
        smooth.weight = nn.Parameter(kernel.expand(maps, *(-1,) * (dims + 1)).clone())
        found += [pad(_around(axis, dims, half + len(spline) // 2), 0.0), smooth]
    return found


def admissibility_penalty(model: nn.Module) -> Tensor:
    """Σ over layers of mean((Σ_t ψ)²): wavelets have zero mean (Romero et al. 2024, arXiv 2006.05259, section 5).

    Zero for a model without convolutions on scales. Add it to the loss, with the factor 1 in the paper.
    """
    return penalty(model, "admissibility")
