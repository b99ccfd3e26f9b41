"""Spectra of signals and convolution as a product of spectra, by differentiable operations of torch."""

# Letters: B batch, I/O channels in/out, S grid, K taps, N transform lengths, F frequencies (the last axis halved),
# R = O·I kernels, H functions they are combinations of. A spectrum is complex: depthwise (I, *F), dense (F, O, I).

from __future__ import annotations

import torch
from torch import Tensor

Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def convolve_plain(x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape, depthwise: bool) -> Tensor:
    """As `archspec.layers.spectral.convolve`, by ordinary operations of torch that can be traced and exported."""
    spectra = spectra_of(x, sizes)
    if depthwise:
        return signals_of(spectra * spectrum, sizes, out).contiguous()
    product = frequencies_first(spectra) @ spectrum.mT
    return signals_of(frequencies_last(product, sizes), sizes, out).contiguous()


def conjugate_spectra(kernel: Tensor, sizes: Shape) -> Tensor:
    """(R, *N) to (R, F): the complex conjugate of the spectrum."""
    return torch.conj(spectra_of(kernel, sizes)).resolve_conj().flatten(1)


def frequencies(sizes: Shape) -> Shape:
    """Number of frequencies per axis, of the last axis only those that are not negative."""
    return (*sizes[:-1], sizes[-1] // 2 + 1)


def paired(sizes: Shape) -> slice:
    """The indices of the last axis whose negative frequency is left out: not the first and, for even N, the last."""
    return slice(1, (sizes[-1] + 1) // 2)


def spectra_of(x: Tensor, sizes: Shape, norm: str = "backward") -> Tensor:
    """The spectra of real signals over their last axes, padded by zeros to `sizes`."""
    spectra: Tensor = torch.fft.rfftn(x, s=sizes, dim=tuple(range(-len(sizes), 0)), norm=norm)
    return spectra


def signals_of(spectra: Tensor, sizes: Shape, out: Shape, norm: str = "backward") -> Tensor:
    """The real signals of spectra over their last axes, the first `out` points of each axis."""
    signals: Tensor = torch.fft.irfftn(spectra, s=sizes, dim=tuple(range(-len(sizes), 0)), norm=norm)
    for axis, n in enumerate(out, -len(out)):
        signals = signals.narrow(axis, 0, n)
    return signals


def frequencies_first(spectra: Tensor) -> Tensor:
    """(B, I, *F) to (F, B, I), as the transpose of a matrix, which is faster than a permutation of axes."""
    inputs = spectra.shape[1]
    matrix = spectra.flatten(0, 1).flatten(1).t().contiguous()
    return matrix.view(len(matrix), -1, inputs)


def frequencies_last(spectra: Tensor, sizes: Shape) -> Tensor:
    """(F, B, O) to (B, O, *F)."""
    return spectra.flatten(1).t().contiguous().view(-1, spectra.shape[2], *frequencies(sizes))
