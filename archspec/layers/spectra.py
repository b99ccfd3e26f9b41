"""Spectra of signals and the products that convolve them, by operations of torch that have derivatives."""

# Letters: B batch, I/O channels in/out, S grid, K taps, N transform lengths, F frequencies (the last axis halved),
# R = O·I kernels, H features they are mixed from. A spectrum is complex: depthwise (I, *F), dense (F, O, I).

from __future__ import annotations

import torch
from torch import Tensor

Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def convolve_plain(x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape, depthwise: bool) -> Tensor:
    """As `convolve`, by operations that ONNX has. As a buffer, keep `torch.view_as_real` of the spectrum."""
    spectra = spectra_of(x, sizes)
    if depthwise:
        return signals_of(spectra * spectrum, sizes, out).contiguous()
    product = frequencies_first(spectra) @ spectrum.mT
    return signals_of(frequencies_last(product, sizes), sizes, out).contiguous()


def conjugate_spectra(kernel: Tensor, sizes: Shape) -> Tensor:
    """(R, *N) to (R, F)."""
    return torch.conj(spectra_of(kernel, sizes)).resolve_conj().flatten(1)


def frequencies(sizes: Shape) -> Shape:
    """Of each axis, the last one halved."""
    return (*sizes[:-1], sizes[-1] // 2 + 1)


def paired(sizes: Shape) -> slice:
    """The part of the halved axis that stands for two frequencies each: not the first and, if N is even, the last."""
    return slice(1, (sizes[-1] + 1) // 2)


def spectra_of(x: Tensor, sizes: Shape, norm: str = "backward") -> Tensor:
    """Over the last axes, with zeros up to `sizes`."""
    spectra: Tensor = torch.fft.rfftn(x, s=sizes, dim=tuple(range(-len(sizes), 0)), norm=norm)
    return spectra


def signals_of(spectra: Tensor, sizes: Shape, out: Shape, norm: str = "backward") -> Tensor:
    """Back over the last axes, cut off after `out`."""
    signals: Tensor = torch.fft.irfftn(spectra, s=sizes, dim=tuple(range(-len(sizes), 0)), norm=norm)
    for axis, n in enumerate(out, -len(out)):
        signals = signals.narrow(axis, 0, n)
    return signals


def frequencies_first(spectra: Tensor) -> Tensor:
    """(B, I, *F) to (F, B, I), as the transposition of a matrix, which is faster than a permutation."""
    inputs = spectra.shape[1]
    matrix = spectra.flatten(0, 1).flatten(1).t().contiguous()
    return matrix.view(len(matrix), -1, inputs)


def frequencies_last(spectra: Tensor, sizes: Shape) -> Tensor:
    """(F, B, O) to (B, O, *F)."""
    return spectra.flatten(1).t().contiguous().view(-1, spectra.shape[2], *frequencies(sizes))
