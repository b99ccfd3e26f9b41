"""Windows whose width is learned; they compute factors of a kernel's samples, (1, P) or (R, P)."""

# Letters: R kernels, P samples, C windows (1, or one per channel), d axes of the grid.

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.bounded import bounded
from archspec.layers.layer import Role
from archspec.layers.precision import Fixed, wide_dtype, widened

if TYPE_CHECKING:
    from archspec.geometry.samples import Samples


# A width at its bound, which rounding puts a little outside, has a gradient.
SLACK = 1e-6


class LearnedWindow(Fixed):
    """The base class of learned windows, with the logarithm of the width as parameter.

    Args:
        widths: (C, …) initial widths, in coordinates.
        bounds: smallest and largest width.
        learned: whether the widths are trained.
        rows: R.
    """

    roles: ClassVar[Mapping[str, Role]] = {"": "window"}
    points: Tensor

    def __init__(self, widths: Tensor, bounds: tuple[float, float], learned: bool, rows: int) -> None:
        super().__init__()
        self.low, self.high = math.log(bounds[0]), math.log(bounds[1])
        self.learned = learned
        if learned:
            self.log_width = nn.Parameter(widths.log())
        else:
            self.fix("log_width", widths.double().log())
        self.repeats = rows // len(widths) if len(widths) > 1 else 1

    @property
    def width(self) -> Tensor:
        """(C, …): the widths, clamped to their bounds, outside of which they have no gradient."""
        log = widened(bounded(self.log_width, self.low - SLACK, self.high + SLACK))
        return (log + (log.clamp(self.low, self.high) - log).detach()).exp()

    def place(self, where: Samples) -> None:
        """Compute the factors at these points from now on."""
        like = self.log_width
        points = torch.tensor(where.points, dtype=wide_dtype(like.dtype), device=like.device)
        self.register_buffer("points", points, persistent=False)

    def factors(self) -> Tensor:
        """(C, P): the factors at the points."""
        raise AssertionError

    def highest_frequency(self) -> Tensor | None:
        """Standard deviation of the spectrum of the narrowest window, in cycles per unit; None if it is not defined."""
        return None

    def reach(self) -> list[float]:
        """Distance per axis beyond which all windows are below the threshold. It synchronises with the device."""
        raise AssertionError

    def forward(self) -> Tensor:
        """(1, P) if all kernels share the window, else (R, P)."""
        return self.factors().repeat_interleave(self.repeats, 0) if self.repeats > 1 else self.factors()

    @torch.no_grad()
    def stretch(self, ratio: float, centre: float) -> None:
        """Keep the width in grid steps, where a unit of the coordinates becomes `ratio` times as long."""
        if self.learned:
            self.log_width.sub_(math.log(ratio))
        else:
            self.fix("log_width", self.arrays["log_width"] - math.log(ratio))

    @torch.no_grad()
    def confine(self) -> None:
        """Clamp the parameter to its bounds, outside of which the width has no gradient."""
        self.log_width.clamp_(self.low, self.high)


class Gaussian(LearnedWindow):
    """The window exp(-½ Σ_d ((p_d - μ_d)/σ_d)²)."""

    mean: Tensor

    def __init__(
        self,
        sigmas: tuple[float, ...],
        bounds: tuple[float, float],
        causal: bool,
        learned: bool,
        learn_mean: bool,
        channels: int,
        rows: int,
        deviations: float,
    ) -> None:
        widths = torch.tensor(sigmas).expand(channels, -1)
        if channels > 1:  # log-uniform from a quarter of the width to the width
            widths = widths * torch.logspace(-math.log10(4), 0, channels)[:, None]
        super().__init__(widths.clamp(*bounds).clone(), bounds, learned, rows)
        mean = torch.full((channels, len(sigmas)), 1.0 if causal else 0.0)
        if learn_mean:
            self.mean = nn.Parameter(mean)
        else:
            self.fix("mean", mean.double())
        self.causal, self.deviations = causal, deviations

    @torch.no_grad()
    def stretch(self, ratio: float, centre: float) -> None:
        """Keep the width and the mean in grid steps."""
        super().stretch(ratio, centre)
        if isinstance(self.mean, nn.Parameter):
            self.mean.copy_(centre + (self.mean - centre) / ratio)
        else:
            self.fix("mean", centre + (self.arrays["mean"] - centre) / ratio)

    def factors(self) -> Tensor:
        """(C, P): the factors at the points."""
        apart = (self.points[:, : self.mean.shape[1]] - self.mean[:, None]) / self.width[:, None]
        return torch.exp(-0.5 * apart.square().sum(2))

    def highest_frequency(self) -> Tensor | None:
        """Standard deviation of the spectrum of the narrowest window, in cycles per unit."""
        return 1 / (2 * math.pi * self.width.min())

    @torch.no_grad()
    def reach(self) -> list[float]:
        """Distance per axis beyond which all windows are below the threshold, from the current step if causal."""
        off = 1 - self.mean if self.causal else self.mean.abs()
        distances: list[float] = (off + self.deviations * self.width).amax(0).cpu().tolist()
        return distances


class Exponential(LearnedWindow):
    """The window exp(-|p|/τ), with p measured from the current step if causal, else from the centre."""

    distance: Tensor

    def __init__(
        self,
        decay: float,
        bounds: tuple[float, float],
        causal: bool,
        dims: int,
        learned: bool,
        channels: int,
        rows: int,
        lengths: float,
    ) -> None:
        widths = torch.full((channels, 1), decay)
        if channels > 1:
            widths = widths * torch.logspace(-math.log10(4), 0, channels)[:, None]
        super().__init__(widths.clamp(*bounds), bounds, learned, rows)
        self.causal, self.dims, self.lengths = causal, dims, lengths

    def place(self, where: Samples) -> None:
        """Compute the factors at these points from now on."""
        super().place(where)
        space = self.points[:, : self.dims]
        self.register_buffer("distance", 1 - space[:, 0] if self.causal else space.norm(dim=1), persistent=False)

    def factors(self) -> Tensor:
        """(C, P): the factors at the points."""
        return torch.exp(-self.distance / self.width)

    @torch.no_grad()
    def reach(self) -> list[float]:
        """Distance per axis beyond which all windows are below the threshold."""
        return [float(self.width.max()) * self.lengths] * self.dims
