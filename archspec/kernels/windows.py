"""What limits a kernel's extent. Schema and arithmetic; torch only when lowered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from archspec.geometry.cropping import FULL, cropped_taps, exponential_reach, gaussian_reach, unit
from archspec.geometry.sampling import Sampling
from archspec.schema.kinds import Kinds
from archspec.schema.model import Model

if TYPE_CHECKING:
    from archspec.layers.windows import LearnedWindow

Width = Annotated[float, Field(gt=0, le=100)]


WINDOWS = Kinds("archsearch.windows", "window")


class Window(Model):
    """What multiplies a kernel's samples and falls to zero away from its centre (causal: from the current step)."""

    family: ClassVar[Kinds] = WINDOWS
    kind: str

    @property
    def shared(self) -> bool:
        """Whether all kernels of a layer have the same."""
        return True

    @property
    def changes(self) -> bool:
        """Whether its width is its own to choose, so that a kernel of one tap may be another by it."""
        return False

    @property
    def crops(self) -> bool:
        """Whether taps that it presses below a threshold are left out, as its width goes."""
        return False

    @property
    def buckets(self) -> bool:
        """Whether the sizes that it crops to are rounded up to one of four an octave."""
        return False

    @property
    def rim(self) -> float | None:
        """Width of the soft rim of a disc, in grid steps, the same in every direction; None of other windows."""
        return None

    @property
    def per_axis(self) -> tuple[float, ...] | None:
        """Numbers of which it needs one for each axis of the grid; None where it does not."""
        return None

    def cropped(self, where: Sampling) -> tuple[int, ...]:
        """Taps per axis that it leaves as it begins; empty where it leaves all."""
        return ()

    def params(self, where: Sampling, channels: int) -> int:
        """Number of parameters, for a layer of that many output channels."""
        return 0

    def spread(self) -> float:
        """Its half width as it begins, in coordinates; at most 1."""
        return 1.0

    def lower(self, where: Sampling, channels: int) -> LearnedWindow | None:
        """The module that makes its factors; None where they never change."""
        return None


class Disc(Window):
    """A disc through the outermost taps with a soft rim: what turns other than quarter turns need."""

    kind: Literal["disc"] = "disc"
    softness: float = Field(default=0.5, gt=0, le=4, description="width of the rim, in grid steps")

    @property
    def rim(self) -> float | None:
        return self.softness


class Learned(Window):
    """A window whose width is learned; taps it presses below `threshold` are cropped, so cost follows its size."""

    learned: bool = Field(default=True, description="train the width")
    per: Literal["layer", "channel"] = Field(default="layer", description="one for the layer, or for each channel")
    threshold: float = Field(default=0.1, gt=0, lt=1, description="taps where the window is below it are cropped")
    crop: bool = Field(default=True, description="leave out what lies below the threshold")
    bucketed: bool = Field(default=True, description="round cropped sizes up to one of four an octave")

    @property
    def shared(self) -> bool:
        return self.per == "layer"

    @property
    def changes(self) -> bool:
        return True

    @property
    def crops(self) -> bool:
        return self.crop

    @property
    def buckets(self) -> bool:
        return self.bucketed

    def learns(self) -> frozenset[str]:
        return frozenset(("window",)) if self.learned is not False else frozenset()

    def reach(self, where: Sampling) -> tuple[float, ...]:
        """Distance per axis at which it begins to fall below the threshold, in coordinates."""
        raise AssertionError

    def cropped(self, where: Sampling) -> tuple[int, ...]:
        if not self.crop:
            return ()
        return tuple(
            cropped_taps(size, unit(where.sizes), reach, where.causal, self.bucketed)
            for size, reach in zip(where.sizes, self.reach(where), strict=True)
        )


class Gaussian(Learned):
    """exp(-½ Σ_d ((p_d - μ_d)/σ_d)²), the window of FlexConv (Romero et al. 2022, arXiv 2110.08059, section 3.1).

    Coordinates reach from -1 to 1 over `kernel_size`, the largest size it can grow to. What is learned is log σ, kept
    between reaching the first neighbour and filling the kernel. Causal, μ is at the current step.
    """

    kind: Literal["gaussian"] = "gaussian"
    sigma: Width | tuple[Width, ...] = Field(default=0.5, description="width it begins with, per axis")
    mean: Literal["fixed", "learned"] = Field(default="fixed", description="whether its place is trained too")

    def learns(self) -> frozenset[str]:
        return frozenset(("window",)) if self.mean != "fixed" else super().learns()

    @property
    def per_axis(self) -> tuple[float, ...] | None:
        return self.sigma if isinstance(self.sigma, tuple) else None

    def sigmas(self, where: Sampling) -> tuple[float, ...]:
        """Widths per axis, within their bounds."""
        given = self.sigma if isinstance(self.sigma, tuple) else (self.sigma,) * len(where.sizes)
        low, high = self.bounds(where)
        return tuple(min(max(sigma, low), high) for sigma in given)

    def bounds(self, where: Sampling) -> tuple[float, float]:
        """Least and largest width: the first neighbour at the threshold, the outermost tap at nearly 1."""
        return 1 / unit(where.sizes) / gaussian_reach(self.threshold), (1 + where.causal) / gaussian_reach(FULL)

    def reach(self, where: Sampling) -> tuple[float, ...]:
        return tuple(gaussian_reach(self.threshold) * sigma for sigma in self.sigmas(where))

    def spread(self) -> float:
        widest = max(self.sigma) if isinstance(self.sigma, tuple) else self.sigma
        return min(1.0, 1.667 * widest)

    def params(self, where: Sampling, channels: int) -> int:
        each = len(where.sizes) * (channels if self.per == "channel" else 1)
        return each * (self.learned + (self.mean == "learned"))

    def lower(self, where: Sampling, channels: int) -> LearnedWindow:
        from archspec.layers.windows import Gaussian as Layer

        return Layer(
            self.sigmas(where),
            self.bounds(where),
            where.causal,
            self.learned,
            self.mean == "learned",
            channels if self.per == "channel" else 1,
            where.rows,
            gaussian_reach(self.threshold),
        )


class Exponential(Learned):
    """exp(-|p|/τ), from the centre or, causal, from the current step: as in Hyena, with τ learned, as log τ."""

    kind: Literal["exponential"] = "exponential"
    decay: Width = Field(default=0.5, description="length τ it begins with; the kernel is two long")

    def bounds(self, where: Sampling) -> tuple[float, float]:
        """Least and largest length: the first neighbour at the threshold, the outermost tap at nearly 1."""
        return 1 / unit(where.sizes) / exponential_reach(self.threshold), (1 + where.causal) / exponential_reach(FULL)

    def begun(self, where: Sampling) -> float:
        """The length it begins with, within its bounds."""
        low, high = self.bounds(where)
        return min(max(self.decay, low), high)

    def reach(self, where: Sampling) -> tuple[float, ...]:
        return (exponential_reach(self.threshold) * self.begun(where),) * len(where.sizes)

    def spread(self) -> float:
        return min(1.0, 2 * self.decay)

    def params(self, where: Sampling, channels: int) -> int:
        return (channels if self.per == "channel" else 1) * self.learned

    def lower(self, where: Sampling, channels: int) -> LearnedWindow:
        from archspec.layers.windows import Exponential as Layer

        return Layer(
            self.begun(where),
            self.bounds(where),
            where.causal,
            len(where.sizes),
            self.learned,
            channels if self.per == "channel" else 1,
            where.rows,
            exponential_reach(self.threshold),
        )


AnyWindow = Annotated[Window, WINDOWS]
WINDOWS.write_out(Disc, Gaussian, Exponential)
