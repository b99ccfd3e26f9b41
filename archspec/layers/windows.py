"""Windows whose width is learned: factors of a kernel's samples, (1, P) or (R, P)."""

# Letters: R kernels, P samples, C windows (1, or one per channel), d axes of the grid.

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from archspec.layers.layer import Role
from archspec.layers.precision import Fixed, wide_dtype, widened

if TYPE_CHECKING:
    from archspec.geometry.samples import Samples


class LearnedWindow(Fixed):
    """A width per window, kept as its logarithm between bounds. Subclasses say which factors it makes."""

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
        """(C, …) widths, within their bounds."""
        return widened(self.log_width).clamp(self.low, self.high).exp()

    def place(self, where: Samples) -> None:
        """Sample here from now on."""
        like = self.log_width
        points = torch.tensor(where.points, dtype=wide_dtype(like.dtype), device=like.device)
        self.register_buffer("points", points, persistent=False)

    def factors(self) -> Tensor:
        """(C, P) at the points."""
        raise AssertionError

    def highest_frequency(self) -> Tensor | None:
        """Of the narrowest window, a standard deviation of its spectrum in cycles per unit; None if it has none."""
        return None

    def reach(self) -> list[float]:
        """Distance per axis beyond which no window is above the threshold. Reads the widths: a sync with the device."""
        raise AssertionError

    def forward(self) -> Tensor:
        """(1, P), or (R, P)."""
        return self.factors().repeat_interleave(self.repeats, 0) if self.repeats > 1 else self.factors()

    @torch.no_grad()
    def stretch(self, ratio: float, centre: float) -> None:
        """Stay as wide on the grid when a unit of the coordinates is `ratio` times as long."""
        if self.learned:
            self.log_width.sub_(math.log(ratio))
        else:
            self.fix("log_width", self.arrays["log_width"] - math.log(ratio))

    @torch.no_grad()
    def confine(self) -> None:
        """Bring a width that has left its bounds back to them, where it has a gradient again."""
        self.log_width.clamp_(self.low, self.high)


class Gaussian(LearnedWindow):
    """exp(-½ Σ_d ((p_d - μ_d)/σ_d)²)."""

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
        if channels > 1:  # from a quarter of the width to the width, evenly in the logarithm
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
        """Stay as wide, and in place, on the grid."""
        super().stretch(ratio, centre)
        if isinstance(self.mean, nn.Parameter):
            self.mean.copy_(centre + (self.mean - centre) / ratio)
        else:
            self.fix("mean", centre + (self.arrays["mean"] - centre) / ratio)

    def factors(self) -> Tensor:
        """(C, P) at the points."""
        apart = (self.points[:, : self.mean.shape[1]] - self.mean[:, None]) / self.width[:, None]
        return torch.exp(-0.5 * apart.square().sum(2))

    def highest_frequency(self) -> Tensor | None:
        """A standard deviation of the spectrum of the narrowest."""
        return 1 / (2 * math.pi * self.width.min())

    @torch.no_grad()
    def reach(self) -> list[float]:
        """Distance per axis, from the current step if causal, else from the centre."""
        off = 1 - self.mean if self.causal else self.mean.abs()
        distances: list[float] = (off + self.deviations * self.width).amax(0).cpu().tolist()
        return distances


class Exponential(LearnedWindow):
    """exp(-|p|/τ), p from the current step if causal, else from the centre."""

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
        """Sample here from now on."""
        super().place(where)
        space = self.points[:, : self.dims]
        self.register_buffer("distance", 1 - space[:, 0] if self.causal else space.norm(dim=1), persistent=False)

    def factors(self) -> Tensor:
        """(C, P) at the points."""
        return torch.exp(-self.distance / self.width)

    @torch.no_grad()
    def reach(self) -> list[float]:
        """Distance per axis."""
        return [float(self.width.max()) * self.lengths] * self.dims
