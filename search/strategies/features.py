"""What a model of scores knows of an architecture: the values of its decisions, its costs and its receptive field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from archspec.graph.cost import Cost
from archspec.graph.receptive_field import receptive_field
from archspec.schema.hole import Scalar
from spaces import Space

# Costs whose logarithms are coordinates.
COSTS = ("flops", "params")
# The logarithm of a cost changes by about this over a space: by a factor of 30.
DECADES = 1.5
# Receptive fields, as shares of the input's extent, change by about this, and are no smaller than this.
DECADES_OF_SHARES, LEAST_SHARE = 0.5, 1e-3
# Number of values whose coordinates are kept; real numbers have any number of them.
MOST_KEPT = 4_096


class Features:
    """Vectors for the fillings of a space.

    Attributes:
        groups: indices of the coordinates that belong to one decision, to one cost, or to the receptive field.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._holes = {parameter.name: parameter.hole for parameter in space.parameters()}
        self._sizes = {name: len(hole.coordinates(hole.first)) for name, hole in self._holes.items()}
        self._cache: dict[tuple[str, type, Scalar | None], Sequence[float]] = {}
        self.groups: list[list[int]] = []
        for size in [*self._sizes.values(), *(1 for _ in COSTS), 1]:
            begin = self.groups[-1][-1] + 1 if self.groups else 0
            self.groups.append(list(range(begin, begin + size)))

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return sum(map(len, self.groups))

    def of(self, values: Mapping[str, Scalar], cost: Cost, receptive_field: float | None = None) -> NDArray[np.float64]:
        """The vector of a filling; a decision that is not active has the coordinates of the middle.

        Args:
            values: its values.
            cost: its cost.
            receptive_field: as a share of the input's extent; worked out, which takes time, if not given.
        """
        found: list[float] = []
        for name in self._holes:
            found += self._coordinates(name, values.get(name))
        known = cost.quantities()
        found += [math.log10(max(known[name], 1)) / DECADES for name in COSTS]
        share = self._receptive_field(values) if receptive_field is None else receptive_field
        # Sums in another order are rounded otherwise.
        return np.array([*found, round(math.log10(max(share, LEAST_SHARE)) / DECADES_OF_SHARES, 9)])

    def flops(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The FLOPs of vectors (n, size): an array (n,)."""
        return np.asarray(10 ** (DECADES * places[:, COSTS.index("flops") - len(COSTS) - 1]))

    def _receptive_field(self, values: Mapping[str, Scalar]) -> float:
        return receptive_field(self._space.fill(values).graph)

    def _coordinates(self, name: str, value: Scalar | None) -> Sequence[float]:
        at = name, type(value), value
        if at not in self._cache:
            size = self._sizes[name]
            inactive = (0.5,) if size == 1 else (0.0,) * size
            found = inactive if value is None else self._holes[name].coordinates(value)
            if len(self._cache) >= MOST_KEPT:
                self._cache.clear()
            self._cache[at] = found
        return self._cache[at]
