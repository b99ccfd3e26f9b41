"""What torch does in one pass, counted: its own counter, taught Fourier transforms and complex numbers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from archspec.geometry.fourier import fft_flops

aten = torch.ops.aten


def counted(model: nn.Module, x: Tensor) -> int:
    """FLOPs of one forward pass."""
    with FlopCounterMode(display=False, custom_mapping=FORMULAS) as counter:
        model(x)
    return counter.get_total_flops()


def shared_out(model: nn.Module, x: Tensor) -> int:
    """Numbers that softmaxes write in one forward pass; written out, one begins with exponentials."""
    with Shares() as shares:
        model(x)
    return shares.written


class Shares(TorchDispatchMode):
    """Counts what softmaxes write."""

    written = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if function.overloadpacket in (aten._softmax, aten.exp):
            self.written += result.numel()
        return result


def _transform(x: Tensor, dim: list[int], *_: Any, out_val: Tensor, **__: Any) -> int:
    """Of a real signal to its spectrum."""
    sizes = tuple(x.shape[axis] for axis in dim)
    return fft_flops(sizes, x.numel() // math.prod(sizes))


def _back(x: Tensor, dim: list[int], norm: int, last: int, *_: Any, out_val: Tensor, **__: Any) -> int:
    """Of a spectrum to its real signal."""
    sizes = (*(x.shape[axis] for axis in dim[:-1]), last)
    return fft_flops(sizes, out_val.numel() // math.prod(sizes))


def _product(one: Any, other: Any, *_: Any, out_val: Tensor, **__: Any) -> int:
    """Point by point: of complex numbers four multiply-accumulates, of real ones nothing, as torch has it."""
    return 8 * out_val.numel() if out_val.is_complex() else 0


def _matrices(one: Tensor, other: Tensor, *_: Any, out_val: Tensor, **__: Any) -> int:
    return 2 * out_val.numel() * one.shape[-1] * (4 if out_val.is_complex() else 1)


for _formula in (_transform, _back, _product, _matrices):
    _formula._get_raw = True  # type: ignore[attr-defined]

FORMULAS: dict[Any, Any] = {
    aten._fft_r2c: _transform,
    aten._fft_c2r: _back,
    aten.mul: _product,
    aten.mul_: _product,
    aten.mm: _matrices,
    aten.bmm: _matrices,
}
