"""A convolution layer as modules of torch only, with its kernels sampled once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from archspec.geometry.fourier import Target, fft_sizes
from archspec.layers.precision import widened
from archspec.layers.spectral import kernel_spectrum

CONV_MODULE: tuple[Any, ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
ZERO_PAD: tuple[Any, ...] = (nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d)


def plain_convolution(
    bank: Tensor,
    bias: Tensor | None,
    stride: tuple[int, ...],
    own_padding: tuple[int, ...],
    pad: Sequence[int],
    groups: int,
) -> nn.Module:
    """An ordinary convolution with the expanded bank (O·N, I·M, *taps) as its weights.

    Args:
        bank: the expanded bank.
        bias: (O·N,).
        stride: points per axis.
        own_padding: zeros that the convolution module adds itself, per axis.
        pad: zeros that are added before it, in the order of `F.pad`.
        groups: number of sets of channels that are convolved separately, as in `torch.nn.Conv2d`.
    """
    bank, taps = bank.detach().clone(memory_format=torch.contiguous_format), tuple(bank.shape[2:])
    conv = CONV_MODULE[len(taps) - 1](
        bank.shape[1] * groups,
        bank.shape[0],
        taps,
        stride,
        own_padding,
        1,
        groups,
        bias=bias is not None,
        device="meta",
    )
    conv.weight = nn.Parameter(bank)
    if bias is not None:
        conv.bias = nn.Parameter(bias.detach().clone())
    return nn.Sequential(ZERO_PAD[len(taps) - 1](tuple(pad), 0.0), conv) if any(pad) else conv


def plain_transform(
    bank: Tensor,
    bias: Tensor | None,
    grid: tuple[int, ...],
    around: tuple[tuple[int, int], ...],
    depthwise: bool,
    repeats: int,
    target: Target,
) -> nn.Module:
    """A convolution by Fourier transforms with the spectrum of the bank as a buffer; all sizes are constants.

    Args:
        bank: the expanded bank, (O·N, I·M, *taps).
        bias: (O·N,).
        grid: points of the signal, per axis.
        around: zeros before and after it, per axis.
        depthwise: whether each map is convolved separately.
        repeats: copies of each input map, one for each element that it is lifted to.
        target: what runs it.
    """
    taps = tuple(bank.shape[2:])
    sizes = fft_sizes(grid, taps, around, powers_of_two=target == "onnx")
    with torch.no_grad():
        spectrum = kernel_spectrum(widened(bank), grid, sizes, around, depthwise)
    out = tuple(n + a + b - k + 1 for n, (a, b), k in zip(grid, around, taps, strict=True))
    return _Transform(spectrum, bias, sizes, out, depthwise, repeats)


class _Transform(nn.Module):
    """Written so that it can be traced to operations of torch: no size is read from a tensor."""

    spectrum: Tensor
    bias: Tensor | None

    def __init__(
        self,
        spectrum: Tensor,
        bias: Tensor | None,
        sizes: tuple[int, ...],
        out: tuple[int, ...],
        depthwise: bool,
        repeats: int,
    ) -> None:
        super().__init__()
        # Transforms are in the precision of the spectrum, whatever that of the signals is.
        self.precision = torch.float64 if spectrum.dtype == torch.complex128 else torch.float32
        # The buffer is real, since not every runtime has complex buffers.
        parts = torch.view_as_real(spectrum.resolve_conj())
        self.register_buffer("spectrum", parts.clone(memory_format=torch.contiguous_format))
        shaped = None if bias is None else bias.detach().clone().view(-1, *(1,) * len(sizes))
        self.register_buffer("bias", shaped)
        self.sizes, self.out, self.depthwise, self.repeats = sizes, out, depthwise, repeats
        self.frequencies = (*sizes[:-1], sizes[-1] // 2 + 1)

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(-len(self.sizes), 0))
        if self.repeats > 1:
            x = torch.repeat_interleave(x, self.repeats, 1)
        spectra = torch.fft.rfftn(x.to(self.precision), self.sizes, axes)
        # In channels-last memory format, to which a whole network may be moved, it cannot be seen as complex.
        spectrum = torch.view_as_complex(self.spectrum.to(self.precision).contiguous())
        if self.depthwise:
            product = spectra * spectrum
        else:
            # (B, I, F) to (F, B, I) times (F, I, O), and back.
            first = torch.permute(torch.flatten(spectra, 2), (2, 0, 1))
            product = torch.permute(torch.matmul(first, torch.transpose(spectrum, 1, 2)), (1, 2, 0))
            product = torch.unflatten(product, 2, self.frequencies)
        y: Tensor = torch.fft.irfftn(product, self.sizes, axes)
        for axis, size in zip(axes, self.out, strict=True):
            y = torch.narrow(y, axis, 0, size)
        y = y.to(x.dtype)
        return y if self.bias is None else y + self.bias
