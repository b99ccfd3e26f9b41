"""One convolution layer for every group, kernel and factorisation: a bank of expanded kernels, one convolution."""

# Letters: I/O channels in/out, N group elements, S grid.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.cropping import zeros_around
from archspec.layers.bank import Bank
from archspec.layers.kernels.features import FeatureKernel, KernelModule
from archspec.layers.kernels.table import Table
from archspec.layers.spectral import convolve, kernel_spectrum, spectrum_of_features
from archspec.layers.windows import LearnedWindow
from archspec.transforms import fft_sizes, prefers_fft, shares_spectra

if TYPE_CHECKING:
    from archspec.sampling import Sampling

CONV = (F.conv1d, F.conv2d, F.conv3d)
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
        algorithm: `direct`, `fft`, or `auto`: what measures as faster on `grid`, in training and in evaluation.
        grid: of the input.
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
        stride: tuple[int, ...],
        padding: str,
        bias: bool,
        algorithm: str = "direct",
        grid: tuple[int, ...] = (),
        **bank: Any,
    ) -> None:
        super().__init__(kernel, window, where, sizes, **bank)
        self.padding, self.stride, self.algorithm, self.grid = padding, stride, algorithm, grid
        self.grouped_input = self.order > 1 and not lifts
        self.bias = nn.Parameter(torch.zeros(self.outputs)) if bias else None
        self.groups = (self.inputs * (self.order if self.grouped_input else 1)) if self.depthwise else 1
        self.begin(kept, energy)

    def place(self, kept: tuple[int, ...]) -> None:
        """Sample these taps of the kernel from now on."""
        super().place(kept)
        taps, dims = self.taps, len(self.taps)
        self.around = zeros_around(taps, self.padding)
        by_itself = all(before == after for before, after in self.around) and max(taps) <= LARGEST_SELF_PADDED
        self.own_padding = tuple(before for before, _ in self.around) if by_itself else (0,) * dims
        self.pad = [] if by_itself else [n for pair in self.around[::-1] for n in pair]
        # The backward of a depthwise convolution is several times faster with the channels innermost.
        self.channels_last = self.depthwise and dims == 2 and 5 <= max(taps) <= LARGEST_CHANNELS_LAST
        self.by_fft = [
            self.algorithm == "fft"
            or (
                self.algorithm == "auto"
                and max(self.stride) == 1
                and prefers_fft(dims, self.depthwise, taps, self.grid, training)
            )
            for training in (False, True)
        ]

    @property
    def causal(self) -> bool:
        """Whether the kernel ends at the current step."""
        return self.padding == "causal"

    def expanded_bias(self) -> Tensor | None:
        """One bias per output channel, repeated over the group."""
        return self.bias if self.bias is None or self.order == 1 else self.bias.repeat_interleave(self.order)

    def forward(self, x: Tensor) -> Tensor:
        if self.grouped_input:
            x = x.flatten(1, 2)
        y = self.transformed(x) if self.by_fft[self.training] else self.direct(x)
        return y.unflatten(1, (self.outputs, self.order)) if self.order > 1 else y

    def direct(self, x: Tensor) -> Tensor:
        """(B, I·N, *S) to (B, O·N, *S') by sums over the taps."""
        if self.pad:
            x = F.pad(x, self.pad)
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        convolve: Callable[..., Tensor] = CONV[len(self.taps) - 1]
        y = convolve(x, self.bank(), self.expanded_bias(), self.stride, self.own_padding, 1, self.groups)
        return y.contiguous() if self.channels_last else y

    def transformed(self, x: Tensor) -> Tensor:
        """(B, I·N, *S) to (B, O·N, *S') by Fourier transforms."""
        if self.depthwise and self.order > 1 and not self.grouped_input:
            x = x.repeat_interleave(self.order, 1)
        grid = tuple(x.shape[2:])
        sizes = fft_sizes(grid, self.taps, self.around)
        out = tuple(n + a + b - k + 1 for n, (a, b), k in zip(grid, self.around, self.taps, strict=True))
        y = convolve(x, self.spectrum(grid, sizes), sizes, out, self.depthwise)
        bias = self.expanded_bias()
        return y if bias is None else y + bias.view(-1, *(1,) * len(out))

    def spectrum(self, grid: tuple[int, ...], sizes: tuple[int, ...]) -> Tensor:
        """The spectrum of the bank; as `bank`, kept while nothing changes."""

        def make() -> Tensor:
            if self.shares_spectra():
                return self.mixed_spectrum(grid, sizes)
            return kernel_spectrum(self.sample(), grid, sizes, self.around, self.depthwise)

        return make() if self.fresh else self.remembered(make, sizes)

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
        functions = torch.cat([kernel.features().T, kernel.points.new_ones(1, len(kernel.points))])
        if self.window is not None:
            functions = functions * self.window()
        if self.factor is not None:
            functions = functions * self.factor
        weight = torch.cat([kernel.out.weight, kernel.out.bias[:, None]], 1)
        shape = (self.inputs, 1) if self.depthwise else (self.outputs, self.inputs)
        shaped = functions.view(-1, *self.taps)
        return spectrum_of_features(weight, shaped, grid, sizes, self.around, shape, self.depthwise)

    def plain(self, powers_of_two: bool = False) -> nn.Module:
        """The same by modules of torch alone; `powers_of_two` for runtimes that transform no other lengths well."""
        from archspec.layers.plain import plain_convolution, plain_transform

        return plain_transform(self, powers_of_two) if self.by_fft[False] else plain_convolution(self)


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
        stride=(1,) * dims,
        padding="same",
        bias=bias,
    )
