"""An architecture trained again from several seeds: its networks, and their test scores with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.lowering import Network


@dataclass(frozen=True)
class Retrained:
    """The networks of one architecture from several seeds. Printed, each test score with its interval.

    Attributes:
        seeds: the seeds.
        models: a network for each seed, in evaluation mode.
        scores: test scores by name for each seed.
    """

    seeds: tuple[int, ...]
    models: tuple[Network, ...]
    scores: tuple[dict[str, float], ...]

    def mean(self, score: str) -> float:
        """The mean of a score over the seeds."""
        return mean(self._values(score))

    def interval(self, score: str, confidence: float = 0.95) -> tuple[float, float]:
        """The interval that holds the mean of a score over all seeds with this confidence, by Student's t.

        Raises:
            ValueError: there is one seed only.
        """
        from scipy.stats import t

        values = self._values(score)
        if len(values) < 2:
            raise ValueError("an interval needs two seeds or more; retrain with seeds=range(5)")
        half = float(t.ppf((1 + confidence) / 2, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
        return mean(values) - half, mean(values) + half

    def __str__(self) -> str:
        return "\n".join(f"{name}: {self._text(name)}" for name in self.scores[0])

    def _text(self, name: str) -> str:
        if len(self.seeds) < 2:
            return f"{self.mean(name):.4f} (1 seed)"
        low, high = self.interval(name)
        return f"{self.mean(name):.4f} (95 %: {low:.4f} … {high:.4f}, {len(self.seeds)} seeds)"

    def _values(self, score: str) -> Sequence[float]:
        if score not in self.scores[0]:
            raise ValueError(f"there is no score {score!r}; there are {', '.join(self.scores[0])}")
        return [scores[score] for scores in self.scores]
