"""The base classes of kernel modules: any kernel, and kernels that are linear combinations of shared features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call

from archspec.layers.layer import Role
from archspec.layers.precision import Fixed, WideLinear, wide_dtype, widened

if TYPE_CHECKING:
    from archspec.geometry.samples import Samples


class KernelModule(Fixed):
    """The base class of modules that compute samples of R kernels, (R, P), in float32 or float64.

    Called with `distinct=True`, it returns (R, P) if `alike` is None. Otherwise samples repeat, and it returns only the
    U distinct ones times the factors of their taps, (R, U); `alike` (P,) is the index of each sample among them.

    Attributes:
        regularised: whether `alias_penalty` applies to its frequencies.
    """

    roles: ClassVar[Mapping[str, Role]] = {"": "kernel"}
    regularised = False
    alike: NDArray[np.int64] | None = None

    @property
    def functions(self) -> int:
        """Number F of functions, one of them constant, of which all kernels are linear combinations; 0 if not so."""
        return 0

    def mixture(self) -> tuple[Tensor, Tensor]:
        """(F, P), these functions at the sampling points, and (R, F), their weights in each kernel."""
        raise AssertionError

    def at(self, points: Tensor) -> Tensor:
        """(R, P): the kernels at other points (P, d), for this call only."""
        raise AssertionError

    def place(self, where: Samples) -> None:
        """Sample the kernels at these points from now on."""
        raise AssertionError

    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw the last weights so that Σ_p energy_p · k_p² has the expectation `target` for each kernel."""
        raise AssertionError

    def limit_band(self, nyquist: float, masked: bool) -> None:
        """Limit frequencies to `nyquist` (radians per unit) from now on: masked, or by `alias_penalty`."""
        raise AssertionError

    def alias_excess(
        self, limit: float, part: str, each_filter: bool, deviations: float, window: Tensor | float
    ) -> Tensor:
        """By how much its frequencies exceed a limit, in cycles per unit; (n,), see `archspec.alias_penalty`.

        Args:
            limit: the Nyquist frequency of the whole kernel.
            part: what a filter's frequency consists of.
            each_filter: compare each filter with its share, else the sum of all with the whole.
            deviations: number of standard deviations of the Gaussians' spectra.
            window: frequency of the window, which is added.
        """
        raise AssertionError

    def resized(self, weight: Tensor, before: tuple[int, ...], now: tuple[int, ...], causal: bool) -> Tensor:
        """The weight of a kernel of `before` taps per axis as one of `now` taps, if weights belong to taps."""
        return weight

    def stretch(self, ratio: float, centre: float) -> None:
        """Stay the same function of the offset from `centre` where a coordinate unit becomes `ratio` times as long.

        Raises:
            NotCarried: the kernel is bound to its size.
        """
        raise NotCarried(f"a {type(self).__name__} kernel is bound to its size; use Siren, Magnet or Fourier")


class NotCarried(Exception):
    """The weights of a kernel cannot be transferred to another size, group order or number of scales."""


class FeatureKernel(KernelModule):
    """A kernel k = W·h(p) + b; subclasses compute the features h.

    Attributes:
        is_their_sum: False if the kernel is this sum times something else.
    """

    points: Tensor
    is_their_sum = True

    def __init__(self, features: int, rows: int, bias: bool = True) -> None:
        super().__init__()
        self.out = WideLinear(features, rows, bias)

    def features(self) -> Tensor:
        """(P, H): the features at the points."""
        raise AssertionError

    @property
    def functions(self) -> int:
        """Number of features, and one for the constant; 0 if the kernel is not their sum."""
        return self.out.weight.shape[1] + 1 if self.is_their_sum else 0

    def mixture(self) -> tuple[Tensor, Tensor]:
        """(H+1, P), the features and a constant, and (R, H+1), the last weights and biases."""
        functions = torch.cat([self.features().T, self.points.new_ones(1, len(self.points))])
        self.out(functions.new_empty(0, self.out.weight.shape[1]))  # so that hooks that set its weights run
        return functions, widened(torch.cat([self.out.weight, self.out.bias[:, None]], 1))

    def at(self, points: Tensor) -> Tensor:
        """(R, P): the kernels at other points (P, d), for this call only."""
        samples: Tensor = functional_call(self, {"points": self.seen(points)}, ())
        return samples

    def place(self, where: Samples) -> None:
        """Sample the kernels at these points from now on."""
        weight = self.out.weight
        points = torch.tensor(where.points, dtype=torch.float64, device=weight.device)
        self.register_buffer("points", self.seen(points).to(wide_dtype(weight.dtype)), persistent=False)

    def seen(self, points: Tensor) -> Tensor:
        """The input of the features for coordinates (P, d)."""
        return points

    def forward(self, distinct: bool = False) -> Tensor:
        """(R, P): the samples."""
        samples: Tensor = self.out(self.features()).T
        return samples

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw W uniformly, scaled so that each kernel has the expected energy `target`; b becomes zero."""
        power = energy @ self.features().square().sum(1)
        bound = (3 * target / power.clamp(min=1e-12)).sqrt()
        self.out.weight.uniform_(-1, 1).mul_(bound.reshape(-1, 1))
        if self.out.bias is not None:
            self.out.bias.zero_()
