"""The base classes of kernel modules: any kernel, and kernels that are linear combinations of shared features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from archspec.layers.kernels.weight_norm import WeightNormed
from archspec.layers.layer import Role
from archspec.layers.precision import Fixed, WideLinear, wide_dtype, widened

if TYPE_CHECKING:
    from archspec.geometry.samples import Samples

# In a fit to samples, combinations of features that are smaller by this factor than the largest are left out: they
# would need weights that no training makes.
WELL_SEEN = 1e-3


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

    def retune(self, other: KernelModule) -> None:
        """After weights of `other` were loaded, adapt them to constants in which the two kernels differ."""

    def outgoing(self) -> Mapping[str, Tensor]:
        """The parameters that each kernel is proportional to, by name, a row (R, …) for each; empty without any."""
        return {}

    def adopt(self, other: KernelModule) -> int:
        """Take over what does not belong to single kernels; returns the number of parameters, 0 if there are none."""
        return 0

    def combine(self, other: KernelModule, rows: Tensor, sums: Tensor) -> int:
        """Set kernels to sums of those of `other`, whose parameters it has adopted; 0 if that cannot be.

        Args:
            other: a kernel of the same kind, R' = O'·I'.
            rows: (O,) which outputs of the other's these are; -1 for those that stay as they are.
            sums: (I, I') what each input is as a sum of the other's.

        Returns:
            The number of parameters that were inherited.
        """
        return 0

    def match(self, rows: Tensor, samples: Tensor, at: Tensor) -> int:
        """Set kernels as near as can be to given samples (least squares).

        Args:
            rows: (n,) indices of these kernels.
            samples: (n, p) values in float64.
            at: (p,) indices of the samples among the P.

        Returns:
            The number of parameters that were set; 0 if the kind of kernel cannot be fitted.
        """
        return 0


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
        self.out: WideLinear | WeightNormed = WideLinear(features, rows, bias)

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

    def outgoing(self) -> Mapping[str, Tensor]:
        """The last layer's weights and biases."""
        found = dict(self.out.named_parameters(prefix="out"))
        return {name: value for name, value in found.items() if not name.endswith("direction")}

    @torch.no_grad()
    def adopt(self, other: KernelModule) -> int:
        """Take over the features: of each tensor the part that both kernels have, where coordinates come first."""
        if type(other) is not type(self) or not self.is_their_sum:
            return 0
        theirs, learned, count = dict(other.state_dict()), dict(self.named_parameters()), 0
        for name, tensor in self.state_dict().items():
            there = theirs.get(name)
            if name.startswith("out.") or there is None or there.dim() != tensor.dim():
                continue
            part = tuple(slice(min(a, b)) for a, b in zip(tensor.shape, there.shape, strict=True))
            tensor[part] = there[part].to(tensor)
            count += tensor[part].numel() if name in learned else 0
        return count

    @torch.no_grad()
    def combine(self, other: KernelModule, rows: Tensor, sums: Tensor) -> int:
        """Set kernels to sums of those of `other`, by the last layer; see `KernelModule.combine`."""
        if not (isinstance(other, FeatureKernel) and isinstance(self.out, nn.Linear) and self._has_features_of(other)):
            return 0
        old, inputs, count = (rows >= 0).nonzero()[:, 0], len(sums), 0
        for mine, theirs in zip(self.out.parameters(), other.out.parameters(), strict=True):
            shaped = theirs.double().cpu().view(-1, sums.shape[1], *theirs.shape[1:])[rows[old]]
            mine.view(-1, inputs, *mine.shape[1:])[old] = torch.einsum("ou...,iu->oi...", shaped, sums).to(mine)
            count += len(old) * int((sums != 0).any(1).sum()) * mine[0].numel()
        return count

    def _has_features_of(self, other: FeatureKernel) -> bool:
        """Whether the parameters of the features have the same shapes."""
        mine, theirs = (
            {name: value.shape for name, value in kernel.state_dict().items() if not name.startswith("out.")}
            for kernel in (self, other)
        )
        return mine == theirs and self.out.weight.shape[1:] == other.out.weight.shape[1:]

    @torch.no_grad()
    def match(self, rows: Tensor, samples: Tensor, at: Tensor) -> int:
        """Fit the last layer to the samples; see `KernelModule.match`."""
        if not (self.is_their_sum and isinstance(self.out, nn.Linear)):
            return 0
        features = self.features().double().cpu()[at]
        if self.out.bias is not None:
            features = torch.cat([features, torch.ones(len(at), 1, dtype=features.dtype)], 1)
        found = torch.linalg.lstsq(features, samples.T, rcond=WELL_SEEN, driver="gelsd").solution.T
        self.out.weight[rows] = found[:, : self.out.weight.shape[1]].to(self.out.weight)
        if self.out.bias is not None:
            self.out.bias[rows] = found[:, -1].to(self.out.bias)
        return int(found.numel())

    @torch.no_grad()
    def scale_to(self, energy: Tensor, target: float) -> None:
        """Draw W uniformly, scaled so that each kernel has the expected energy `target`; b becomes zero."""
        power = energy @ self.features().square().sum(1)
        bound = (3 * target / power.clamp(min=1e-12)).sqrt()
        self.out.weight.uniform_(-1, 1).mul_(bound.reshape(-1, 1))
        if self.out.bias is not None:
            self.out.bias.zero_()
