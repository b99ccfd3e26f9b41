"""The mean of a number over seeds, and how well it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import mean, stdev


@dataclass(frozen=True)
class Estimate:
    """The values of a number, one for each seed; printed as their mean ± half of its 95 % interval.

    Attributes:
        values: the values, at least one.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return mean(self.values)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The interval that holds the mean over all seeds with this confidence, by Student's t.

        Raises:
            ValueError: there is one value only.
        """
        half = self.half(confidence)
        return self.mean - half, self.mean + half

    def half(self, confidence: float = 0.95) -> float:
        """Half of the interval's width; errors as `interval`."""
        from scipy.stats import t

        if len(self.values) < 2:
            raise ValueError("an interval needs two seeds or more; train again with seeds=5, say")
        free = len(self.values) - 1
        return float(t.ppf((1 + confidence) / 2, free)) * stdev(self.values) / math.sqrt(len(self.values))

    def __str__(self) -> str:
        return f"{self.mean:.4f}" + (f" ± {self.half():.4f}" if len(self.values) > 1 else "")
