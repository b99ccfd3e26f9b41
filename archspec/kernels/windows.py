"""Windows, which limit the extent of a kernel, as data with arithmetic; torch is imported only when lowering."""

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
    """A factor of a kernel's samples that falls to zero away from its centre (causal: from the current step)."""

    family: ClassVar[Kinds] = WINDOWS
    kind: str

    @property
    def shared(self) -> bool:
        """Whether all kernels of a layer have the same window."""
        return True

    @property
    def changes(self) -> bool:
        """Whether it has a width, so that it is not constant on a kernel of one tap either."""
        return False

    @property
    def crops(self) -> bool:
        """Whether it crops the kernel: taps at which it is below a threshold are left out, as its width changes."""
        return False

    @property
    def buckets(self) -> bool:
        """Whether cropped sizes are rounded up to one of four per octave."""
        return False

    @property
    def rim(self) -> float | None:
        """Width of the soft rim of a disc, in grid steps, the same in every direction; None of other windows."""
        return None

    @property
    def per_axis(self) -> tuple[float, ...] | None:
        """A setting with one number for each axis of the grid; None where its settings hold for all axes."""
        return None

    def cropped(self, where: Sampling) -> tuple[int, ...]:
        """Taps per axis of the kernel after cropping at the initial width; empty if nothing is cropped."""
        return ()

    def params(self, where: Sampling, channels: int) -> int:
        """Number of parameters for a layer of that many output channels."""
        return 0

    def spread(self) -> float:
        """Initial half width, in coordinates; at most 1."""
        return 1.0

    def lower(self, where: Sampling, channels: int) -> LearnedWindow | None:
        """A new torch module that computes its factors at the samples; None where they are constant."""
        return None


class Disc(Window):
    """A disc through the outermost taps with a soft rim; required for turns other than quarter turns."""

    kind: Literal["disc"] = "disc"
    softness: float = Field(default=0.5, gt=0, le=4, description="width of the rim, in grid steps")

    @property
    def rim(self) -> float | None:
        return self.softness


class Learned(Window):
    """A window whose width is learned. Taps at which it is below `threshold` are cropped, so cost follows its width."""

    learned: bool = Field(default=True, description="train the width")
    per: Literal["layer", "channel"] = Field(default="layer", description="one for the layer, or for each channel")
    threshold: float = Field(default=0.1, gt=0, lt=1, description="taps at which the window is below it are cropped")
    crop: bool = Field(default=True, description="leave out taps at which the window is below the threshold")
    bucketed: bool = Field(default=True, description="round cropped sizes up to one of four per octave")

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
        """Distance per axis, in coordinates, at which the initial window falls below the threshold."""
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

    Coordinates range from -1 to 1 over `kernel_size`, the largest size it can grow to. The learned parameter is log σ,
    clamped between the width that just reaches the tap next to the centre and the one that fills the kernel. μ is the
    centre, or the current step of a causal kernel.
    """

    kind: Literal["gaussian"] = "gaussian"
    sigma: Width | tuple[Width, ...] = Field(default=0.5, description="initial width, per axis, in coordinates")
    mean: Literal["fixed", "learned"] = Field(default="fixed", description="whether μ is trained too")

    def learns(self) -> frozenset[str]:
        return frozenset(("window",)) if self.mean != "fixed" else super().learns()

    @property
    def per_axis(self) -> tuple[float, ...] | None:
        return self.sigma if isinstance(self.sigma, tuple) else None

    def sigmas(self, where: Sampling) -> tuple[float, ...]:
        """Initial widths per axis, clamped to their bounds."""
        given = self.sigma if isinstance(self.sigma, tuple) else (self.sigma,) * len(where.sizes)
        low, high = self.bounds(where)
        return tuple(min(max(sigma, low), high) for sigma in given)

    def bounds(self, where: Sampling) -> tuple[float, float]:
        """Smallest and largest width: at the threshold on the tap next to the centre; nearly 1 on the outermost tap."""
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
    """exp(-|p|/τ), as in Hyena but with a learned τ; p is measured from the centre (causal: from the current step)."""

    kind: Literal["exponential"] = "exponential"
    decay: Width = Field(default=0.5, description="initial τ, in coordinates; the kernel is 2 long")

    def bounds(self, where: Sampling) -> tuple[float, float]:
        """Smallest and largest τ: at the threshold on the tap next to the centre; nearly 1 on the outermost tap."""
        return 1 / unit(where.sizes) / exponential_reach(self.threshold), (1 + where.causal) / exponential_reach(FULL)

    def begun(self, where: Sampling) -> float:
        """The initial τ, clamped to its bounds."""
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
