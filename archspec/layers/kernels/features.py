"""What every kernel is, and those that are a linear map of features which all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archspec.layers.layer import Role
from archspec.layers.precision import Fixed, WideLinear, wide_dtype

if TYPE_CHECKING:
    from archspec.geometry.samples import Samples


class KernelModule(Fixed):
    """What makes samples of R kernels: called, (R, P), in float32 or more whatever the weights are kept in.

    Called with `distinct`, (R, U): the samples that differ, times the factors of their taps where `alike` (P,) tells
    which of them each sample is; all samples where `alike` is None.
    """

    roles: ClassVar[Mapping[str, Role]] = {"": "kernel"}
    regularised = False  # whether `alias_penalty` holds its frequencies
    alike: NDArray[np.int64] | None = None

    def place(self, where: Samples) -> None:
        """Sample here from now on."""
        raise AssertionError

    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw the last weights so that Σ_p energy_p · k_p² is `target` in expectation, for each kernel."""
        raise AssertionError

    def limit_band(self, nyquist: float, masked: bool) -> None:
        """Hold frequencies to those below `nyquist` (radians per unit) from now on, where the kernel can."""
        raise AssertionError

    def alias_excess(
        self, limit: float, part: str, each_filter: bool, deviations: float, window: Tensor | float
    ) -> Tensor:
        """By how much its frequencies lie above a limit, in cycles per unit, one number for each that may."""
        raise AssertionError

    def resized(self, weight: Tensor, before: tuple[int, ...], now: tuple[int, ...], causal: bool) -> Tensor:
        """A weight (R, M·K) of another number of taps for this one's, where its weights are those of taps."""
        return weight

    def stretch(self, ratio: float, centre: float) -> None:
        """Stay the same function of the offset from `centre` when a unit of the coordinates becomes `ratio` as long."""
        raise NotCarried(f"a {type(self).__name__} kernel is bound to its size; use Siren, Magnet or Fourier")


class NotCarried(Exception):
    """This kernel is no function of the offset that another size could have."""


class FeatureKernel(KernelModule):
    """k = W·h(p) + b; subclasses give the features h. `is_their_sum` is False where something follows that sum."""

    points: Tensor
    is_their_sum = True

    def __init__(self, features: int, rows: int, bias: bool = True) -> None:
        super().__init__()
        self.out = WideLinear(features, rows, bias)

    def features(self) -> Tensor:
        """(P, H) at the points."""
        raise AssertionError

    def place(self, where: Samples) -> None:
        """Sample here from now on."""
        weight = self.out.weight
        points = torch.tensor(where.points, dtype=torch.float64, device=weight.device)
        self.register_buffer("points", self.seen(points).to(wide_dtype(weight.dtype)), persistent=False)

    def seen(self, points: Tensor) -> Tensor:
        """What it sees of coordinates (P, d)."""
        return points

    def forward(self, distinct: bool = False) -> Tensor:
        """Samples (R, P)."""
        samples: Tensor = self.out(self.features()).T
        return samples

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw W, evenly, with the variance that gives the kernels their energy; b becomes zero."""
        power = energy @ self.features().square().sum(1)
        bound = (3 * target / power.clamp(min=1e-12)).sqrt()
        self.out.weight.uniform_(-1, 1).mul_(bound.reshape(-1, 1))
        if self.out.bias is not None:
            self.out.bias.zero_()
