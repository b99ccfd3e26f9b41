"""The convolution layer for every group, kernel and factorisation: one ordinary convolution with the expanded bank."""

# Letters: I/O channels in/out, N group elements, S grid.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from archspec.geometry.cropping import zeros_around
from archspec.geometry.fourier import Target, by_transforms, fft_sizes, shares_spectra
from archspec.layers.inherited_kernels import Inheriting
from archspec.layers.kernels.features import KernelModule
from archspec.layers.kernels.table import Table
from archspec.layers.layer import Active, Places
from archspec.layers.plain import plain_convolution, plain_transform
from archspec.layers.precision import widened, without_autocast
from archspec.layers.spectral import convolve, kernel_spectrum, spectrum_of_features
from archspec.layers.ways import fastest_way
from archspec.layers.windows import LearnedWindow
from archspec.moved import former_names

if TYPE_CHECKING:
    from archspec.geometry.sampling import Sampling

CONV = (F.conv1d, F.conv2d, F.conv3d)
INNERMOST = (torch.contiguous_format, torch.channels_last, torch.channels_last_3d)


class GroupConv(Inheriting):
    """(B, I, *S) or (B, I, N, *S) to (B, O, *S') or (B, O, N, *S').

    Args:
        kernel: the module that computes the samples of the kernels.
        window: the module that computes their factors; None without one.
        where: where the kernel is sampled, before cropping.
        cropped: taps per axis after cropping by the initial window; empty if nothing is cropped.
        energy: initial sum of squares of one kernel over its taps and elements, in expectation.
        lifts: whether the input has no group axis although N > 1.
        stride: points per axis.
        padding: `same`, `valid` or `causal`.
        bias: whether to add a bias per channel of the output.
        algorithm: `direct`, `fft`, or `auto`: the one measured as faster on `grid`, in training and in evaluation.
        grid: points per axis of the input.
        bank: other arguments of `Bank`.
    """

    prunable: ClassVar[bool] = True
    channel: Tensor

    def __init__(
        self,
        kernel: KernelModule,
        window: LearnedWindow | None,
        where: Sampling,
        cropped: tuple[int, ...] = (),
        *,
        energy: float,
        lifts: bool,
        stride: tuple[int, ...],
        padding: str,
        bias: bool,
        algorithm: str = "direct",
        grid: tuple[int, ...] = (),
        **bank: Any,
    ) -> None:
        super().__init__(kernel, window, where, **bank)
        self.padding, self.stride, self.algorithm, self.grid = padding, stride, algorithm, grid
        self.grouped_input, self.grouped = self.order > 1 and not lifts, self.order > 1
        self.bias = nn.Parameter(torch.zeros(self.outputs)) if bias else None
        self.begin(cropped, energy)

    def place(self, cropped: tuple[int, ...]) -> None:
        """Sample the kernels with `cropped` taps per axis from now on; empty for all taps."""
        super().place(cropped)
        self.apart = self.elements == 1  # each output element depends on one input element
        self.around = zeros_around(self.taps, self.padding)
        self.choose()

    def choose(self) -> None:
        """Choose the fastest way of computing on the present device, for evaluation and for training."""
        device = self.like.device.type
        self.ways = [fastest_way(self.around, self.taps, self.depthwise, t, device) for t in (False, True)]
        self.by_fft = [self.goes_by_fft("torch" if device == "cpu" else "cuda", t) for t in (False, True)]

    def goes_by_fft(self, target: Target, training: bool = False) -> bool:
        """Whether a target runs it by Fourier transforms."""
        able = self.algorithm == "fft" or max(self.stride) == 1
        return able and by_transforms(self.algorithm, self.depthwise, self.taps, self.grid, target, training)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        moved = super()._apply(fn, recurse)
        self.choose()
        return moved

    def gather(self, index: NDArray[np.int64]) -> None:
        """As `Bank.gather`; also recompute which output channel each map belongs to, for the bias."""
        super().gather(index)
        device = self.like.device
        channel = torch.arange(self.outputs, device=device).repeat_interleave(self.order)
        self.hold("channel", channel)

    @property
    def groups(self) -> int:
        """Number of sets of maps that are convolved separately: each map, or all elements of a channel."""
        apart = self.order if self.grouped_input and self.apart else 1
        return self.inputs * apart if self.depthwise else 1

    def between(self, active: Active) -> Places:
        """All elements after lifting, those of the input if it maps each by itself, or those of the output."""
        if self.grouped and not self.grouped_input:
            return tuple(range(self.order))
        return active.reads if self.apart else active.gives

    def expanded_bias(self) -> Tensor | None:
        """One bias per output channel, repeated over the group."""
        return self.bias if self.bias is None or self.order == 1 else self.bias.index_select(0, self.channel)

    def forward(self, x: Tensor) -> Tensor:
        if self.grouped_input:
            x = x.flatten(1, 2)
        y = self.transformed(x) if self.by_fft[self.training] else self.direct(x)
        return y.unflatten(1, (self.outputs, self.order)) if self.grouped else y

    def direct(self, x: Tensor) -> Tensor:
        """(B, I·N, *S) to (B, O·N, *S') by sums over the taps; the output has the memory format of the input."""
        way, dims = self.ways[self.training], len(self.taps)
        moves = way.channels_last and x.is_contiguous()
        if way.pad:
            x = F.pad(x, way.pad)
        if way.channels_last:
            x = x.contiguous(memory_format=INNERMOST[dims - 1])
        sums: Callable[..., Tensor] = CONV[dims - 1]
        bias = self.expanded_bias()
        y = sums(x, self.bank(), None if way.channels_last else bias, self.stride, way.own_padding, 1, self.groups)
        if way.channels_last and bias is not None:
            # In this memory format torch's gradient of a bias takes half as long as all the rest.
            y = y.add_(bias.view(-1, *(1,) * dims))
        return y.contiguous() if moves else y

    def transformed(self, x: Tensor) -> Tensor:
        """(B, I·N, *S) to (B, O·N, *S') by Fourier transforms."""
        if self.depthwise and self.order > 1 and not self.grouped_input:
            x = x.repeat_interleave(self.order, 1)
        grid = tuple(x.shape[2:])
        sizes = fft_sizes(grid, self.taps, self.around)
        out = tuple(n + a + b - k + 1 for n, (a, b), k in zip(grid, self.around, self.taps, strict=True))
        y = convolve(widened(x), self.spectrum(grid, sizes), sizes, out, self.depthwise).to(x.dtype)
        bias = self.expanded_bias()
        return y if bias is None else y + bias.to(y.dtype).view(-1, *(1,) * len(out))

    def spectrum(self, grid: tuple[int, ...], sizes: tuple[int, ...]) -> Tensor:
        """The spectrum of the bank, cached where the bank is."""

        def make() -> Tensor:
            if self.shares_spectra():
                return self.mixed_spectrum(grid, sizes)
            return kernel_spectrum(widened(self.sample()), grid, sizes, self.around, self.depthwise)

        return self.cached(make, (grid, sizes))

    def shares_spectra(self) -> bool:
        """Whether the kernels are combinations of so few functions that transforming these takes less time."""
        functions, window = self.kernel.functions, self.window
        if not functions or self.order > 1 or self.smoothing:
            return False
        rows = self.inputs * (1 if self.depthwise else self.outputs)
        alike = window is None or len(window.width) == 1
        return alike and shares_spectra(rows, functions)

    def mixed_spectrum(self, grid: tuple[int, ...], sizes: tuple[int, ...]) -> Tensor:
        """The spectrum of the bank as a combination of the spectra of the kernel's functions times the window."""
        with without_autocast(self.like.device):
            functions, weight = self.kernel.mixture()
            if self.window is not None:
                functions = functions * self.window()
            if self.factor is not None:
                functions = functions * self.factor
            shape = (self.inputs, 1) if self.depthwise else (self.outputs, self.inputs)
            shaped = functions.view(-1, *self.taps)
            return spectrum_of_features(weight, shaped, grid, sizes, self.around, shape, self.depthwise)

    def plain(self, target: Target = "torch") -> nn.Module:
        """An ordinary convolution, or Fourier transforms if the target runs it by these."""
        bank, bias, way = self.sample(), self.expanded_bias(), self.ways[False]
        if not self.goes_by_fft(target):
            return plain_convolution(bank, bias, self.stride, way.own_padding, way.pad, self.groups)
        repeats = self.order if self.depthwise and not self.grouped_input else 1
        return plain_transform(bank, bias, self.grid, self.around, self.depthwise, repeats, target)


def pointwise(
    inputs: int,
    outputs: int,
    where: Sampling,
    bias: bool,
    kernel: KernelModule | None = None,
) -> GroupConv:
    """A linear map at each position that also convolves over the group; the default kernel is a table of weights.

    Args:
        inputs: I.
        outputs: O.
        where: where the kernel is sampled, with one tap.
        bias: whether to add a bias per channel.
        kernel: the module that computes the samples.
    """
    order, elements = where.group.order, where.elements
    return GroupConv(
        kernel or Table(outputs * inputs, elements, 1),
        None,
        where,
        inputs=inputs,
        outputs=outputs,
        order=order,
        depthwise=False,
        energy=1 / inputs,
        crop=None,
        lifts=False,
        stride=(1,) * len(where.taps.sizes),
        padding="same",
        bias=bias,
    )


if not TYPE_CHECKING:
    __getattr__ = former_names(__name__)
