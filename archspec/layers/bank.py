"""The bank of a convolution: samples of its kernels times their window, expanded over the group."""

# Letters: I/O channels in/out, N group elements, M elements on a kernel's own group axis (N, or 1), K taps, P samples.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from archspec.geometry.cropping import cropped_taps, equalised, unit
from archspec.geometry.samples import samples
from archspec.layers.kernels.features import KernelModule
from archspec.layers.precision import Fixed, wide_dtype, without_autocast
from archspec.layers.windows import LearnedWindow

if TYPE_CHECKING:
    from archspec.geometry.sampling import Sampling

Cache = dict[object, tuple[list[nn.Parameter], Tensor]]


class Bank(Fixed):
    """Computes the bank, (O·N, I·M, *taps), or (I·N, M, *taps) when depthwise.

    Kernels are computed in float32 or float64 and returned in the precision of their weights.

    Args:
        kernel: the module that computes samples (R, P), R = O·I, or I when depthwise.
        window: the module that computes factors of the samples; None where these are constant.
        where: where the kernel is sampled, before cropping.
        inputs: I.
        outputs: O.
        order: N.
        depthwise: whether each input channel is convolved separately (O = I).
        crop: how a learned window crops: whether the kernel is causal, whether sizes are bucketed, and the axes that
            must stay equal; None if the kernel is not cropped.
    """

    standing: Tensor | None
    factor: Tensor | None
    weights: Tensor | None = None
    pruned = False

    def __init__(
        self,
        kernel: KernelModule,
        window: LearnedWindow | None,
        where: Sampling,
        *,
        inputs: int,
        outputs: int,
        order: int,
        depthwise: bool,
        crop: tuple[bool, bool, tuple[tuple[int, int], ...]] | None,
    ) -> None:
        super().__init__()
        self.kernel, self.window, self.where, self.sizes, self.crop = kernel, window, where, where.taps.sizes, crop
        self.built_at = where
        self.inputs, self.outputs, self.order, self.depthwise = inputs, outputs, order, depthwise
        self.cache: Cache | None = None
        if next(kernel.parameters(), None) is None:
            self.register_buffer("empty", torch.empty(0), persistent=False)

    @property
    def like(self) -> Tensor:
        """A tensor on the device and in the precision of the kernel's weights, or of the layer if it has none."""
        weight = next(self.kernel.parameters(), None)
        return self.get_buffer("empty") if weight is None else weight

    @torch.no_grad()
    def begin(self, cropped: tuple[int, ...], energy: float) -> None:
        """Sample the kernels with `cropped` taps, and scale them to an expected sum of squares `energy` each."""
        self.place(cropped)
        self.kernel.scale_to(self._energies(), energy)

    def place(self, cropped: tuple[int, ...]) -> None:
        """Sample the kernels with `cropped` taps per axis from now on; empty for all taps."""
        at = samples(self.where, cropped)
        for part in (self.kernel, self.window):
            if part is not None:
                part.place(at)
        like = self.like
        self.cropped, self.taps, self.count, self.smoothing = cropped, at.taps, len(at.points), at.smoothing
        self.gather(at.index)
        factor = None
        if at.factor is not None:
            factor = torch.tensor(at.factor, dtype=wide_dtype(like.dtype), device=like.device)
        self.register_buffer("factor", factor, persistent=False)

    def gather(self, index: NDArray[np.int64]) -> None:
        """Build the bank from now on from the samples with indices `index` (N, M, K) for each pair of elements and tap.

        The samples of all kernels of an output channel are gathered at once, in the order of the bank, which takes
        about half the time of expanding each kernel and moving the axes afterwards.
        """
        self.index, (self.order, self.elements) = index, index.shape[:2]
        count, alike = self.count, self.kernel.alike if self.window is None else None
        if alike is not None:
            index, count = alike[index], int(alike.max()) + 1
        standing = None
        if self.order * self.elements > 1 or index.shape[2] != count:
            kernels = np.arange(1 if self.depthwise else self.inputs) * count
            places = (index[:, None] + kernels[:, None, None]).reshape(-1)
            standing = torch.tensor(places, device=self.like.device)
        self.hold("standing", standing)
        if self.cache is not None:
            self.cache.clear()

    @torch.no_grad()
    def fit(self) -> bool:
        """Crop the kernels to the present width of the window, which is read once; returns whether a size changed."""
        if self.crop is None or self.window is None:
            return False
        causal, bucketed, mixed_axes = self.crop
        self.window.confine()
        steps = unit(self.sizes)
        cropped = equalised(
            [cropped_taps(s, steps, r, causal, bucketed) for s, r in zip(self.sizes, self.window.reach(), strict=True)],
            mixed_axes,
        )
        changed = cropped != (self.cropped or self.sizes)
        if changed:
            self.place(cropped)
        return changed

    def windowed(self) -> Tensor:
        """(R, P): the samples of the kernels times the window."""
        samples: Tensor = self.kernel()
        return samples if self.window is None else samples * self.window()

    def sample(self) -> Tensor:
        """The bank, recomputed."""
        like = self.like
        with without_autocast(like.device):
            samples = self.kernel(distinct=True) if self.window is None else self.windowed()
            bank = samples.reshape(self.outputs, -1)
            if self.standing is not None:
                bank = bank.index_select(1, self.standing)
            if self.factor is not None or self.weights is not None or self.smoothing:
                bank = self.adjusted(bank.view(self.outputs, self.order, -1, self.elements, math.prod(self.taps)))
        inputs = 1 if self.depthwise else self.inputs
        return bank.to(like.dtype).view(self.outputs * self.order, inputs * self.elements, *self.taps)

    def adjusted(self, bank: Tensor) -> Tensor:
        """(O, N, I, M, K): the bank times the factors of the taps and the weights of input elements, and smoothed."""
        if self.factor is not None and (self.window is not None or self.kernel.alike is None):
            bank = bank * self.factor
        if self.smoothing:
            bank = _smoothed(bank, self.smoothing)
        return bank if self.weights is None else bank * self.weights

    def bank(self) -> Tensor:
        """The bank, recomputed unless it is cached (see `archspec.kept_kernels`)."""
        return self.cached(self.sample)

    def cached(self, make: Callable[[], Tensor], kind: object = None) -> Tensor:
        """The result of `make()`, cached by `kind` within `kept_kernels`, in evaluation mode without gradients."""
        if self.cache is None or self.training or torch.is_grad_enabled() or torch.compiler.is_compiling():
            return make()
        # The cache is valid for these parameters only: `functional_call` runs the network with others.
        parameters = list(self.parameters())
        known = self.cache.get(kind)
        if known is None or any(a is not b for a, b in zip(known[0], parameters, strict=True)):
            known = self.cache[kind] = (parameters, make())
        return known[1]

    def _energies(self) -> Tensor:
        """(P,) or (R, P): the weight of each squared sample in a kernel's sum of squares, the mean over its turns."""
        weight = np.ones(self.index.size)
        if self.factor is not None:
            weight = np.tile(self.factor.double().cpu().numpy() ** 2, self.index.size // len(self.factor))
        energy = torch.from_numpy(np.bincount(self.index.reshape(-1), weight, int(self.index.max()) + 1) / self.order)
        energy = energy.to(self.like)
        return energy if self.window is None else (energy * self.window().square()).squeeze(0)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        if self.cache is not None:
            self.cache.clear()
        before = self.like
        dtype, without_values = before.dtype, before.is_meta
        moved = super()._apply(fn, recurse)
        if (self.like.dtype != dtype or without_values) and not self.pruned:
            self.place(self.cropped)  # coordinates are recomputed, not rounded twice
        return moved

    def settle(self, like: Tensor) -> None:
        """Compute what is on the `meta` device, the sampling points too."""
        super().settle(like)
        if self.like.is_meta:  # of a kernel without weights
            self.empty = like.new_empty(0)
        if any(constant.is_meta for part in self.modules() if isinstance(part, Fixed) for constant in part.constants()):
            self.place(self.cropped)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "cache": None}


def _smoothed(bank: Tensor, half: int) -> Tensor:
    """The bank after a Gaussian low-pass of half a tap over its last axis except its ends, as in CKConv's code."""
    places = torch.arange(-half, half + 1, device=bank.device).to(bank.dtype)
    weights = torch.exp(-2 * places.square()) / math.sqrt(math.pi / 2)
    inner = F.conv1d(bank.reshape(-1, 1, bank.shape[-1]), weights[None, None]).view(*bank.shape[:-1], -1)
    return torch.cat([bank[..., :half], inner, bank[..., -half:]], -1)
