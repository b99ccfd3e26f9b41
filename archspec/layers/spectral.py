"""Convolution of one to three axes by Fourier transform: spectra of kernels, their product with those of signals."""

# Letters: B batch, I/O channels in/out, S grid, K taps, N transform lengths, F frequencies (the last axis halved),
# R = O·I kernels, H features they are mixed from. A spectrum is complex: depthwise (I, *F), dense (F, O, I).

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]

# Depthwise goes by as many samples as make this many frequencies: new memory costs more than what is computed in it.
CHUNK = 2**18


def kernel_spectrum(bank: Tensor, grid: Shape, sizes: Shape, pads: Pads, depthwise: bool) -> Tensor:
    """The spectrum by which `convolve` is the correlation with a bank of kernels (O, I, *K), or (I, 1, *K) depthwise.

    Args:
        bank: the kernels.
        grid: samples of the signal, per axis.
        sizes: transform lengths, at least `archspec.transforms.smallest_size`.
        pads: zeros before and after the signal, per axis.
        depthwise: whether each input channel is convolved by itself.
    """
    spectra = _transformed(bank.flatten(0, 1), grid, sizes, pads)
    if depthwise:
        return spectra.view(-1, *_frequencies(sizes))
    return spectra.t().contiguous().view(-1, *bank.shape[:2])


def spectrum_of_features(
    weight: Tensor, features: Tensor, grid: Shape, sizes: Shape, pads: Pads, shape: tuple[int, int], depthwise: bool
) -> Tensor:
    """The spectrum of the bank weight @ features, from as many transforms as there are features.

    A bias is one more feature, of ones. A window that all kernels share multiplies the features.

    Args:
        weight: (R, H).
        features: (H, *K).
        grid: samples of the signal, per axis.
        sizes: transform lengths.
        pads: zeros before and after the signal, per axis.
        shape: (O, I), or (I, 1) when depthwise.
        depthwise: whether each input channel is convolved by itself.
    """
    spectra = _transformed(features, grid, sizes, pads)
    mixing = weight.to(spectra.dtype)
    if depthwise:
        return (mixing @ spectra).view(-1, *_frequencies(sizes))
    return (spectra.t() @ mixing.t()).view(-1, *shape)


def convolve(x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape, depthwise: bool) -> Tensor:
    """(B, I, *S) to (B, O, *out): one transform, a product, one transform back; the backward keeps the spectra."""
    if torch.is_grad_enabled() and (x.requires_grad or spectrum.requires_grad):
        function: Any = _Depthwise if depthwise else _Dense
        differentiable: Tensor = function.apply(x, spectrum, sizes, out)
        return differentiable
    if not depthwise:
        return convolve_plain(x, spectrum, sizes, out, depthwise)
    y = x.new_empty(*x.shape[:2], *out)
    for part, into in _chunks(spectrum, x, y):
        into.copy_(_signals(_spectra(part, sizes).mul_(spectrum), sizes, out))
    return y


def convolve_plain(x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape, depthwise: bool) -> Tensor:
    """As `convolve`, by operations that ONNX has. As a buffer, keep `torch.view_as_real` of the spectrum."""
    spectra = _spectra(x, sizes)
    if depthwise:
        return _signals(spectra * spectrum, sizes, out).contiguous()
    product = _frequencies_first(spectra) @ spectrum.mT
    return _signals(_frequencies_last(product, sizes), sizes, out).contiguous()


class _Dense(torch.autograd.Function):
    """The adjoint of a circular convolution is the one by the conjugate spectrum: g below is conjugate throughout."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape) -> Tensor:
        spectra = _frequencies_first(_spectra(x, sizes))
        ctx.save_for_backward(spectra, spectrum)
        ctx.sizes, ctx.grid = sizes, x.shape[2:]
        return _signals(_frequencies_last(spectra @ spectrum.mT, sizes), sizes, out).contiguous()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        spectra, spectrum = ctx.saved_tensors
        sizes = ctx.sizes
        g = _frequencies_first(_spectra(gradient, sizes, "forward").conj_physical_())
        to_x = to_spectrum = None
        if ctx.needs_input_grad[0]:
            back = _frequencies_last(g @ spectrum, sizes).conj_physical_()
            to_x = _signals(back, sizes, ctx.grid, "forward").contiguous()
        if ctx.needs_input_grad[1]:
            g.view(*_frequencies(sizes), *g.shape[1:])[..., _paired(sizes), :, :] *= 2
            to_spectrum = torch.bmm(g.mT, spectra).conj()
        return to_x, to_spectrum, None, None


class _Depthwise(torch.autograd.Function):
    """As `_Dense`, channel by channel and some samples at a time."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape) -> Tensor:
        y, kept = x.new_empty(*x.shape[:2], *out), []
        for part, into in _chunks(spectrum, x, y):
            kept.append(_spectra(part, sizes))
            into.copy_(_signals(kept[-1] * spectrum, sizes, out))
        ctx.save_for_backward(spectrum, *kept)
        ctx.sizes, ctx.grid = sizes, x.shape[2:]
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        spectrum, *kept = ctx.saved_tensors
        sizes, grid = ctx.sizes, ctx.grid
        to_x, to_spectrum = gradient.new_empty(*gradient.shape[:2], *grid), torch.zeros_like(spectrum)
        for (part, into), spectra in zip(_chunks(spectrum, gradient, to_x), kept, strict=True):
            g = _spectra(part, sizes, "forward").conj_physical_()
            if ctx.needs_input_grad[1]:
                for one, other in zip(g, spectra, strict=True):
                    to_spectrum.addcmul_(one, other)
            if ctx.needs_input_grad[0]:
                into.copy_(_signals(g.mul_(spectrum).conj_physical_(), sizes, grid, "forward"))
        to_spectrum[..., _paired(sizes)] *= 2
        return to_x, to_spectrum.conj(), None, None


class _Transform(torch.autograd.Function):
    """(R, *N) to the conjugate transforms (R, F). Torch's own backward transforms all of N, this one its half."""

    @staticmethod
    def forward(ctx: Any, kernel: Tensor, sizes: Shape) -> Tensor:
        ctx.sizes = sizes
        return _spectra(kernel, sizes).conj_physical_().flatten(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        half = gradient.conj().clone(memory_format=torch.contiguous_format).resolve_conj()
        half = half.view(-1, *_frequencies(ctx.sizes))
        half[..., _paired(ctx.sizes)] /= 2
        return _signals(half, ctx.sizes, ctx.sizes, "forward"), None


def _transformed(kernel: Tensor, grid: Shape, sizes: Shape, pads: Pads) -> Tensor:
    """(R, *K) to (R, F): a product of spectra with the conjugate is a correlation.

    Tap k stands at position k - before of the circle; the taps that meet only zeros are left out.
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
    spectra: Tensor = _Transform.apply(kernel, sizes)  # type: ignore[no-untyped-call]
    return spectra


def _frequencies(sizes: Shape) -> Shape:
    return (*sizes[:-1], sizes[-1] // 2 + 1)


def _paired(sizes: Shape) -> slice:
    """The part of the halved axis that stands for two frequencies each: not the first and, if N is even, the last."""
    return slice(1, (sizes[-1] + 1) // 2)


def _spectra(x: Tensor, sizes: Shape, norm: str = "backward") -> Tensor:
    spectra: Tensor = torch.fft.rfftn(x, s=sizes, dim=tuple(range(-len(sizes), 0)), norm=norm)
    return spectra


def _signals(spectra: Tensor, sizes: Shape, out: Shape, norm: str = "backward") -> Tensor:
    signals: Tensor = torch.fft.irfftn(spectra, s=sizes, dim=tuple(range(-len(sizes), 0)), norm=norm)
    for axis, n in enumerate(out, -len(out)):
        signals = signals.narrow(axis, 0, n)
    return signals


def _frequencies_first(spectra: Tensor) -> Tensor:
    """(B, I, *F) to (F, B, I), as the transposition of a matrix, which is faster than a permutation."""
    inputs = spectra.shape[1]
    matrix = spectra.flatten(0, 1).flatten(1).t().contiguous()
    return matrix.view(len(matrix), -1, inputs)


def _frequencies_last(spectra: Tensor, sizes: Shape) -> Tensor:
    """(F, B, O) to (B, O, *F)."""
    return spectra.flatten(1).t().contiguous().view(-1, spectra.shape[2], *_frequencies(sizes))


def _chunks(spectrum: Tensor, *tensors: Tensor) -> zip[tuple[Tensor, ...]]:
    """The tensors' batches in step, some samples at a time."""
    samples = max(1, CHUNK // math.prod(spectrum.shape))
    return zip(*(tensor.split(samples) for tensor in tensors), strict=True)
