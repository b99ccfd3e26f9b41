"""Convolution by spectra with a custom backward pass, which reuses the saved spectra and works in place."""

# Letters: B batch, I/O channels in/out, S grid, K taps, N transform lengths, F frequencies (the last axis halved),
# R = O·I kernels, H functions they are combinations of. A spectrum is complex: depthwise (I, *F), dense (F, O, I).

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from archspec.layers.spectra import (
    Shape,
    conjugate_spectra,
    convolve_plain,
    frequencies,
    frequencies_first,
    frequencies_last,
    paired,
    signals_of,
    spectra_of,
)

# On a CPU a depthwise convolution processes the batch in chunks of about this many complex numbers, since allocating
# new memory takes longer than the computation.
CHUNK = 2**18


class _Convolution(torch.autograd.Function):
    """Computes y and, if there will be a backward pass, the spectra of x.

    The adjoint of a circular convolution is the one with the conjugate spectrum. Under `create_graph` and the
    transforms of `torch.func` the backward pass uses differentiable operations; otherwise it works in place.
    """

    depthwise: bool

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        x, spectrum, ctx.sizes, ctx.out, _ = inputs
        ctx.grid = tuple(x.shape[-len(ctx.sizes) :])
        ctx.saved_count = len(output) - 1
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, spectrum, *output[1:])
        ctx.save_for_forward(x, spectrum)

    @classmethod
    def backward(cls, ctx: Any, gradient: Tensor | None, *_: object) -> tuple[Tensor | None, ...]:
        x, spectrum, *saved = ctx.saved_tensors
        if gradient is None:
            return (None,) * 5
        way = cls.differentiably if torch.is_grad_enabled() or not saved else cls.in_place
        return (*way(ctx, gradient, x, spectrum, saved), None, None, None)

    @classmethod
    def differentiably(
        cls, ctx: Any, gradient: Tensor, x: Tensor, spectrum: Tensor, saved: list[Tensor]
    ) -> tuple[Tensor | None, Tensor | None]:
        """The gradients of x and of the spectrum, by differentiable operations."""
        adjoint = spectrum.conj() if cls.depthwise else spectrum.mH
        to_x = to_spectrum = None
        if ctx.needs_input_grad[0]:
            to_x = convolve_plain(gradient, adjoint, ctx.sizes, ctx.grid, cls.depthwise)
        if ctx.needs_input_grad[1]:
            g, spectra = spectra_of(gradient, ctx.sizes, "forward"), spectra_of(x, ctx.sizes)
            twice = torch.ones(g.shape[-1], dtype=x.dtype, device=x.device)
            twice[paired(ctx.sizes)].fill_(2)
            g = g * twice
            if cls.depthwise:
                to_spectrum = (g * spectra.conj()).sum(0)
            else:
                to_spectrum = frequencies_first(g).mT @ frequencies_first(spectra).conj()
        return to_x, to_spectrum

    @staticmethod
    def in_place(
        ctx: Any, gradient: Tensor, x: Tensor, spectrum: Tensor, saved: list[Tensor]
    ) -> tuple[Tensor | None, Tensor | None]:
        """The gradients of x and of the spectrum, computed in place from the saved spectra."""
        raise AssertionError

    @classmethod
    def jvp(cls, ctx: Any, x_tangent: Tensor | None, spectrum_tangent: Tensor | None, *_: object) -> tuple[Any, ...]:
        """The forward derivative: the convolution is linear in x and in the spectrum."""
        x, spectrum = ctx.saved_tensors[:2]
        pairs = [(x_tangent, spectrum), (x, spectrum_tangent)]
        parts = [
            convolve_plain(a, b, ctx.sizes, ctx.out, cls.depthwise) for a, b in pairs if a is not None and b is not None
        ]
        return (sum(parts[1:], parts[0]), *(None,) * ctx.saved_count)

    @classmethod
    def vmap(
        cls, info: Any, in_dims: tuple[Any, ...], x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape, learning: bool
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """The batched convolution, by operations that `torch.vmap` supports."""

        def plain(x: Tensor, spectrum: Tensor) -> Tensor:
            return convolve_plain(x, spectrum, sizes, out, cls.depthwise)

        return (torch.vmap(plain, in_dims[:2])(x, spectrum),), (0,)


class Dense(_Convolution):
    """A dense convolution: each output depends on all inputs. In the backward pass, g is the conjugate throughout."""

    depthwise = False

    @staticmethod
    def forward(x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape, learning: bool) -> tuple[Tensor, ...]:
        spectra = frequencies_first(spectra_of(x, sizes))
        y = signals_of(frequencies_last(spectra @ spectrum.mT, sizes), sizes, out).contiguous()
        return (y, spectra) if learning else (y,)

    @staticmethod
    def in_place(
        ctx: Any, gradient: Tensor, x: Tensor, spectrum: Tensor, saved: list[Tensor]
    ) -> tuple[Tensor | None, Tensor | None]:
        (spectra,), sizes = saved, ctx.sizes
        g = frequencies_first(spectra_of(gradient, sizes, "forward").conj_physical_())
        to_x = to_spectrum = None
        if ctx.needs_input_grad[0]:
            back = frequencies_last(g @ spectrum, sizes).conj_physical_()
            to_x = signals_of(back, sizes, ctx.grid, "forward").contiguous()
        if ctx.needs_input_grad[1]:
            g.view(*frequencies(sizes), *g.shape[1:])[..., paired(sizes), :, :] *= 2
            to_spectrum = torch.bmm(g.mT, spectra).conj()
        return to_x, to_spectrum


class Depthwise(_Convolution):
    """A depthwise convolution: each channel separately, on a CPU in chunks of the batch."""

    depthwise = True

    @staticmethod
    def forward(x: Tensor, spectrum: Tensor, sizes: Shape, out: Shape, learning: bool) -> tuple[Tensor, ...]:
        y, saved = x.new_empty(*x.shape[:2], *out), []
        for part, into in _chunks(spectrum, x, y):
            spectra = spectra_of(part, sizes)
            into.copy_(signals_of(spectra * spectrum if learning else spectra.mul_(spectrum), sizes, out))
            if learning:
                saved.append(spectra)
        return (y, *saved)

    @staticmethod
    def in_place(
        ctx: Any, gradient: Tensor, x: Tensor, spectrum: Tensor, saved: list[Tensor]
    ) -> tuple[Tensor | None, Tensor | None]:
        sizes, grid = ctx.sizes, ctx.grid
        to_x, total = gradient.new_empty(*gradient.shape[:2], *grid), None
        for (part, into), spectra in zip(_chunks(spectrum, gradient, to_x), saved, strict=True):
            g = spectra_of(part, sizes, "forward").conj_physical_()
            if ctx.needs_input_grad[1]:
                total = _sum_of_products(g, spectra, total)
            if ctx.needs_input_grad[0]:
                into.copy_(signals_of(g.mul_(spectrum).conj_physical_(), sizes, grid, "forward"))
        if total is None:
            return to_x, None
        total[..., paired(sizes)] *= 2
        return to_x, total.conj()


def _sum_of_products(g: Tensor, spectra: Tensor, total: Tensor | None) -> Tensor:
    """Σ over the batch of g·x, added to a total; on a CPU without allocating the products, elsewhere in one call."""
    if not _is_chunked(g):
        products = (g * spectra).sum(0)
        return products if total is None else total.add_(products)
    for one, other in zip(g, spectra, strict=True):
        total = one * other if total is None else total.addcmul_(one, other)
    assert total is not None
    return total


class Transform(torch.autograd.Function):
    """(R, *N) to the conjugate spectra (R, F). torch's own backward pass transforms all frequencies, this one half."""

    @staticmethod
    def forward(kernel: Tensor, sizes: Shape) -> Tensor:
        return spectra_of(kernel, sizes).conj_physical_().flatten(1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.sizes = inputs[1]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        half = gradient.conj().resolve_conj().reshape(-1, *frequencies(ctx.sizes))
        shares = torch.ones(half.shape[-1], dtype=half.real.dtype, device=half.device)
        shares[paired(ctx.sizes)].fill_(0.5)
        return signals_of(half * shares, ctx.sizes, ctx.sizes, "forward"), None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:
        """The forward derivative: the transform is linear."""
        return conjugate_spectra(tangent, ctx.sizes)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], kernel: Tensor, sizes: Shape) -> tuple[Tensor, int]:
        """The batched transform, by operations that `torch.vmap` supports."""
        return torch.vmap(lambda each: conjugate_spectra(each, sizes), in_dims[:1])(kernel), 0


def _is_chunked(x: Tensor) -> bool:
    """Whether it is on a CPU, or on the `meta` device, where the memory of a CPU is counted."""
    return x.device.type in ("cpu", "meta")


def _chunks(spectrum: Tensor, *tensors: Tensor) -> zip[tuple[Tensor, ...]]:
    """The tensors split along the batch into corresponding chunks, on a CPU of about `CHUNK` complex numbers."""
    samples = max(1, CHUNK // math.prod(spectrum.shape)) if _is_chunked(spectrum) else len(tensors[0])
    return zip(*(tensor.split(samples) for tensor in tensors), strict=True)
