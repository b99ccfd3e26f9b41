"""The certificate: equivariance errors of a network, element by element, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from archspec.geometry.groups import Group
from archspec.graph.graph import Graph

EXACT, APPROXIMATE = 1e-4, 0.3
Verdict = Literal["exact", "approximate", "broken"]


@dataclass(frozen=True)
class Certificate:
    """Relative equivariance errors of a network under a group, each the largest over several examples.

    Attributes:
        group: the group whose elements move the examples.
        features: for each element, the error of the last feature map before the head, since an invariant head can hide
            errors before it.
        output: for each element, the error of the output.
        held: whether by the signals of the graph the features are equivariant under the group up to the head.
        breaks: path of the first node at which the symmetry is lost; None if it is not.
    """

    group: Group
    features: tuple[float, ...]
    output: tuple[float, ...]
    held: bool
    breaks: str | None = None

    @property
    def error(self) -> float:
        """The largest of all errors."""
        return max(*self.features, *self.output)

    @property
    def verdict(self) -> Verdict:
        """`exact` if the error is below 1e-4; `approximate` if it is below 0.3 and `held`; otherwise `broken`."""
        if self.error < EXACT:
            return "exact"
        return "approximate" if self.held and self.error < APPROXIMATE else "broken"

    def __str__(self) -> str:
        where = f", lost at {self.breaks}" if self.breaks else ""
        return f"{self.group} {self.verdict} (features {max(self.features):.1e}, output {max(self.output):.1e}{where})"

    def to_data(self) -> dict[str, Any]:
        """The certificate as plain JSON-ready data."""
        return {
            "group": str(self.group),
            "verdict": self.verdict,
            "features": [float(f"{e:.3e}") for e in self.features],
            "output": [float(f"{e:.3e}") for e in self.output],
            "held": self.held,
            "breaks": self.breaks,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The certificate that `to_data` returned as `data`."""
        features, output = ([math.nan if e is None else e for e in data[name]] for name in ("features", "output"))
        return cls(Group(data["group"]), tuple(features), tuple(output), data["held"], data["breaks"])


def largest(graph: Graph) -> Group:
    """The largest group of any signal in a graph: of its fibre or, once pooled, of its grid."""
    groups = [group for node in graph.nodes.values() for group in (node.signal.group, node.signal.pooled)]
    return max(groups, key=lambda group: group.order)
