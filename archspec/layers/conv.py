"""One convolution layer for every group, kernel and factorisation: a bank of expanded kernels, one convolution."""

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
from archspec.layers.kernel_layer import KernelLayer
from archspec.layers.kernels.features import FeatureKernel, KernelModule
from archspec.layers.kernels.table import Table
from archspec.layers.layer import Active, Places
from archspec.layers.plain import plain_convolution, plain_transform
from archspec.layers.precision import widened, without_autocast
from archspec.layers.spectral import convolve, kernel_spectrum, spectrum_of_features
from archspec.layers.ways import fastest_way
from archspec.layers.windows import LearnedWindow

if TYPE_CHECKING:
    from archspec.geometry.sampling import Sampling

CONV = (F.conv1d, F.conv2d, F.conv3d)
INNERMOST = (torch.contiguous_format, torch.channels_last, torch.channels_last_3d)


class GroupConv(KernelLayer):
    """(B, I, *S) or (B, I, N, *S) to (B, O, *S') or (B, O, N, *S').

    Args:
        cropped: taps per axis that the window leaves as it begins; empty: all.
        energy: the sum of squares of one kernel over its taps and elements, in expectation.
        lifts: whether the input has no group axis although N > 1.
        padding: `same`, `valid` or `causal`.
        bias: one per channel of the output.
        algorithm: `direct`, `fft`, or `auto`: what measures as faster on `grid`, in training and in evaluation.
        grid: of the input.
        bank: what `Bank` needs.
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
        """Sample these taps of the kernel from now on."""
        super().place(cropped)
        self.apart = self.elements == 1  # each element of what is given comes of one that is read
        self.around = zeros_around(self.taps, self.padding)
        self.choose()

    def choose(self) -> None:
        """The faster way where it is now, in evaluation and in training."""
        device = next(self.kernel.parameters()).device.type
        self.ways = [fastest_way(self.around, self.taps, self.depthwise, t, device) for t in (False, True)]
        self.by_fft = [self.goes_by_fft("torch" if device == "cpu" else "cuda", t) for t in (False, True)]

    def goes_by_fft(self, target: Target, training: bool = False) -> bool:
        """Whether it is by Fourier transforms that a target runs it."""
        able = self.algorithm == "fft" or max(self.stride) == 1
        return able and by_transforms(self.algorithm, self.depthwise, self.taps, self.grid, target, training)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        moved = super()._apply(fn, recurse)
        self.choose()
        return moved

    def gather(self, index: NDArray[np.int64]) -> None:
        """Make the bank of these samples from now on."""
        super().gather(index)
        device = next(self.kernel.parameters()).device
        channel = torch.arange(self.outputs, device=device).repeat_interleave(self.order)
        self.register_buffer("channel", channel, persistent=False)

    @property
    def groups(self) -> int:
        """Sets of maps that are convolved apart: each map, or all elements of a channel."""
        apart = self.order if self.grouped_input and self.apart else 1
        return self.inputs * apart if self.depthwise else 1

    def between(self, active: Active) -> Places:
        """All that it lifts to, those it reads one by one, or those it mixes to."""
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
        """(B, I·N, *S) to (B, O·N, *S') by sums over the taps; channels that are given innermost are left there."""
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
            # The library's own gradient of a bias costs as much there as half of the rest.
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
        """The spectrum of the bank; kept where that is."""

        def make() -> Tensor:
            if self.shares_spectra():
                return self.mixed_spectrum(grid, sizes)
            return kernel_spectrum(widened(self.sample()), grid, sizes, self.around, self.depthwise)

        return self.remembered(make, (grid, sizes))

    def shares_spectra(self) -> bool:
        """Whether the kernels are mixed of so few functions that transforming these is less work."""
        kernel, window = self.kernel, self.window
        if not isinstance(kernel, FeatureKernel) or not kernel.is_their_sum or self.order > 1 or self.smoothing:
            return False
        rows = self.inputs * (1 if self.depthwise else self.outputs)
        alike = window is None or len(window.width) == 1
        return alike and shares_spectra(rows, kernel.out.weight.shape[1] + 1)

    def mixed_spectrum(self, grid: tuple[int, ...], sizes: tuple[int, ...]) -> Tensor:
        """The spectrum of the bank from those of the kernel's functions and of a constant, each under the window."""
        kernel = self.kernel
        assert isinstance(kernel, FeatureKernel)
        with without_autocast(kernel.points.device):
            functions = torch.cat([kernel.features().T, kernel.points.new_ones(1, len(kernel.points))])
            if self.window is not None:
                functions = functions * self.window()
            if self.factor is not None:
                functions = functions * self.factor
            kernel.out(functions.new_empty(0, kernel.out.weight.shape[1]))  # whatever hooks set its weights does so
            weight = widened(torch.cat([kernel.out.weight, kernel.out.bias[:, None]], 1))
            shape = (self.inputs, 1) if self.depthwise else (self.outputs, self.inputs)
            shaped = functions.view(-1, *self.taps)
            return spectrum_of_features(weight, shaped, grid, sizes, self.around, shape, self.depthwise)

    def plain(self, target: Target = "torch") -> nn.Module:
        """The same by modules of torch alone, as a target runs it."""
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
    """A linear map at each position, convolving over the group: `where` samples one tap of the kernel, or weights."""
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
