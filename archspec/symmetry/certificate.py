"""What was measured of a network's symmetry, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from archspec.geometry.groups import Group
from archspec.graph.graph import Graph

EXACT, APPROXIMATE = 1e-4, 0.3
Verdict = Literal["exact", "approximate", "broken"]


@dataclass(frozen=True)
class Certificate:
    """Relative errors of a network under a group, the largest of several examples.

    Attributes:
        group: its elements are what moves the examples.
        features: for each element, at the last map before the head; an invariant head hides what happens before it.
        output: for each element, of the answer.
        held: whether the architecture's types keep the group up to the head.
        breaks: path of the first node where the symmetry is lost; None unless it is.
    """

    group: Group
    features: tuple[float, ...]
    output: tuple[float, ...]
    held: bool
    breaks: str | None = None

    @property
    def error(self) -> float:
        """The largest of all."""
        return max(*self.features, *self.output)

    @property
    def verdict(self) -> Verdict:
        """`exact` below an error of 1e-4; `approximate` below 0.3 where the types keep the group; else `broken`."""
        if self.error < EXACT:
            return "exact"
        return "approximate" if self.held and self.error < APPROXIMATE else "broken"

    def __str__(self) -> str:
        where = f", lost at {self.breaks}" if self.breaks else ""
        return f"{self.group} {self.verdict} (features {max(self.features):.1e}, output {max(self.output):.1e}{where})"

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
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
        """What `to_data` wrote."""
        return cls(Group(data["group"]), tuple(data["features"]), tuple(data["output"]), data["held"], data["breaks"])


def largest(graph: Graph) -> Group:
    """The largest group that some node of a network has, in its fibre or, where that was pooled, in its grid."""
    groups = [group for node in graph.nodes.values() for group in (node.signal.group, node.signal.pooled)]
    return max(groups, key=lambda group: group.order)
