"""Which architectures of a space fit together, and why the others do not."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from archspec.architecture import Architecture
from archspec.graph.signal import SignalError
from spaces.space import Space

SAMPLED = 256
_VARYING = re.compile(r"\[[^\]]*\]|\d+")


@dataclass
class Fitting:
    """What a sample of a space has shown.

    Attributes:
        examined: number of architectures examined.
        whole: whether these are all of the space.
        fit: those that fit together.
        counts: for each kind of reason, how many do not fit for it.
        reasons: for each kind of reason, the first sentence.
    """

    examined: int = 0
    whole: bool = False
    fit: list[Architecture] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)

    def told(self) -> Iterator[str]:
        """A sentence for each kind of reason, the most frequent first, with how often it was met."""
        for kind, count in self.counts.most_common():
            yield f"{self.reasons[kind]} ({count:,} of {self.examined:,})"


def fitting(space: Space, most: int = SAMPLED, seed: int = 0) -> Fitting:
    """Examine all architectures of a space, or `most` random ones of a larger space."""
    whole = space.size() <= most
    rng, found = random.Random(seed), Fitting(whole=whole)
    for architecture in space.enumerate() if whole else (space.sample(rng) for _ in range(most)):
        found.examined += 1
        try:
            _ = architecture.graph
        except SignalError as error:
            kind = _VARYING.sub("…", str(error))
            found.counts[kind] += 1
            found.reasons.setdefault(kind, str(error))
        else:
            found.fit.append(architecture)
    return found
