"""One convolution layer for every group, kernel and factorisation: a bank of expanded kernels, one convolution."""

# Letters: I/O channels in/out, N group elements, M elements on a kernel's own group axis (N, or 1), K taps, P samples.

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from archspec.layers.kernels import TableKernel

CONV = (F.conv1d, F.conv2d, F.conv3d)
CONV_MODULE: tuple[Any, ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
ZERO_PAD: tuple[Any, ...] = (nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d)
# Above this size a convolution that pads by itself leaves the fast path of the CPU library.
LARGEST_SELF_PADDED = 7
LARGEST_CHANNELS_LAST = 11


class GroupConv(nn.Module):
    """(B, I, *S) or (B, I, N, *S) to (B, O, *S') or (B, O, N, *S').

    Args:
        kernel: gives samples (R, P), R = O·I, or I when depthwise.
        index: (N, M, K) which sample stands where in the bank.
        window: (K,) factors of the taps.
        lifts: whether the input has no group axis although N > 1.
        depthwise: each input channel is convolved by itself (O = I).
        padding: zeros before and after each axis.
    """

    index: Tensor
    window: Tensor | None

    def __init__(
        self,
        kernel: nn.Module,
        index: NDArray[np.int64],
        window: NDArray[np.float64] | None,
        *,
        inputs: int,
        outputs: int,
        order: int,
        lifts: bool,
        depthwise: bool,
        taps: tuple[int, ...],
        stride: int,
        padding: tuple[tuple[int, int], ...],
        bias: bool,
    ) -> None:
        super().__init__()
        self.kernel = kernel
        self.register_buffer("index", torch.from_numpy(index.reshape(-1)), persistent=False)
        self.register_buffer(
            "window",
            None if window is None else torch.tensor(window, dtype=torch.get_default_dtype()),
            persistent=False,
        )
        self.inputs, self.outputs, self.order, self.elements = inputs, outputs, order, index.shape[1]
        self.grouped_input, self.depthwise, self.taps, self.stride = order > 1 and not lifts, depthwise, taps, stride
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.groups = (inputs * (order if self.grouped_input else 1)) if depthwise else 1
        symmetric = all(before == after for before, after in padding) and max(taps) <= LARGEST_SELF_PADDED
        self.padding = tuple(before for before, _ in padding) if symmetric else (0,) * len(taps)
        self.pad = [] if symmetric else [n for pair in reversed(padding) for n in pair]
        # The backward of a depthwise convolution is several times faster with the channels innermost.
        self.channels_last = depthwise and len(taps) == 2 and 5 <= max(taps) <= LARGEST_CHANNELS_LAST
        self._kept: tuple[Any, Tensor] | None = None

    def sample(self) -> Tensor:
        """The expanded bank (O·N, I·M or 1, *taps), made anew."""
        bank: Tensor = self.kernel()
        if self.order > 1:
            bank = bank.index_select(1, self.index)
        bank = bank.view(-1, self.order, self.elements, self.index.numel() // (self.order * self.elements))
        if self.window is not None:
            bank = bank * self.window
        if self.depthwise:
            return bank.reshape(self.outputs * self.order, 1, *self.taps)
        bank = bank.view(self.outputs, self.inputs, *bank.shape[1:]).transpose(1, 2)
        return bank.reshape(self.outputs * self.order, self.inputs * self.elements, *self.taps)

    def bank(self) -> Tensor:
        """The expanded bank; evaluating without gradients it is kept until a weight changes."""
        if self.training or torch.is_grad_enabled() or torch.compiler.is_compiling():
            return self.sample()
        stamp = [(id(p), p._version) for p in self.kernel.parameters()]
        if self._kept is None or self._kept[0] != stamp:
            self._kept = (stamp, self.sample())
        return self._kept[1]

    def expanded_bias(self) -> Tensor | None:
        """One bias per output channel, repeated over the group."""
        return self.bias if self.bias is None or self.order == 1 else self.bias.repeat_interleave(self.order)

    def forward(self, x: Tensor) -> Tensor:
        if self.grouped_input:
            x = x.flatten(1, 2)
        if self.pad:
            x = F.pad(x, self.pad)
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        convolve: Callable[..., Tensor] = CONV[len(self.taps) - 1]
        y = convolve(x, self.bank(), self.expanded_bias(), self.stride, self.padding, 1, self.groups)
        if self.channels_last:
            y = y.contiguous()
        return y.unflatten(1, (self.outputs, self.order)) if self.order > 1 else y

    def plain(self) -> nn.Module:
        """An ordinary convolution with the expanded bank as its weights."""
        dims, bank = len(self.taps), self.sample().detach().clone(memory_format=torch.contiguous_format)
        bias = self.expanded_bias()
        conv = CONV_MODULE[dims - 1](
            bank.shape[1] * self.groups,
            bank.shape[0],
            self.taps,
            self.stride,
            self.padding,
            1,
            self.groups,
            bias=bias is not None,
            device="meta",
        )
        conv.weight = nn.Parameter(bank)
        if bias is not None:
            conv.bias = nn.Parameter(bias.detach().clone())
        return nn.Sequential(ZERO_PAD[dims - 1](tuple(self.pad), 0.0), conv) if any(self.pad) else conv

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        self._kept = None
        moved: Self = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return moved

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}


def pointwise(inputs: int, outputs: int, index: NDArray[np.int64], dims: int, bias: bool) -> GroupConv:
    """A linear map at each position, convolving over the group: `index` is that of one tap."""
    order, elements = index.shape[:2]
    kernel = TableKernel(outputs * inputs, elements, 1, None, 1 / (inputs * elements))
    return GroupConv(
        kernel,
        index,
        None,
        inputs=inputs,
        outputs=outputs,
        order=order,
        lifts=False,
        depthwise=False,
        taps=(1,) * dims,
        stride=1,
        padding=((0, 0),) * dims,
        bias=bias,
    )
