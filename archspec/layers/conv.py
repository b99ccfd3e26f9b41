"""One convolution layer for every group, kernel and factorisation: a bank of expanded kernels, one convolution."""

# Letters: I/O channels in/out, N group elements, S grid.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.layers.bank import Bank
from archspec.layers.kernels.features import KernelModule
from archspec.layers.kernels.table import Table
from archspec.layers.windows import LearnedWindow

if TYPE_CHECKING:
    from archspec.sampling import Sampling

CONV = (F.conv1d, F.conv2d, F.conv3d)
CONV_MODULE: tuple[Any, ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
ZERO_PAD: tuple[Any, ...] = (nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d)
# Above this size a convolution that pads by itself leaves the fast path of the CPU library.
LARGEST_SELF_PADDED = 7
LARGEST_CHANNELS_LAST = 11


class GroupConv(Bank):
    """(B, I, *S) or (B, I, N, *S) to (B, O, *S') or (B, O, N, *S').

    Args:
        kept: taps per axis that the window leaves as it begins; empty: all.
        energy: the sum of squares of one kernel over its taps and elements, in expectation.
        lifts: whether the input has no group axis although N > 1.
        padding: `same`, `valid` or `causal`.
        bias: one per channel of the output.
        bank: what `Bank` needs.
    """

    def __init__(
        self,
        kernel: KernelModule,
        window: LearnedWindow | None,
        where: Callable[[tuple[int, ...]], Sampling],
        sizes: tuple[int, ...],
        kept: tuple[int, ...] = (),
        *,
        energy: float,
        lifts: bool,
        stride: int | tuple[int, ...],
        padding: str,
        bias: bool,
        **bank: Any,
    ) -> None:
        super().__init__(kernel, window, where, sizes, **bank)
        self.padding, self.stride = padding, stride
        self.grouped_input = self.order > 1 and not lifts
        self.bias = nn.Parameter(torch.zeros(self.outputs)) if bias else None
        self.groups = (self.inputs * (self.order if self.grouped_input else 1)) if self.depthwise else 1
        self.begin(kept, energy)

    def place(self, kept: tuple[int, ...]) -> None:
        """Sample these taps of the kernel from now on."""
        super().place(kept)
        taps, dims = self.taps, len(self.taps)
        before = [0 if self.padding == "valid" else k - 1 if self.padding == "causal" else k // 2 for k in taps]
        after = [k - 1 - k // 2 if self.padding == "same" else 0 for k in taps]
        by_itself = before == after and max(taps) <= LARGEST_SELF_PADDED
        self.own_padding = tuple(before) if by_itself else (0,) * dims
        self.pad = [] if by_itself else [n for pair in zip(before[::-1], after[::-1], strict=True) for n in pair]
        # The backward of a depthwise convolution is several times faster with the channels innermost.
        self.channels_last = self.depthwise and dims == 2 and 5 <= max(taps) <= LARGEST_CHANNELS_LAST

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
        y = convolve(x, self.bank(), self.expanded_bias(), self.stride, self.own_padding, 1, self.groups)
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
            self.own_padding,
            1,
            self.groups,
            bias=bias is not None,
            device="meta",
        )
        conv.weight = nn.Parameter(bank)
        if bias is not None:
            conv.bias = nn.Parameter(bias.detach().clone())
        return nn.Sequential(ZERO_PAD[dims - 1](tuple(self.pad), 0.0), conv) if any(self.pad) else conv


def pointwise(
    inputs: int, outputs: int, where: Callable[[tuple[int, ...]], Sampling], dims: int, bias: bool
) -> GroupConv:
    """A linear map at each position, convolving over the group: `where` samples one tap."""
    order, elements = where(()).index.shape[:2]
    return GroupConv(
        Table(outputs * inputs, elements, 1),
        None,
        where,
        (1,) * dims,
        inputs=inputs,
        outputs=outputs,
        order=order,
        depthwise=False,
        energy=1 / inputs,
        crop=None,
        lifts=False,
        stride=1,
        padding="same",
        bias=bias,
    )
