"""Convolution over one to three axes by Fourier transforms: spectra of kernels, and products with those of signals."""

# Letters: B batch, I/O channels in/out, S grid, K taps, N transform lengths, F frequencies (the last axis halved),
# R = O·I kernels, H functions they are combinations of. A spectrum is complex: depthwise (I, *F), dense (F, O, I).

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from archspec.layers.spectra import Pads, Shape, conjugate_spectra, convolve_plain, frequencies
from archspec.layers.spectral_gradients import Dense, Depthwise, Transform


def kernel_spectrum(bank: Tensor, grid: Shape, sizes: Shape, pads: Pads, depthwise: bool) -> Tensor:
    """The spectrum with which `convolve` computes the correlation with a bank of kernels.

    Args:
        bank: the kernels, (O, I, *K), or (I, 1, *K) when depthwise.
        grid: points of the signal, per axis.
        sizes: transform lengths, at least `archspec.geometry.fourier.smallest_size`.
        pads: zeros before and after the signal, per axis.
        depthwise: whether each input channel is convolved separately.
    """
    spectra = _transformed(bank.flatten(0, 1), grid, sizes, pads)
    if depthwise:
        return spectra.view(-1, *frequencies(sizes))
    return spectra.t().contiguous().view(-1, *bank.shape[:2])


def spectrum_of_features(
    weight: Tensor, features: Tensor, grid: Shape, sizes: Shape, pads: Pads, shape: tuple[int, int], depthwise: bool
) -> Tensor:
    """The spectrum of the bank weight @ features, by one transform for each of the H functions.

    A bias is the weight of a function that is 1 everywhere. A window that all kernels share multiplies the functions.

    Args:
        weight: (R, H).
        features: (H, *K), the functions at the taps.
        grid: points of the signal, per axis.
        sizes: transform lengths.
        pads: zeros before and after the signal, per axis.
        shape: (O, I), or (I, 1) when depthwise.
        depthwise: whether each input channel is convolved separately.
    """
    spectra = _transformed(features, grid, sizes, pads)
    mixing = weight.to(spectra.dtype)
    if depthwise:
        return (mixing @ spectra).view(-1, *frequencies(sizes))
    return (spectra.t() @ mixing.t()).view(-1, *shape)


def convolve(x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape, depthwise: bool) -> Tensor:
    """(B, I, *S) to (B, O, *out): transform, product with the spectrum of the kernels, inverse transform.

    The spectra of the signals are saved for the backward pass. Derivatives of any order, in forward mode too, and
    `torch.vmap` are supported.
    """
    learning = torch.is_grad_enabled() and (x.requires_grad or spectrum.requires_grad)
    if torch.compiler.is_compiling() or not (learning or depthwise):
        return convolve_plain(x, spectrum, sizes, out, depthwise)
    function: Any = Depthwise if depthwise else Dense
    y: Tensor = function.apply(x, spectrum, sizes, out, learning)[0]
    return y


def _transformed(kernel: Tensor, grid: Shape, sizes: Shape, pads: Pads) -> Tensor:
    """(R, *K) to (R, F): the conjugate spectrum of kernels, whose product with a spectrum is a correlation.

    Tap k is put at position k - before, modulo the transform length; taps that only meet padding are left out.
    """
    for axis, (s, n, (before, after)) in enumerate(zip(grid, sizes, pads, strict=True), 1):
        taps = kernel.shape[axis]
        out = s + before + after - taps + 1
        first, last = max(0, before - out + 1), min(taps, before + s)
        back, taps = before - first, last - first
        wrapped = min(back, taps)
        shape = list(kernel.shape)
        gap, end = (
            kernel.new_zeros(*shape[:axis], zeros, *shape[axis + 1 :])
            for zeros in (n - taps - (back - wrapped), back - wrapped)
        )
        head, tail = kernel.narrow(axis, first + wrapped, taps - wrapped), kernel.narrow(axis, first, wrapped)
        kernel = torch.cat([head, gap, tail, end], axis)
    if torch.compiler.is_compiling():
        return conjugate_spectra(kernel, sizes)
    # torch leaves `apply` without types.
    spectra: Tensor = Transform.apply(kernel, sizes)  # type: ignore[no-untyped-call]
    return spectra
