"""An architecture trained again from several seeds: its networks, and their test scores with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.estimate import Estimate

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
        return self._estimate(score).mean

    def interval(self, score: str, confidence: float = 0.95) -> tuple[float, float]:
        """The interval that holds the mean of a score over all seeds with this confidence, by Student's t.

        Raises:
            ValueError: there is one seed only.
        """
        return self._estimate(score).interval(confidence)

    def __str__(self) -> str:
        return "\n".join(f"{name}: {self._text(name)}" for name in self.scores[0])

    __repr__ = __str__

    def _text(self, name: str) -> str:
        if len(self.seeds) < 2:
            return f"{self.mean(name):.4f} (1 seed)"
        low, high = self.interval(name)
        return f"{self.mean(name):.4f} (95 %: {low:.4f} … {high:.4f}, {len(self.seeds)} seeds)"

    def _estimate(self, score: str) -> Estimate:
        if score not in self.scores[0]:
            raise ValueError(f"there is no score {score!r}; there are {', '.join(self.scores[0])}")
        return Estimate(tuple(scores[score] for scores in self.scores))
