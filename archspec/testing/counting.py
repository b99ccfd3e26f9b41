"""FLOPs of one forward pass by torch's counter, extended by Fourier transforms and complex products."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archspec.geometry.fourier import fft_flops

aten = torch.ops.aten


def counted_flops(model: nn.Module, x: Tensor) -> int:
    """FLOPs of one forward pass: convolutions, matrix products, Fourier transforms, products of complex numbers."""
    with FlopCounterMode(display=False, custom_mapping=_FORMULAS) as counter:
        model(x)
    return int(counter.get_total_flops())


def _transform(x: Tensor, dim: list[int], *_: Any, out_val: Tensor, **__: Any) -> int:
    """FLOPs of the Fourier transform of real signals."""
    sizes = tuple(x.shape[axis] for axis in dim)
    return fft_flops(sizes, x.numel() // math.prod(sizes))


def _back(x: Tensor, dim: list[int], norm: int, last: int, *_: Any, out_val: Tensor, **__: Any) -> int:
    """FLOPs of the inverse Fourier transform to real signals."""
    sizes = (*(x.shape[axis] for axis in dim[:-1]), last)
    return fft_flops(sizes, out_val.numel() // math.prod(sizes))


def _product(one: Any, other: Any, *_: Any, out_val: Tensor, **__: Any) -> int:
    """FLOPs of a pointwise product: four multiply-accumulates for complex numbers, none for real ones, as in torch."""
    return 8 * out_val.numel() if out_val.is_complex() else 0


def _matrices(one: Tensor, other: Tensor, *_: Any, out_val: Tensor, **__: Any) -> int:
    return 2 * out_val.numel() * one.shape[-1] * (4 if out_val.is_complex() else 1)


# The counter of torch gives a formula of `custom_mapping` shapes, and tensors only to one with this mark.
for _formula in (_transform, _back, _product, _matrices):
    setattr(_formula, "_get_raw", True)  # noqa: B010  a function has no such attribute

_FORMULAS: dict[Any, Any] = {
    aten._fft_r2c: _transform,
    aten._fft_c2r: _back,
    aten.mul: _product,
    aten.mul_: _product,
    aten.mm: _matrices,
    aten.bmm: _matrices,
}
